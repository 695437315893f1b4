import type { RequestCase } from './request-case.js';
import { GOOD, GOOD_HEAD, H, started, withLines } from './request-case.js';

/** Ends of lines, bytes that no head may have, and names of fields. */
export const LINES: readonly RequestCase[] = [
  ['a bare line feed after the request line', `GET / HTTP/1.1\n${H}\r\n`, 'bareLineFeed'],
  ['bare line feeds throughout', 'GET / HTTP/1.1\nHost: a.example\n\n', 'bareLineFeed'],
  ['a bare line feed after a header', 'GET / HTTP/1.1\r\nHost: a.example\n\r\n', 'bareLineFeed'],
  [
    'a bare line feed in a value',
    withLines('X: a\nTransfer-Encoding: chunked\r\n'),
    'bareLineFeed',
  ],
  ['a bare line feed for the empty line', `GET / HTTP/1.1\r\n${H}\n`, 'bareLineFeed'],
  ['a bare carriage return in a value', withLines('X: a\rb\r\n'), 'bareCarriageReturn'],
  ['a carriage return before the line end', withLines('X: a\r\r\n'), 'bareCarriageReturn'],
  [
    'a bare carriage return after the request line',
    `GET / HTTP/1.1\r${H}\r\n`,
    'bareCarriageReturn',
  ],
  ['a bare carriage return in a name', withLines('X\rY: 1\r\n'), 'bareCarriageReturn'],
  ['a carriage return for a line', withLines('\rX: 1\r\n'), 'bareCarriageReturn'],
  ['two empty lines before a request', `\r\n\r\n${GOOD}`, 'emptyLine'],
  ['a line feed before a request', `\n${GOOD}`, 'bareLineFeed'],
  ['a space before a request', ` ${GOOD}`, 'methodInvalid'],
  ['a header folded with a space', withLines('X: a\r\n b\r\n'), 'headerFolded'],
  ['a header folded with a tab', withLines('X: a\r\n\tb\r\n'), 'headerFolded'],
  ['a fold before the first header', `GET / HTTP/1.1\r\n ${H}\r\n`, 'headerFolded'],
  ['a line of one space', withLines(' \r\n'), 'headerFolded'],

  ['NUL in a value', withLines('X: a\0b\r\n'), 'nulByte'],
  ['NUL in a name', withLines('X\0Y: 1\r\n'), 'nulByte'],
  ['NUL in the target', started('GET /\0 HTTP/1.1'), 'nulByte'],
  ['NUL in the method', started('G\0T / HTTP/1.1'), 'nulByte'],
  ['NUL after the request', `${GOOD}\0`, [GOOD_HEAD, 'end']],
  ['an escape character in a value', withLines('X: \x1b[0m\r\n'), 'controlCharacter'],
  ['DEL in a value', withLines('X: \x7f\r\n'), 'controlCharacter'],
  ['a form feed in a value', withLines('X: a\x0c\r\n'), 'controlCharacter'],
  ['a byte beyond ASCII in a value', withLines('X: caf\xe9\r\n'), 'eightBitByte'],
  ['a byte beyond ASCII in a name', withLines('X\xe9: 1\r\n'), 'headerNameInvalid'],
  ['a byte beyond ASCII in the path', started('GET /caf\xe9 HTTP/1.1'), 'eightBitByte'],
  ['a control character in the path', started('GET /\x01 HTTP/1.1'), 'controlCharacter'],
  ['a tab in the path', started('GET /a\tb HTTP/1.1'), 'controlCharacter'],
  ['TLS instead of HTTP', '\x16\x03\x01\x02\x00\x01\r\n\r\n', 'methodInvalid'],

  ['a header without a name', withLines(': 1\r\n'), 'headerNameEmpty'],
  ['a header without a colon', withLines('X\r\n'), 'headerColonMissing'],
  ['a space in a name', withLines('X Y: 1\r\n'), 'headerNameInvalid'],
  ['a bracket in a name', withLines('X[]: 1\r\n'), 'headerNameInvalid'],
  ['a slash in a name', withLines('X/Y: 1\r\n'), 'headerNameInvalid'],
  ['a quote in a name', withLines('"X": 1\r\n'), 'headerNameInvalid'],
  [
    'a control character before a name',
    withLines('\x0bTransfer-Encoding: chunked\r\n'),
    'headerNameInvalid',
  ],
];
