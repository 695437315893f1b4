import type { RequestCase } from './request-case.js';
import { badChunks } from './request-case.js';

/** A chunked body’s sizes, extensions, ends and trailers: the head is understood. */
export const CHUNKS: readonly RequestCase[] = [
  ...badChunks(
    '400 chunkSizeInvalid',
    ['no chunk size', '\r\nhello'],
    ['a chunk size of no digits', 'x\r\n'],
    ['0x before the chunk size', '0x5\r\nhello\r\n0\r\n\r\n'],
    ['a sign before the chunk size', '+5\r\nhello\r\n0\r\n\r\n'],
    ['a negative chunk size', '-5\r\nhello\r\n0\r\n\r\n'],
    ['a space before the chunk size', ' 5\r\nhello\r\n0\r\n\r\n'],
    ['a space after the chunk size', '5 \r\nhello\r\n0\r\n\r\n'],
    ['a separator in the chunk size', '1_0\r\nhello\r\n0\r\n\r\n'],
    ['a chunk size that would wrap 32 bits', '100000005\r\nhello\r\n0\r\n\r\n'],
    ['a chunk size of many zeros', '0000000000000005\r\nhello\r\n0\r\n\r\n'],
    ['a bare line feed after the chunk size', '5\nhello\r\n0\r\n\r\n'],
  ),
  ...badChunks('400 bareCarriageReturn', [
    'a bare carriage return after the chunk size',
    '5\rhello\r\n0\r\n\r\n',
  ]),
  ...badChunks(
    '400 chunkEndInvalid',
    ['a bare line feed after chunk data', '5\r\nhello\n0\r\n\r\n', 'body "hello"'],
    ['a chunk longer than its size', '5\r\nhelloo\r\n0\r\n\r\n', 'body "hello"'],
    ['a chunk shorter than its size', '6\r\nhello\r\n0\r\n\r\n', 'body "hello\\r"'],
    ['no line end after chunk data', '5\r\nhello0\r\n\r\n', 'body "hello"'],
  ),
  ...badChunks('400 bareLineFeed', [
    'a bare line feed in a chunk extension',
    '5;a\nhello\r\n0\r\n\r\n',
  ]),
  ...badChunks('400 bareCarriageReturn', [
    'a bare carriage return in a chunk extension',
    '5;a\rb\r\nhello\r\n0\r\n\r\n',
  ]),
  ...badChunks(
    '400 chunkExtensionInvalid',
    ['a chunk extension without a name', '5;\r\nhello\r\n0\r\n\r\n'],
    ['a space in a chunk extension', '5; a=b\r\nhello\r\n0\r\n\r\n'],
    ['a chunk extension whose quote does not end', '5;a="b\r\nhello\r\n0\r\n\r\n'],
    ['NUL in a chunk extension', '5;a=\0\r\nhello\r\n0\r\n\r\n'],
  ),
  ...badChunks('400 chunkExtensionsTooLarge', [
    'chunk extensions without end',
    `5;${'a'.repeat(5000)}\r\nhello\r\n0\r\n\r\n`,
  ]),
  ...badChunks(
    '400 trailerRefused',
    ['a trailer that frames', '0\r\nContent-Length: 5\r\n\r\n'],
    ['a trailer that routes', '0\r\nHost: b\r\n\r\n'],
    ['a trailer that authorises', '0\r\nAuthorization: x\r\n\r\n'],
    ['a trailer of our own', '0\r\nForeshift_Since: 1.1\r\n\r\n'],
  ),
  ...badChunks('400 headerLookalike', [
    'a trailer in disguise',
    '0\r\nTransfer_Encoding: x\r\n\r\n',
  ]),
  ...badChunks('400 headerFolded', ['a folded trailer', '0\r\nA: 1\r\n b\r\n\r\n']),
  ...badChunks('400 headerNameInvalid', [
    'a trailer without a colon',
    '0\r\nGET / HTTP/1.1\r\n\r\n',
  ]),
  ...badChunks('400 bareLineFeed', ['a bare line feed among trailers', '0\r\nA: 1\n\r\n']),
  ...badChunks('400 chunkSizeInvalid', ['a bare line feed after the last chunk', '0\n\n']),
  ...badChunks('431 headersTooMany', ['trailers without end', `0\r\n${'A: 1\r\n'.repeat(2000)}`]),
  ...badChunks('431 trailersTooLarge', ['one trailer without end', `0\r\nA: ${'1'.repeat(9000)}`]),
];
