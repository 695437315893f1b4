import type { RequestCase } from './request-case.js';
import { H, started, withLines } from './request-case.js';

/** Beyond a limit. */
export const SIZES: readonly RequestCase[] = [
  ['a target beyond its limit', started(`GET /${'a'.repeat(9000)} HTTP/1.1`), 'targetTooLong'],
  ['a target without end', `GET /${'a'.repeat(9000)}`, 'targetTooLong'],
  ['a request line of letters only', 'A'.repeat(9000), 'methodRefused'],
  ['a head beyond its limit', withLines(`X: ${'a'.repeat(33_000)}\r\n`), 'headTooLarge'],
  ['a head without end', withLines(`X: ${'a'.repeat(33_000)}`).slice(0, -2), 'headTooLarge'],
  [
    'many small headers beyond the limit of bytes',
    `GET / HTTP/1.1\r\n${H}${`X: ${'a'.repeat(600)}\r\n`.repeat(60)}\r\n`,
    'headTooLarge',
  ],
  ['too many headers', withLines('X: 1\r\n'.repeat(100)), 'headersTooMany'],
];
