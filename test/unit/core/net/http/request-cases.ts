/**
 * Raw requests and what must become of them: a fault's name, or how the head is understood (see `http-transcript.ts`) and
 * what follows. `H` stands for a good Host line. Our own cases, by classes of published attacks and of RFC 9110/9112.
 */
export type RequestCase = readonly [
  name: string,
  bytes: string,
  expected: string | readonly string[],
];

const H = 'Host: a.example\r\n';
const GOOD = `GET / HTTP/1.1\r\n${H}\r\n`;
const GOOD_HEAD = 'GET / 1.1 @a.example none keep-alive ["host","a.example"]';

/** A request with these header lines after Host. */
function withLines(lines: string, start = 'GET / HTTP/1.1'): string {
  return `${start}\r\n${H}${lines}\r\n`;
}

function chunked(body: string): string {
  return `POST /u HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n${body}`;
}

const CHUNKED_HEAD =
  'POST /u 1.1 @a.example chunked keep-alive ["host","a.example","transfer-encoding","chunked"]';

/** The head of `withLines` understood, with these fields after Host. */
function head(fields: string, marks = 'none keep-alive', start = 'GET / 1.1'): string {
  return `${start} @a.example ${marks} ["host","a.example"${fields}]`;
}

const accepted: readonly RequestCase[] = [
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
    `GET /p?a=1&b[]=2?c HTTP/1.1\r\n${H}\r\n`,
    ['GET /p?a=1&b[]=2?c 1.1 @a.example none keep-alive ["host","a.example"]', 'end'],
  ],
  [
    'an empty query',
    `GET /p? HTTP/1.1\r\n${H}\r\n`,
    ['GET /p? 1.1 @a.example none keep-alive ["host","a.example"]', 'end'],
  ],
  [
    'quotes in path and query',
    `GET /with_"quotes"?foo="bar" HTTP/1.1\r\n${H}\r\n`,
    ['GET /with_%22quotes%22?foo="bar" 1.1 @a.example none keep-alive ["host","a.example"]', 'end'],
  ],
  [
    'an unknown method in capitals',
    `VERSION-CONTROL / HTTP/1.1\r\n${H}\r\n`,
    ['VERSION-CONTROL / 1.1 @a.example none keep-alive ["host","a.example"]', 'end'],
  ],
  [
    'OPTIONS for the server as a whole',
    `OPTIONS * HTTP/1.1\r\n${H}\r\n`,
    ['OPTIONS * 1.1 @a.example none keep-alive ["host","a.example"]', 'end'],
  ],
  [
    'an absolute target of the same host',
    `GET http://A.example/x HTTP/1.1\r\n${H}\r\n`,
    ['GET /x 1.1 @a.example none keep-alive ["host","a.example"]', 'end'],
  ],
  [
    'an absolute target with the default port',
    `GET http://a.example:80?q HTTP/1.1\r\n${H}\r\n`,
    ['GET /?q 1.1 @a.example none keep-alive ["host","a.example"]', 'end'],
  ],
  [
    'an absolute https target',
    `GET https://a.example/ HTTP/1.1\r\nHost: a.example:443\r\n\r\n`,
    ['GET / 1.1 @a.example none keep-alive ["host","a.example:443"]', 'end'],
  ],
  [
    'a host with a port',
    'GET / HTTP/1.1\r\nHost: A.Example:8080\r\n\r\n',
    ['GET / 1.1 @a.example none keep-alive ["host","A.Example:8080"]', 'end'],
  ],
  [
    'a host with a final dot',
    'GET / HTTP/1.1\r\nHost: a.example.\r\n\r\n',
    ['GET / 1.1 @a.example none keep-alive ["host","a.example."]', 'end'],
  ],
  [
    'an IPv4 host',
    'GET / HTTP/1.1\r\nHost: 10.0.0.1\r\n\r\n',
    ['GET / 1.1 @10.0.0.1 none keep-alive ["host","10.0.0.1"]', 'end'],
  ],
  [
    'an IPv6 host',
    'GET / HTTP/1.1\r\nHost: [2001:DB8::1]:80\r\n\r\n',
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
    withLines('Content-Length: 0\r\n', 'POST / HTTP/1.1'),
    [head(',"content-length","0"', 'length:0 keep-alive', 'POST / 1.1'), 'end'],
  ],
  [
    'a body with a length',
    `${withLines('Content-Length: 5\r\n', 'POST / HTTP/1.1')}hello`,
    [head(',"content-length","5"', 'length:5 keep-alive', 'POST / 1.1'), 'body "hello"', 'end'],
  ],
  [
    'a body with a length, then a request',
    `${withLines('Content-Length: 5\r\n', 'POST / HTTP/1.1')}hello${GOOD}`,
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
    `${withLines('Content-Length: 005\r\n', 'POST / HTTP/1.1')}hello`,
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
    withLines('Connection: Upgrade\r\nUpgrade: websocket\r\n', 'POST / HTTP/1.1'),
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

/** Each begins like a request and is refused; nothing after the fault is read. */
const refused: readonly RequestCase[] = [
  // Framing
  [
    'Content-Length and Transfer-Encoding',
    `${withLines('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', 'POST / HTTP/1.1')}0\r\n\r\n`,
    'lengthWithCoding',
  ],
  [
    'Transfer-Encoding and Content-Length',
    withLines('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', 'POST / HTTP/1.1'),
    'lengthWithCoding',
  ],
  [
    'two equal lengths',
    withLines('Content-Length: 5\r\nContent-Length: 5\r\n', 'POST / HTTP/1.1'),
    'lengthRepeated',
  ],
  [
    'two unequal lengths',
    withLines('Content-Length: 5\r\nContent-Length: 6\r\n', 'POST / HTTP/1.1'),
    'lengthRepeated',
  ],
  ['a list of lengths', withLines('Content-Length: 5, 5\r\n', 'POST / HTTP/1.1'), 'lengthInvalid'],
  [
    'a positive sign before the length',
    withLines('Content-Length: +5\r\n', 'POST / HTTP/1.1'),
    'lengthInvalid',
  ],
  ['a negative length', withLines('Content-Length: -5\r\n', 'POST / HTTP/1.1'), 'lengthInvalid'],
  [
    'a hexadecimal length',
    withLines('Content-Length: 0x5\r\n', 'POST / HTTP/1.1'),
    'lengthInvalid',
  ],
  ['an empty length', withLines('Content-Length: \r\n', 'POST / HTTP/1.1'), 'lengthInvalid'],
  [
    'a length with a fraction',
    withLines('Content-Length: 5.0\r\n', 'POST / HTTP/1.1'),
    'lengthInvalid',
  ],
  [
    'a length with an exponent',
    withLines('Content-Length: 5e1\r\n', 'POST / HTTP/1.1'),
    'lengthInvalid',
  ],
  [
    'a length with a separator',
    withLines('Content-Length: 1_0\r\n', 'POST / HTTP/1.1'),
    'lengthInvalid',
  ],
  [
    'a length with a space inside',
    withLines('Content-Length: 5 5\r\n', 'POST / HTTP/1.1'),
    'lengthInvalid',
  ],
  [
    'a length with a comma after it',
    withLines('Content-Length: 5,\r\n', 'POST / HTTP/1.1'),
    'lengthInvalid',
  ],
  ['a length in quotes', withLines('Content-Length: "5"\r\n', 'POST / HTTP/1.1'), 'lengthInvalid'],
  [
    'a length beyond exact numbers',
    withLines('Content-Length: 9007199254740993\r\n', 'POST / HTTP/1.1'),
    'lengthInvalid',
  ],
  [
    'a length that would wrap 64 bits',
    withLines('Content-Length: 18446744073709551617\r\n', 'POST / HTTP/1.1'),
    'lengthInvalid',
  ],
  [
    'a length of a thousand zeros',
    withLines(`Content-Length: ${'0'.repeat(1000)}5\r\n`, 'POST / HTTP/1.1'),
    'lengthInvalid',
  ],
  [
    'gzip, chunked',
    withLines('Transfer-Encoding: gzip, chunked\r\n', 'POST / HTTP/1.1'),
    'codingRefused',
  ],
  [
    'chunked, identity',
    withLines('Transfer-Encoding: chunked, identity\r\n', 'POST / HTTP/1.1'),
    'codingRefused',
  ],
  [
    'chunked, chunked',
    withLines('Transfer-Encoding: chunked, chunked\r\n', 'POST / HTTP/1.1'),
    'codingRefused',
  ],
  ['identity', withLines('Transfer-Encoding: identity\r\n', 'POST / HTTP/1.1'), 'codingRefused'],
  ['xchunked', withLines('Transfer-Encoding: xchunked\r\n', 'POST / HTTP/1.1'), 'codingRefused'],
  [
    'chunked in quotes',
    withLines('Transfer-Encoding: "chunked"\r\n', 'POST / HTTP/1.1'),
    'codingRefused',
  ],
  [
    'chunked with a parameter',
    withLines('Transfer-Encoding: chunked;q=1\r\n', 'POST / HTTP/1.1'),
    'codingRefused',
  ],
  [
    'chunked with a comma after it',
    withLines('Transfer-Encoding: chunked,\r\n', 'POST / HTTP/1.1'),
    'codingRefused',
  ],
  [
    'a comma before chunked',
    withLines('Transfer-Encoding: ,chunked\r\n', 'POST / HTTP/1.1'),
    'codingRefused',
  ],
  [
    'an empty Transfer-Encoding',
    withLines('Transfer-Encoding:\r\n', 'POST / HTTP/1.1'),
    'codingRefused',
  ],
  [
    'a vertical tab before chunked',
    withLines('Transfer-Encoding: \x0bchunked\r\n', 'POST / HTTP/1.1'),
    'controlCharacter',
  ],
  [
    'two Transfer-Encoding headers',
    withLines('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', 'POST / HTTP/1.1'),
    'codingRepeated',
  ],
  [
    'Transfer-Encoding twice, the second odd',
    withLines('Transfer-Encoding: chunked\r\nTransfer-encoding: x\r\n', 'POST / HTTP/1.1'),
    'codingRepeated',
  ],
  [
    'Transfer-Encoding in HTTP/1.0',
    withLines('Transfer-Encoding: chunked\r\n', 'POST / HTTP/1.0'),
    'codingTooOld',
  ],
  [
    'a space before the colon of Transfer-Encoding',
    withLines('Transfer-Encoding : chunked\r\n', 'POST / HTTP/1.1'),
    'headerNameSpaced',
  ],
  [
    'a tab before the colon of Content-Length',
    withLines('Content-Length\t: 5\r\n', 'POST / HTTP/1.1'),
    'headerNameSpaced',
  ],
  [
    'an underscore in Content_Length',
    withLines('Content_Length: 5\r\n', 'POST / HTTP/1.1'),
    'headerLookalike',
  ],
  [
    'a dot in Transfer.Encoding',
    withLines('Transfer.Encoding: chunked\r\n', 'POST / HTTP/1.1'),
    'headerLookalike',
  ],

  // Lines
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

  // Bytes
  ['NUL in a value', withLines('X: a\0b\r\n'), 'nulByte'],
  ['NUL in a name', withLines('X\0Y: 1\r\n'), 'nulByte'],
  ['NUL in the target', `GET /\0 HTTP/1.1\r\n${H}\r\n`, 'nulByte'],
  ['NUL in the method', `G\0T / HTTP/1.1\r\n${H}\r\n`, 'nulByte'],
  ['NUL after the request', `${GOOD}\0`, [GOOD_HEAD, 'end']],
  ['an escape character in a value', withLines('X: \x1b[0m\r\n'), 'controlCharacter'],
  ['DEL in a value', withLines('X: \x7f\r\n'), 'controlCharacter'],
  ['a form feed in a value', withLines('X: a\x0c\r\n'), 'controlCharacter'],
  ['a byte beyond ASCII in a value', withLines('X: caf\xe9\r\n'), 'eightBitByte'],
  ['a byte beyond ASCII in a name', withLines('X\xe9: 1\r\n'), 'headerNameInvalid'],
  ['a byte beyond ASCII in the path', `GET /caf\xe9 HTTP/1.1\r\n${H}\r\n`, 'eightBitByte'],
  ['a control character in the path', `GET /\x01 HTTP/1.1\r\n${H}\r\n`, 'controlCharacter'],
  ['a tab in the path', `GET /a\tb HTTP/1.1\r\n${H}\r\n`, 'controlCharacter'],
  ['TLS instead of HTTP', '\x16\x03\x01\x02\x00\x01\r\n\r\n', 'methodInvalid'],

  // Names
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

  // Host
  ['no host', 'GET / HTTP/1.1\r\n\r\n', 'hostMissing'],
  ['two hosts', withLines('Host: b.example\r\n'), 'hostRepeated'],
  ['the same host twice', withLines(H), 'hostRepeated'],
  ['two hosts in HTTP/1.0', withLines('Host: b.example\r\n', 'GET / HTTP/1.0'), 'hostRepeated'],
  ['an empty host', 'GET / HTTP/1.1\r\nHost:\r\n\r\n', 'hostInvalid'],
  ['a host with a path and a user', 'GET / HTTP/1.1\r\nHost: a/b@c\r\n\r\n', 'hostInvalid'],
  ['a host with a user', 'GET / HTTP/1.1\r\nHost: u@a.example\r\n\r\n', 'hostInvalid'],
  ['a list of hosts', 'GET / HTTP/1.1\r\nHost: a.example, b.example\r\n\r\n', 'hostInvalid'],
  ['a host with a space', 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n', 'hostInvalid'],
  ['a host with a query', 'GET / HTTP/1.1\r\nHost: a?b\r\n\r\n', 'hostInvalid'],
  ['a host with an escape', 'GET / HTTP/1.1\r\nHost: a%2eexample\r\n\r\n', 'hostInvalid'],
  ['a host with two ports', 'GET / HTTP/1.1\r\nHost: a:80:81\r\n\r\n', 'hostInvalid'],
  ['a port of letters', 'GET / HTTP/1.1\r\nHost: a:b\r\n\r\n', 'hostInvalid'],
  ['a port beyond 65535', 'GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n', 'hostInvalid'],
  ['an empty port', 'GET / HTTP/1.1\r\nHost: a:\r\n\r\n', 'hostInvalid'],
  ['an IPv6 host that is none', 'GET / HTTP/1.1\r\nHost: [::1::2]\r\n\r\n', 'hostInvalid'],
  ['an IPv6 host without its end', 'GET / HTTP/1.1\r\nHost: [::1\r\n\r\n', 'hostInvalid'],
  ['an IPv6 host with a zone', 'GET / HTTP/1.1\r\nHost: [fe80::1%25eth0]\r\n\r\n', 'hostInvalid'],
  ['a bare IPv6 host', 'GET / HTTP/1.1\r\nHost: ::1\r\n\r\n', 'hostInvalid'],
  ['a host of dots', 'GET / HTTP/1.1\r\nHost: ..\r\n\r\n', 'hostInvalid'],
  ['a scheme in the host', 'GET / HTTP/1.1\r\nHost: http://a.example\r\n\r\n', 'hostInvalid'],
  ['a host of 300 characters', `GET / HTTP/1.1\r\nHost: ${'a'.repeat(300)}\r\n\r\n`, 'hostInvalid'],
  [
    'an absolute target of another host',
    `GET http://b.example/ HTTP/1.1\r\n${H}\r\n`,
    'hostMismatch',
  ],
  [
    'an absolute target of another port',
    `GET http://a.example:81/ HTTP/1.1\r\n${H}\r\n`,
    'hostMismatch',
  ],
  [
    'an absolute target with a user',
    `GET http://a.example@b.example/ HTTP/1.1\r\n${H}\r\n`,
    'hostInvalid',
  ],
  ['an absolute target without a host', `GET http:///x HTTP/1.1\r\n${H}\r\n`, 'hostInvalid'],

  // Target
  ['a target that begins with two slashes', `GET //evil/x HTTP/1.1\r\n${H}\r\n`, 'pathDoubleSlash'],
  ['two slashes behind a dot segment', `GET /.//evil HTTP/1.1\r\n${H}\r\n`, 'pathDoubleSlash'],
  ['a fragment', `GET /a#b HTTP/1.1\r\n${H}\r\n`, 'fragment'],
  ['a fragment in the query', `GET /a?b#c HTTP/1.1\r\n${H}\r\n`, 'fragment'],
  ['a relative target', `GET a HTTP/1.1\r\n${H}\r\n`, 'targetInvalid'],
  ['an authority as target', `GET a.example:80 HTTP/1.1\r\n${H}\r\n`, 'targetInvalid'],
  ['the asterisk with GET', `GET * HTTP/1.1\r\n${H}\r\n`, 'targetInvalid'],
  ['another scheme', `GET ftp://a.example/ HTTP/1.1\r\n${H}\r\n`, 'targetInvalid'],
  ['only a query', `GET ?a HTTP/1.1\r\n${H}\r\n`, 'targetInvalid'],
  ['an escaped slash', `GET /a%2fb HTTP/1.1\r\n${H}\r\n`, 'pathEscapeRefused'],
  ['an escaped backslash', `GET /a%5cb HTTP/1.1\r\n${H}\r\n`, 'pathEscapeRefused'],
  ['an escaped NUL', `GET /a%00 HTTP/1.1\r\n${H}\r\n`, 'pathEscapeRefused'],
  ['an overlong slash', `GET /a%c0%afb HTTP/1.1\r\n${H}\r\n`, 'pathEscapeRefused'],
  ['a backslash', `GET /a\\b HTTP/1.1\r\n${H}\r\n`, 'pathBackslash'],
  ['a half escape', `GET /a%2 HTTP/1.1\r\n${H}\r\n`, 'pathEscapeInvalid'],
  ['an escape of no digits', `GET /a%zz HTTP/1.1\r\n${H}\r\n`, 'pathEscapeInvalid'],
  ['an IIS escape', `GET /a%u002f HTTP/1.1\r\n${H}\r\n`, 'pathEscapeInvalid'],
  ['escaped dots', `GET /a/%2e%2e/b HTTP/1.1\r\n${H}\r\n`, 'pathDotsDisguised'],
  ['one escaped dot of two', `GET /a/.%2e/b HTTP/1.1\r\n${H}\r\n`, 'pathDotsDisguised'],
  ['dots with a parameter', `GET /a/..;x=1/b HTTP/1.1\r\n${H}\r\n`, 'pathDotsDisguised'],
  ['dots with an escaped semicolon', `GET /a/..%3b/b HTTP/1.1\r\n${H}\r\n`, 'pathDotsDisguised'],
  ['above the root', `GET /../etc/passwd HTTP/1.1\r\n${H}\r\n`, 'pathAboveRoot'],

  // Request line
  ['HTTP/0.9', 'GET /\r\n\r\n', 'versionMissing'],
  ['HTTP/0.9 by name', `GET / HTTP/0.9\r\n${H}\r\n`, 'versionRefused'],
  ['HTTP/2.0 by name', `GET / HTTP/2.0\r\n${H}\r\n`, 'versionRefused'],
  ['the HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'targetInvalid'],
  ['HTTP/1.2', `GET / HTTP/1.2\r\n${H}\r\n`, 'versionRefused'],
  ['HTTP/1.10', `GET / HTTP/1.10\r\n${H}\r\n`, 'versionInvalid'],
  ['HTTP/01.1', `GET / HTTP/01.1\r\n${H}\r\n`, 'versionInvalid'],
  ['http in small letters', `GET / http/1.1\r\n${H}\r\n`, 'versionInvalid'],
  ['another protocol', `GET / ICE/1.0\r\n${H}\r\n`, 'versionInvalid'],
  ['a comma for the dot', `GET / HTTP/1,1\r\n${H}\r\n`, 'versionInvalid'],
  ['a space after the version', `GET / HTTP/1.1 \r\n${H}\r\n`, 'versionInvalid'],
  ['two spaces after the method', `GET  / HTTP/1.1\r\n${H}\r\n`, 'targetInvalid'],
  ['two spaces before the version', `GET /  HTTP/1.1\r\n${H}\r\n`, 'versionInvalid'],
  ['a tab after the method', `GET\t/ HTTP/1.1\r\n${H}\r\n`, 'methodInvalid'],
  ['a space in the target', `GET /a b HTTP/1.1\r\n${H}\r\n`, 'versionInvalid'],
  ['no target', `GET HTTP/1.1\r\n${H}\r\n`, 'versionMissing'],
  ['a method in small letters', `get / HTTP/1.1\r\n${H}\r\n`, 'methodRefused'],
  ['a method that is no token', `G@T / HTTP/1.1\r\n${H}\r\n`, 'methodInvalid'],
  ['a method of 40 characters', `${'A'.repeat(40)} / HTTP/1.1\r\n${H}\r\n`, 'methodRefused'],
  ['CONNECT', `CONNECT a.example:443 HTTP/1.1\r\n${H}\r\n`, 'methodRefused'],
  ['TRACE', `TRACE / HTTP/1.1\r\n${H}\r\n`, 'methodRefused'],

  // Connection, Expect
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

  // Chunks
  ['no chunk size', chunked('\r\nhello'), [CHUNKED_HEAD, 'fault 400 chunkSizeInvalid']],
  ['a chunk size of no digits', chunked('x\r\n'), [CHUNKED_HEAD, 'fault 400 chunkSizeInvalid']],
  [
    '0x before the chunk size',
    chunked('0x5\r\nhello\r\n0\r\n\r\n'),
    [CHUNKED_HEAD, 'fault 400 chunkSizeInvalid'],
  ],
  [
    'a sign before the chunk size',
    chunked('+5\r\nhello\r\n0\r\n\r\n'),
    [CHUNKED_HEAD, 'fault 400 chunkSizeInvalid'],
  ],
  [
    'a negative chunk size',
    chunked('-5\r\nhello\r\n0\r\n\r\n'),
    [CHUNKED_HEAD, 'fault 400 chunkSizeInvalid'],
  ],
  [
    'a space before the chunk size',
    chunked(' 5\r\nhello\r\n0\r\n\r\n'),
    [CHUNKED_HEAD, 'fault 400 chunkSizeInvalid'],
  ],
  [
    'a space after the chunk size',
    chunked('5 \r\nhello\r\n0\r\n\r\n'),
    [CHUNKED_HEAD, 'fault 400 chunkSizeInvalid'],
  ],
  [
    'a separator in the chunk size',
    chunked('1_0\r\nhello\r\n0\r\n\r\n'),
    [CHUNKED_HEAD, 'fault 400 chunkSizeInvalid'],
  ],
  [
    'a chunk size that would wrap 32 bits',
    chunked('100000005\r\nhello\r\n0\r\n\r\n'),
    [CHUNKED_HEAD, 'fault 400 chunkSizeInvalid'],
  ],
  [
    'a chunk size of many zeros',
    chunked('0000000000000005\r\nhello\r\n0\r\n\r\n'),
    [CHUNKED_HEAD, 'fault 400 chunkSizeInvalid'],
  ],
  [
    'a bare line feed after the chunk size',
    chunked('5\nhello\r\n0\r\n\r\n'),
    [CHUNKED_HEAD, 'fault 400 chunkSizeInvalid'],
  ],
  [
    'a bare carriage return after the chunk size',
    chunked('5\rhello\r\n0\r\n\r\n'),
    [CHUNKED_HEAD, 'fault 400 bareCarriageReturn'],
  ],
  [
    'a bare line feed after chunk data',
    chunked('5\r\nhello\n0\r\n\r\n'),
    [CHUNKED_HEAD, 'body "hello"', 'fault 400 chunkEndInvalid'],
  ],
  [
    'a chunk longer than its size',
    chunked('5\r\nhelloo\r\n0\r\n\r\n'),
    [CHUNKED_HEAD, 'body "hello"', 'fault 400 chunkEndInvalid'],
  ],
  [
    'a chunk shorter than its size',
    chunked('6\r\nhello\r\n0\r\n\r\n'),
    [CHUNKED_HEAD, 'body "hello\\r"', 'fault 400 chunkEndInvalid'],
  ],
  [
    'no line end after chunk data',
    chunked('5\r\nhello0\r\n\r\n'),
    [CHUNKED_HEAD, 'body "hello"', 'fault 400 chunkEndInvalid'],
  ],
  [
    'a bare line feed in a chunk extension',
    chunked('5;a\nhello\r\n0\r\n\r\n'),
    [CHUNKED_HEAD, 'fault 400 bareLineFeed'],
  ],
  [
    'a bare carriage return in a chunk extension',
    chunked('5;a\rb\r\nhello\r\n0\r\n\r\n'),
    [CHUNKED_HEAD, 'fault 400 bareCarriageReturn'],
  ],
  [
    'a chunk extension without a name',
    chunked('5;\r\nhello\r\n0\r\n\r\n'),
    [CHUNKED_HEAD, 'fault 400 chunkExtensionInvalid'],
  ],
  [
    'a space in a chunk extension',
    chunked('5; a=b\r\nhello\r\n0\r\n\r\n'),
    [CHUNKED_HEAD, 'fault 400 chunkExtensionInvalid'],
  ],
  [
    'a chunk extension whose quote does not end',
    chunked('5;a="b\r\nhello\r\n0\r\n\r\n'),
    [CHUNKED_HEAD, 'fault 400 chunkExtensionInvalid'],
  ],
  [
    'NUL in a chunk extension',
    chunked('5;a=\0\r\nhello\r\n0\r\n\r\n'),
    [CHUNKED_HEAD, 'fault 400 chunkExtensionInvalid'],
  ],
  [
    'chunk extensions without end',
    chunked(`5;${'a'.repeat(5000)}\r\nhello\r\n0\r\n\r\n`),
    [CHUNKED_HEAD, 'fault 400 chunkExtensionsTooLarge'],
  ],
  [
    'a trailer that frames',
    chunked('0\r\nContent-Length: 5\r\n\r\n'),
    [CHUNKED_HEAD, 'fault 400 trailerRefused'],
  ],
  [
    'a trailer that routes',
    chunked('0\r\nHost: b\r\n\r\n'),
    [CHUNKED_HEAD, 'fault 400 trailerRefused'],
  ],
  [
    'a trailer that authorises',
    chunked('0\r\nAuthorization: x\r\n\r\n'),
    [CHUNKED_HEAD, 'fault 400 trailerRefused'],
  ],
  [
    'a trailer of our own',
    chunked('0\r\nForeshift_Since: 1.1\r\n\r\n'),
    [CHUNKED_HEAD, 'fault 400 trailerRefused'],
  ],
  [
    'a trailer in disguise',
    chunked('0\r\nTransfer_Encoding: x\r\n\r\n'),
    [CHUNKED_HEAD, 'fault 400 headerLookalike'],
  ],
  [
    'a folded trailer',
    chunked('0\r\nA: 1\r\n b\r\n\r\n'),
    [CHUNKED_HEAD, 'fault 400 headerFolded'],
  ],
  [
    'a trailer without a colon',
    chunked('0\r\nGET / HTTP/1.1\r\n\r\n'),
    [CHUNKED_HEAD, 'fault 400 headerNameInvalid'],
  ],
  [
    'a bare line feed among trailers',
    chunked('0\r\nA: 1\n\r\n'),
    [CHUNKED_HEAD, 'fault 400 bareLineFeed'],
  ],
  [
    'a bare line feed after the last chunk',
    chunked('0\n\n'),
    [CHUNKED_HEAD, 'fault 400 chunkSizeInvalid'],
  ],
  [
    'trailers without end',
    chunked(`0\r\n${'A: 1\r\n'.repeat(2000)}`),
    [CHUNKED_HEAD, 'fault 431 headersTooMany'],
  ],
  [
    'one trailer without end',
    chunked(`0\r\nA: ${'1'.repeat(9000)}`),
    [CHUNKED_HEAD, 'fault 431 trailersTooLarge'],
  ],

  // Sizes
  ['a target beyond its limit', `GET /${'a'.repeat(9000)} HTTP/1.1\r\n${H}\r\n`, 'targetTooLong'],
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

export const REQUEST_CASES: readonly RequestCase[] = [...accepted, ...refused];
