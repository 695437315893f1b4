import type { RequestCase } from './request-case.js';
import {
  CHUNKED_HEAD,
  GOOD,
  GOOD_HEAD,
  H,
  chunked,
  head,
  hosted,
  posted,
  started,
  startedHead,
  withLines,
} from './request-case.js';

/** What is understood, and how. */
export const ACCEPTED: readonly RequestCase[] = [
  ['a plain request', GOOD, [GOOD_HEAD, 'end']],
  ['two requests in one piece', GOOD + GOOD, [GOOD_HEAD, 'end', GOOD_HEAD, 'end']],
  [
    'three requests in one piece',
    GOOD + GOOD + GOOD,
    [GOOD_HEAD, 'end', GOOD_HEAD, 'end', GOOD_HEAD, 'end'],
  ],
  ['one empty line before a request', `\r\n${GOOD}`, [GOOD_HEAD, 'end']],
  ['an empty line between requests', `${GOOD}\r\n${GOOD}`, [GOOD_HEAD, 'end', GOOD_HEAD, 'end']],
  ['a part of a head', 'GET / HTTP/1.1\r\nHos', []],
  ['nothing', '', []],
  [
    'a query',
    started('GET /p?a=1&b[]=2?c HTTP/1.1'),
    [startedHead('GET /p?a=1&b[]=2?c 1.1'), 'end'],
  ],
  ['an empty query', started('GET /p? HTTP/1.1'), [startedHead('GET /p? 1.1'), 'end']],
  [
    'quotes in path and query',
    started('GET /with_"quotes"?foo="bar" HTTP/1.1'),
    [startedHead('GET /with_%22quotes%22?foo="bar" 1.1'), 'end'],
  ],
  [
    'an unknown method in capitals',
    started('VERSION-CONTROL / HTTP/1.1'),
    [startedHead('VERSION-CONTROL / 1.1'), 'end'],
  ],
  [
    'OPTIONS for the server as a whole',
    started('OPTIONS * HTTP/1.1'),
    [startedHead('OPTIONS * 1.1'), 'end'],
  ],
  [
    'an absolute target of the same host',
    started('GET http://A.example/x HTTP/1.1'),
    [startedHead('GET /x 1.1'), 'end'],
  ],
  [
    'an absolute target with the default port',
    started('GET http://a.example:80?q HTTP/1.1'),
    [startedHead('GET /?q 1.1'), 'end'],
  ],
  [
    'an absolute https target',
    `GET https://a.example/ HTTP/1.1\r\nHost: a.example:443\r\n\r\n`,
    ['GET / 1.1 @a.example none keep-alive ["host","a.example:443"]', 'end'],
  ],
  [
    'a host with a port',
    hosted('A.Example:8080'),
    ['GET / 1.1 @a.example none keep-alive ["host","A.Example:8080"]', 'end'],
  ],
  [
    'a host with a final dot',
    hosted('a.example.'),
    ['GET / 1.1 @a.example none keep-alive ["host","a.example."]', 'end'],
  ],
  [
    'an IPv4 host',
    hosted('10.0.0.1'),
    ['GET / 1.1 @10.0.0.1 none keep-alive ["host","10.0.0.1"]', 'end'],
  ],
  [
    'an IPv6 host',
    hosted('[2001:DB8::1]:80'),
    ['GET / 1.1 @2001:db8::1 none keep-alive ["host","[2001:DB8::1]:80"]', 'end'],
  ],
  ['HTTP/1.0 without a host', 'GET / HTTP/1.0\r\n\r\n', ['GET / 1.0 @ none close []', 'end']],
  [
    'HTTP/1.0 that keeps the connection',
    'GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n',
    ['GET / 1.0 @ none keep-alive ["connection","Keep-Alive"]', 'end'],
  ],
  [
    'HTTP/1.0 with an absolute target and no host',
    'GET http://b.example/ HTTP/1.0\r\n\r\n',
    ['GET / 1.0 @b.example none close []', 'end'],
  ],
  [
    'Connection: close',
    withLines('Connection: close\r\n'),
    [head(',"connection","close"', 'none close'), 'end'],
  ],
  [
    'Connection: close among others',
    withLines('Connection: Foo, CLOSE ,,bar\r\n'),
    [head(',"connection","Foo, CLOSE ,,bar"', 'none close drops foo bar'), 'end'],
  ],
  [
    'two Connection headers',
    withLines('Connection: foo\r\nConnection: close\r\n'),
    [head(',"connection","foo","connection","close"', 'none close drops foo'), 'end'],
  ],
  ['a value without a space before it', withLines('X:1\r\n'), [head(',"x","1"'), 'end']],
  ['a value between tabs and spaces', withLines('X: \t a b\t \r\n'), [head(',"x","a b"'), 'end']],
  ['an empty value', withLines('X:\r\nY: \r\n'), [head(',"x","","y",""'), 'end']],
  ['a value with a tab inside', withLines('X: a\tb\r\n'), [head(',"x","a\\tb"'), 'end']],
  [
    'a name of odd token characters',
    withLines("!#$%&'*+-.^_`|~: 1\r\n"),
    [head(',"!#$%&\'*+-.^_`|~","1"'), 'end'],
  ],
  [
    'a name that is a prototype',
    withLines('__proto__: 1\r\nconstructor: 2\r\n'),
    [head(',"__proto__","1","constructor","2"'), 'end'],
  ],
  [
    'headers that repeat',
    withLines('Cookie: a\r\nCookie: b\r\n'),
    [head(',"cookie","a","cookie","b"'), 'end'],
  ],
  [
    'a body of no bytes',
    posted('Content-Length: 0\r\n'),
    [head(',"content-length","0"', 'length:0 keep-alive', 'POST / 1.1'), 'end'],
  ],
  [
    'a body with a length',
    `${posted('Content-Length: 5\r\n')}hello`,
    [head(',"content-length","5"', 'length:5 keep-alive', 'POST / 1.1'), 'body "hello"', 'end'],
  ],
  [
    'a body with a length, then a request',
    `${posted('Content-Length: 5\r\n')}hello${GOOD}`,
    [
      head(',"content-length","5"', 'length:5 keep-alive', 'POST / 1.1'),
      'body "hello"',
      'end',
      GOOD_HEAD,
      'end',
    ],
  ],
  [
    'a length with leading zeros',
    `${posted('Content-Length: 005\r\n')}hello`,
    [head(',"content-length","005"', 'length:5 keep-alive', 'POST / 1.1'), 'body "hello"', 'end'],
  ],
  [
    'GET with a body',
    `${withLines('Content-Length: 2\r\n')}hi${GOOD}`,
    [
      head(',"content-length","2"', 'length:2 keep-alive unusual-body'),
      'body "hi"',
      'end',
      GOOD_HEAD,
      'end',
    ],
  ],
  [
    'a body that looks like a request',
    `${withLines(`Content-Length: ${GOOD.length}\r\n`, 'PUT / HTTP/1.1')}${GOOD}`,
    [
      head(`,"content-length","${GOOD.length}"`, `length:${GOOD.length} keep-alive`, 'PUT / 1.1'),
      `body ${JSON.stringify(GOOD)}`,
      'end',
    ],
  ],
  ['a chunked body', chunked('5\r\nhello\r\n0\r\n\r\n'), [CHUNKED_HEAD, 'body "hello"', 'end']],
  [
    'a chunked body, then a request',
    chunked(`5\r\nhello\r\n0\r\n\r\n${GOOD}`),
    [CHUNKED_HEAD, 'body "hello"', 'end', GOOD_HEAD, 'end'],
  ],
  [
    'chunks in sizes of both cases',
    chunked('a\r\n0123456789\r\nA\r\n0123456789\r\n00\r\n\r\n'),
    [CHUNKED_HEAD, 'body "01234567890123456789"', 'end'],
  ],
  [
    'a chunk of line ends',
    chunked('4\r\n\r\n\r\n\r\n0\r\n\r\n'),
    [CHUNKED_HEAD, 'body "\\r\\n\\r\\n"', 'end'],
  ],
  ['only the last chunk', chunked('0\r\n\r\n'), [CHUNKED_HEAD, 'end']],
  [
    'chunk extensions',
    chunked('5;a=b;c;d="x;\\"y z"\r\nhello\r\n0;e\r\n\r\n'),
    [CHUNKED_HEAD, 'body "hello"', 'end'],
  ],
  [
    'trailers',
    chunked('1\r\nx\r\n0\r\nDigest: abc\r\nX-T:  1 \r\n\r\n'),
    [CHUNKED_HEAD, 'body "x"', 'end ["digest","abc","x-t","1"]'],
  ],
  [
    'Transfer-Encoding in capitals',
    `POST /u HTTP/1.1\r\n${H}TRANSFER-ENCODING: Chunked\r\n\r\n0\r\n\r\n`,
    [
      'POST /u 1.1 @a.example chunked keep-alive ["host","a.example","transfer-encoding","Chunked"]',
      'end',
    ],
  ],
  [
    'Expect: 100-continue',
    `${withLines('Expect: 100-Continue\r\nContent-Length: 1\r\n', 'PUT / HTTP/1.1')}x`,
    [
      head(
        ',"expect","100-Continue","content-length","1"',
        'length:1 keep-alive continue',
        'PUT / 1.1',
      ),
      'body "x"',
      'end',
    ],
  ],
  [
    'Expect without a body',
    withLines('Expect: 100-continue\r\n'),
    [head(',"expect","100-continue"'), 'end'],
  ],
  [
    'Expect in HTTP/1.0',
    withLines('Expect: anything\r\n', 'GET / HTTP/1.0'),
    [head(',"expect","anything"', 'none close', 'GET / 1.0'), 'end'],
  ],
  [
    'a WebSocket upgrade',
    withLines('Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n'),
    [
      head(
        ',"connection","keep-alive, Upgrade","upgrade","WebSocket"',
        'none keep-alive websocket',
      ),
      'end',
    ],
  ],
  [
    'an upgrade to h2c is no upgrade',
    withLines('Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n'),
    [
      head(
        ',"connection","Upgrade, HTTP2-Settings","upgrade","h2c","http2-settings","AA"',
        'none keep-alive drops http2-settings',
      ),
      'end',
    ],
  ],
  [
    'two upgrades are no upgrade',
    withLines('Connection: Upgrade\r\nUpgrade: websocket\r\nUpgrade: h2c\r\n'),
    [head(',"connection","Upgrade","upgrade","websocket","upgrade","h2c"'), 'end'],
  ],
  [
    'Upgrade that Connection does not name',
    withLines('Upgrade: websocket\r\n'),
    [head(',"upgrade","websocket"'), 'end'],
  ],
  [
    'an upgrade with a body is no upgrade',
    `${withLines('Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 1\r\n')}x`,
    [
      head(
        ',"connection","Upgrade","upgrade","websocket","content-length","1"',
        'length:1 keep-alive unusual-body',
      ),
      'body "x"',
      'end',
    ],
  ],
  [
    'an upgrade by POST is no upgrade',
    posted('Connection: Upgrade\r\nUpgrade: websocket\r\n'),
    [head(',"connection","Upgrade","upgrade","websocket"', 'none keep-alive', 'POST / 1.1'), 'end'],
  ],
  [
    'Connection that names content-length',
    `${withLines('Connection: content-length\r\nContent-Length: 1\r\n', 'PUT / HTTP/1.1')}x`,
    [
      head(
        ',"connection","content-length","content-length","1"',
        'length:1 keep-alive drops content-length',
        'PUT / 1.1',
      ),
      'body "x"',
      'end',
    ],
  ],
];
