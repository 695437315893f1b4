import type { RequestCase } from './request-case.js';
import { withLines } from './request-case.js';

/** What is asked of the connection. */
export const CONNECTION: readonly RequestCase[] = [
  [
    'a Connection option that is no token',
    withLines('Connection: close; x\r\n'),
    'connectionInvalid',
  ],
  [
    'Connection with a hundred options',
    withLines(`Connection: ${Array.from({ length: 100 }, (_, at) => `x${at}`).join(',')}\r\n`),
    'connectionInvalid',
  ],
  ['an unknown expectation', withLines('Expect: 200-ok\r\n'), 'expectationRefused'],
  [
    'two expectations',
    withLines('Expect: 100-continue\r\nExpect: 100-continue\r\n'),
    'expectationRefused',
  ],
];
