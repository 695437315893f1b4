/** Raw responses, what was asked for, and what must become of them; the server closes after the bytes. */
export type ResponseCase = readonly [
  name: string,
  bytes: string,
  expected: string | readonly string[],
  method?: string,
];

function ok(lines: string, body = '', start = 'HTTP/1.1 200 OK'): string {
  return `${start}\r\n${lines}\r\n${body}`;
}

const EMPTY = '200 "OK" 1.1 length:0 keep-alive ["content-length","0"]';

export const RESPONSE_CASES: readonly ResponseCase[] = [
  [
    'a body with a length',
    ok('Content-Length: 2\r\n', 'hi'),
    ['200 "OK" 1.1 length:2 keep-alive ["content-length","2"]', 'body "hi"', 'end'],
  ],
  ['no body', ok('Content-Length: 0\r\n'), [EMPTY, 'end']],
  [
    'a chunked body',
    ok('Transfer-Encoding: chunked\r\n', '2\r\nhi\r\n0\r\n\r\n'),
    ['200 "OK" 1.1 chunked keep-alive ["transfer-encoding","chunked"]', 'body "hi"', 'end'],
  ],
  [
    'a body until the connection closes',
    ok('', 'hi'),
    ['200 "OK" 1.1 until-close close []', 'body "hi"', 'end'],
  ],
  [
    'an empty body until the connection closes',
    ok(''),
    ['200 "OK" 1.1 until-close close []', 'end'],
  ],
  [
    'a response without a reason',
    ok('Content-Length: 0\r\n', '', 'HTTP/1.1 200 '),
    ['200 "" 1.1 length:0 keep-alive ["content-length","0"]', 'end'],
  ],
  [
    'a response without the space before its reason',
    ok('Content-Length: 0\r\n', '', 'HTTP/1.1 200'),
    ['200 "" 1.1 length:0 keep-alive ["content-length","0"]', 'end'],
  ],
  [
    'a reason of several words',
    ok('Content-Length: 0\r\n', '', "HTTP/1.1 418 I'm a teapot"),
    ['418 "I\'m a teapot" 1.1 length:0 keep-alive ["content-length","0"]', 'end'],
  ],
  [
    'HTTP/1.0',
    ok('Content-Length: 0\r\n', '', 'HTTP/1.0 200 OK'),
    ['200 "OK" 1.0 length:0 close ["content-length","0"]', 'end'],
  ],
  [
    'HTTP/1.0 that keeps the connection',
    ok('Content-Length: 0\r\nConnection: keep-alive\r\n', '', 'HTTP/1.0 200 OK'),
    ['200 "OK" 1.0 length:0 keep-alive ["content-length","0","connection","keep-alive"]', 'end'],
  ],
  [
    'Connection: close',
    ok('Content-Length: 0\r\nConnection: close\r\n'),
    ['200 "OK" 1.1 length:0 close ["content-length","0","connection","close"]', 'end'],
  ],
  [
    'the answer to HEAD',
    ok('Content-Length: 5\r\n'),
    ['200 "OK" 1.1 none keep-alive unsent:5 ["content-length","5"]', 'end'],
    'HEAD',
  ],
  [
    'the answer to HEAD, chunked',
    ok('Transfer-Encoding: chunked\r\n'),
    ['200 "OK" 1.1 none keep-alive ["transfer-encoding","chunked"]', 'end'],
    'HEAD',
  ],
  [
    '204',
    ok('', '', 'HTTP/1.1 204 No Content'),
    ['204 "No Content" 1.1 none keep-alive []', 'end'],
  ],
  [
    '304 with a length',
    ok('Content-Length: 5\r\n', '', 'HTTP/1.1 304 Not Modified'),
    ['304 "Not Modified" 1.1 none keep-alive unsent:5 ["content-length","5"]', 'end'],
  ],
  [
    '100 before the response',
    `HTTP/1.1 100 Continue\r\n\r\n${ok('Content-Length: 0\r\n')}`,
    ['100 "Continue" 1.1 none keep-alive []', EMPTY, 'end'],
  ],
  [
    '103 with fields before the response',
    `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${ok('Content-Length: 0\r\n')}`,
    ['103 "Early Hints" 1.1 none keep-alive ["link","</a>"]', EMPTY, 'end'],
  ],
  [
    '101 to WebSocket',
    ok('Connection: Upgrade\r\nUpgrade: websocket\r\n', '', 'HTTP/1.1 101 Switching Protocols'),
    [
      '101 "Switching Protocols" 1.1 none close websocket ["connection","Upgrade","upgrade","websocket"]',
      'end',
    ],
  ],
  [
    '101 to something else',
    ok('Connection: Upgrade\r\nUpgrade: h2c\r\n', '', 'HTTP/1.1 101 Switching Protocols'),
    ['101 "Switching Protocols" 1.1 none close ["connection","Upgrade","upgrade","h2c"]', 'end'],
  ],
  [
    'trailers',
    ok('Transfer-Encoding: chunked\r\n', '0\r\nServer-Timing: x\r\n\r\n'),
    [
      '200 "OK" 1.1 chunked keep-alive ["transfer-encoding","chunked"]',
      'end ["server-timing","x"]',
    ],
  ],
  [
    'a Connection header that names fields',
    ok('Content-Length: 0\r\nConnection: X-Secret\r\nX-Secret: 1\r\n'),
    [
      '200 "OK" 1.1 length:0 keep-alive drops x-secret ["content-length","0","connection","X-Secret","x-secret","1"]',
      'end',
    ],
  ],

  ['nothing', '', 'truncated'],
  ['half a head', 'HTTP/1.1 200 OK\r\nContent-', 'truncated'],
  [
    'half a body',
    ok('Content-Length: 5\r\n', 'hel'),
    [
      '200 "OK" 1.1 length:5 keep-alive ["content-length","5"]',
      'body "hel"',
      'fault 502 truncated',
    ],
  ],
  [
    'half a chunk',
    ok('Transfer-Encoding: chunked\r\n', '5\r\nhel'),
    [
      '200 "OK" 1.1 chunked keep-alive ["transfer-encoding","chunked"]',
      'body "hel"',
      'fault 502 truncated',
    ],
  ],
  [
    'no last chunk',
    ok('Transfer-Encoding: chunked\r\n', '2\r\nhi\r\n'),
    [
      '200 "OK" 1.1 chunked keep-alive ["transfer-encoding","chunked"]',
      'body "hi"',
      'fault 502 truncated',
    ],
  ],
  [
    'no empty line after the last chunk',
    ok('Transfer-Encoding: chunked\r\n', '0\r\n'),
    ['200 "OK" 1.1 chunked keep-alive ["transfer-encoding","chunked"]', 'fault 502 truncated'],
  ],
  [
    'only an interim response',
    'HTTP/1.1 100 Continue\r\n\r\n',
    ['100 "Continue" 1.1 none keep-alive []', 'fault 502 truncated'],
  ],
  [
    'interim responses without end',
    'HTTP/1.1 102 Processing\r\n\r\n'.repeat(17),
    [
      ...Array.from({ length: 16 }, () => '102 "Processing" 1.1 none keep-alive []'),
      'fault 502 interimTooMany',
    ],
  ],
  [
    'a second response',
    `${ok('Content-Length: 0\r\n')}${ok('Content-Length: 0\r\n')}`,
    [EMPTY, 'end', 'fault 502 unsolicited'],
  ],
  [
    'a byte after the response',
    `${ok('Content-Length: 0\r\n')}x`,
    [EMPTY, 'end', 'fault 502 unsolicited'],
  ],
  [
    'a body after the answer to HEAD',
    ok('Content-Length: 5\r\n', 'hello'),
    [
      '200 "OK" 1.1 none keep-alive unsent:5 ["content-length","5"]',
      'end',
      'fault 502 unsolicited',
    ],
    'HEAD',
  ],
  [
    'a body after 204',
    ok('Content-Length: 5\r\n', 'hello', 'HTTP/1.1 204 No Content'),
    ['204 "No Content" 1.1 none keep-alive ["content-length","5"]', 'end', 'fault 502 unsolicited'],
  ],
  [
    'Content-Length and Transfer-Encoding',
    ok('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
    'lengthWithCoding',
  ],
  ['two lengths', ok('Content-Length: 5\r\nContent-Length: 5\r\n', 'hello'), 'lengthRepeated'],
  ['a bad length', ok('Content-Length: 5 \x0b\r\n', 'hello'), 'controlCharacter'],
  ['a signed length', ok('Content-Length: +5\r\n', 'hello'), 'lengthInvalid'],
  ['gzip, chunked', ok('Transfer-Encoding: gzip, chunked\r\n'), 'codingRefused'],
  [
    'Transfer-Encoding in HTTP/1.0',
    ok('Transfer-Encoding: chunked\r\n', '0\r\n\r\n', 'HTTP/1.0 200 OK'),
    'codingTooOld',
  ],
  [
    'conflicting framing in the answer to HEAD',
    ok('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n'),
    'lengthWithCoding',
    'HEAD',
  ],
  ['HTTP/2.0 by name', ok('', '', 'HTTP/2.0 200 OK'), 'versionRefused'],
  ['another protocol', ok('', '', 'ICY 200 OK'), 'versionInvalid'],
  ['no status line', '<html>hello</html>\r\n\r\n', 'versionInvalid'],
  ['an empty line before the response', `\r\n${ok('Content-Length: 0\r\n')}`, 'versionInvalid'],
  ['a status of two digits', ok('', '', 'HTTP/1.1 99 X'), 'statusLineInvalid'],
  ['a status of four digits', ok('', '', 'HTTP/1.1 2000 OK'), 'statusLineInvalid'],
  ['a status of 600', ok('', '', 'HTTP/1.1 600 X'), 'statusLineInvalid'],
  ['a status of 000', ok('', '', 'HTTP/1.1 000 X'), 'statusLineInvalid'],
  ['a signed status', ok('', '', 'HTTP/1.1 +20 X'), 'statusLineInvalid'],
  ['two spaces before the status', ok('', '', 'HTTP/1.1  200 OK'), 'statusLineInvalid'],
  ['NUL in the reason', ok('', '', 'HTTP/1.1 200 O\0K'), 'nulByte'],
  ['a reason without end', `HTTP/1.1 200 ${'x'.repeat(1000)}`, 'statusLineTooLong'],
  ['a bare line feed', 'HTTP/1.1 200 OK\nContent-Length: 0\n\n', 'bareLineFeed'],
  ['a folded header', ok('X: a\r\n b\r\n'), 'headerFolded'],
  ['a space before the colon', ok('Content-Length : 5\r\n', 'hello'), 'headerNameSpaced'],
  ['a bare carriage return in a value', ok('X: a\rSet-Cookie: b\r\n'), 'bareCarriageReturn'],
  ['too many headers', ok('X: 1\r\n'.repeat(101)), 'headersTooMany'],
  ['a head without end', ok(`X: ${'1'.repeat(33_000)}\r\n`), 'headTooLarge'],
  [
    'Connection options that are no tokens',
    ok('Connection: a b\r\nContent-Length: 0\r\n'),
    'connectionInvalid',
  ],
];
