import type { RequestCase } from './request-case.js';
import {
  chunked,
  get,
  getOf,
  passed,
  post,
  refused,
  seen,
  seenChunked,
  seenGet,
  seenPost,
} from './request-case.js';

/** As many fields, each with a name of its own. */
function fields(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `x-${at}: ${at}`);
}

const LONG = 'v'.repeat(8000);

/** What is just within a limit, and what is beyond it (core/net/http/limits.ts): refused, never cut. */
export const SIZES: readonly RequestCase[] = [
  ...refused(
    'headTooLarge',
    ['a value of 33 KB', get(`X: ${'v'.repeat(33_000)}`)],
    ['a value without end', get(`X: ${'v'.repeat(40_000)}`).slice(0, -4)],
    ['many values of 600 bytes', get(...fields(60).map((field) => field + 'v'.repeat(600)))],
    ['a name of 33 KB', get(`${'n'.repeat(33_000)}: v`)],
    ['a name without end', `GET /vol-1/x HTTP/1.1\r\n${'n'.repeat(33_000)}`],
    ['blanks without end before a value', get(`X:${' '.repeat(33_000)}a`)],
    ['a cookie of 33 KB', get(`Cookie: ${'c=d; '.repeat(6600)}e=f`)],
    ['a length behind 33 KB', post('abc', `X: ${'v'.repeat(33_000)}`, 'Content-Length: 3')],
    [
      'a coding behind 33 KB',
      post('0\r\n\r\n', `X: ${'v'.repeat(33_000)}`, 'Transfer-Encoding: chunked'),
    ],
  ),
  ...refused(
    'headersTooMany',
    ['a field too many', get(...fields(100))],
    ['ten thousand fields', get(...fields(2000))],
    ['the same field too often', get(...Array.from({ length: 100 }, () => 'X: 1'))],
    ['too many cookies', get(...Array.from({ length: 120 }, () => 'Cookie: a=b'))],
    ['a length behind too many fields', post('abc', ...fields(100), 'Content-Length: 3')],
    ['too many trailers', chunked(`0\r\n${fields(33).join('\r\n')}\r\n\r\n`)],
  ),
  ...refused(
    'targetTooLong',
    ['a path of 9 KB', getOf(`/vol-1/${'p'.repeat(9000)}`)],
    ['a query of 9 KB', getOf(`/vol-1/x?${'q'.repeat(9000)}`)],
    ['a path without end', `GET /vol-1/${'p'.repeat(9000)}`],
    ['an absolute target of 9 KB', getOf(`http://a.example/vol-1/${'p'.repeat(9000)}`)],
    ['escapes of 9 KB', getOf(`/vol-1/${'%41'.repeat(3000)}`)],
  ),
  ...refused(
    'methodRefused',
    ['a method of 33 characters', `${'M'.repeat(33)} /vol-1/x HTTP/1.1\r\nHost: a.example\r\n\r\n`],
    ['a method without end', 'M'.repeat(9000)],
  ),
  ...refused(
    'trailersTooLarge',
    ['trailers of 9 KB', chunked(`0\r\nX: ${'t'.repeat(9000)}\r\n\r\n`)],
    ['a trailer without end', chunked(`0\r\nX: ${'t'.repeat(9000)}`)],
  ),
  ...refused(
    'chunkExtensionsTooLarge',
    ['an extension of 5 KB', chunked(`1;${'e'.repeat(5000)}\r\na\r\n0\r\n\r\n`)],
    [
      'extensions of 5 KB together',
      chunked(`${`1;${'e'.repeat(100)}\r\na\r\n`.repeat(50)}0\r\n\r\n`),
    ],
  ),
  ...refused('hostInvalid', [
    'a host of 262 characters',
    `GET /vol-1/x HTTP/1.1\r\nHost: ${'h'.repeat(262)}\r\n\r\n`,
  ]),
  ...refused('connectionInvalid', [
    '33 options of a connection',
    get(
      `Connection: ${fields(33)
        .map((_, at) => `o${at}`)
        .join(', ')}`,
    ),
  ]),
  ...passed(
    ['99 fields', get(...fields(99)), seenGet(...fields(99))],
    [
      'three values of 8 KB',
      get(`A: ${LONG}`, `B: ${LONG}`, `C: ${LONG}`),
      seenGet(`a: ${LONG}`, `b: ${LONG}`, `c: ${LONG}`),
    ],
    [
      'a path of 8,000 bytes',
      getOf(`/vol-1/${'p'.repeat(7993)}`),
      seen(`GET /vol-1/${'p'.repeat(7993)}`),
    ],
    [
      'a query of 8,000 bytes',
      getOf(`/vol-1/x?${'q'.repeat(7990)}`),
      seen(`GET /vol-1/x?${'q'.repeat(7990)}`),
    ],
    [
      'a method of 32 characters',
      `${'M'.repeat(32)} /vol-1/x HTTP/1.1\r\nHost: a.example\r\n\r\n`,
      seen(`${'M'.repeat(32)} /vol-1/x`),
    ],
    [
      'a body of 100 KB',
      post('b'.repeat(100_000), 'Content-Length: 100000'),
      seenPost('b'.repeat(100_000)),
    ],
    [
      'a chunk of 100 KB',
      chunked(`186a0\r\n${'b'.repeat(100_000)}\r\n0\r\n\r\n`),
      seenChunked('b'.repeat(100_000)),
    ],
    [
      '500 chunks of a byte',
      chunked(`${'1\r\na\r\n'.repeat(500)}0\r\n\r\n`),
      seenChunked('a'.repeat(500)),
    ],
    [
      '32 trailers',
      chunked(`0\r\n${fields(32).join('\r\n')}\r\n\r\n`),
      seenChunked('', `${fields(32).join('\r\n')}\r\n`),
    ],
    ['20 requests in one piece', get().repeat(20), ...Array.from({ length: 20 }, () => seenGet())],
  ),
];
