import type { RequestCase } from './request-case.js';
import { posted, withLines } from './request-case.js';

/** Where a body ends: conflicts between the fields that say so, and their odd spellings. */
export const FRAMING: readonly RequestCase[] = [
  [
    'Content-Length and Transfer-Encoding',
    `${posted('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n')}0\r\n\r\n`,
    'lengthWithCoding',
  ],
  [
    'Transfer-Encoding and Content-Length',
    posted('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n'),
    'lengthWithCoding',
  ],
  ['two equal lengths', posted('Content-Length: 5\r\nContent-Length: 5\r\n'), 'lengthRepeated'],
  ['two unequal lengths', posted('Content-Length: 5\r\nContent-Length: 6\r\n'), 'lengthRepeated'],
  ['a list of lengths', posted('Content-Length: 5, 5\r\n'), 'lengthInvalid'],
  ['a positive sign before the length', posted('Content-Length: +5\r\n'), 'lengthInvalid'],
  ['a negative length', posted('Content-Length: -5\r\n'), 'lengthInvalid'],
  ['a hexadecimal length', posted('Content-Length: 0x5\r\n'), 'lengthInvalid'],
  ['an empty length', posted('Content-Length: \r\n'), 'lengthInvalid'],
  ['a length with a fraction', posted('Content-Length: 5.0\r\n'), 'lengthInvalid'],
  ['a length with an exponent', posted('Content-Length: 5e1\r\n'), 'lengthInvalid'],
  ['a length with a separator', posted('Content-Length: 1_0\r\n'), 'lengthInvalid'],
  ['a length with a space inside', posted('Content-Length: 5 5\r\n'), 'lengthInvalid'],
  ['a length with a comma after it', posted('Content-Length: 5,\r\n'), 'lengthInvalid'],
  ['a length in quotes', posted('Content-Length: "5"\r\n'), 'lengthInvalid'],
  [
    'a length beyond exact numbers',
    posted('Content-Length: 9007199254740993\r\n'),
    'lengthInvalid',
  ],
  [
    'a length that would wrap 64 bits',
    posted('Content-Length: 18446744073709551617\r\n'),
    'lengthInvalid',
  ],
  [
    'a length of a thousand zeros',
    posted(`Content-Length: ${'0'.repeat(1000)}5\r\n`),
    'lengthInvalid',
  ],
  ['gzip, chunked', posted('Transfer-Encoding: gzip, chunked\r\n'), 'codingRefused'],
  ['chunked, identity', posted('Transfer-Encoding: chunked, identity\r\n'), 'codingRefused'],
  ['chunked, chunked', posted('Transfer-Encoding: chunked, chunked\r\n'), 'codingRefused'],
  ['identity', posted('Transfer-Encoding: identity\r\n'), 'codingRefused'],
  ['xchunked', posted('Transfer-Encoding: xchunked\r\n'), 'codingRefused'],
  ['chunked in quotes', posted('Transfer-Encoding: "chunked"\r\n'), 'codingRefused'],
  ['chunked with a parameter', posted('Transfer-Encoding: chunked;q=1\r\n'), 'codingRefused'],
  ['chunked with a comma after it', posted('Transfer-Encoding: chunked,\r\n'), 'codingRefused'],
  ['a comma before chunked', posted('Transfer-Encoding: ,chunked\r\n'), 'codingRefused'],
  ['an empty Transfer-Encoding', posted('Transfer-Encoding:\r\n'), 'codingRefused'],
  [
    'a vertical tab before chunked',
    posted('Transfer-Encoding: \x0bchunked\r\n'),
    'controlCharacter',
  ],
  [
    'two Transfer-Encoding headers',
    posted('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n'),
    'codingRepeated',
  ],
  [
    'Transfer-Encoding twice, the second odd',
    posted('Transfer-Encoding: chunked\r\nTransfer-encoding: x\r\n'),
    'codingRepeated',
  ],
  [
    'Transfer-Encoding in HTTP/1.0',
    withLines('Transfer-Encoding: chunked\r\n', 'POST / HTTP/1.0'),
    'codingTooOld',
  ],
  [
    'a space before the colon of Transfer-Encoding',
    posted('Transfer-Encoding : chunked\r\n'),
    'headerNameSpaced',
  ],
  [
    'a tab before the colon of Content-Length',
    posted('Content-Length\t: 5\r\n'),
    'headerNameSpaced',
  ],
  ['an underscore in Content_Length', posted('Content_Length: 5\r\n'), 'headerLookalike'],
  ['a dot in Transfer.Encoding', posted('Transfer.Encoding: chunked\r\n'), 'headerLookalike'],
];
