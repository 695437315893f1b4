import type { RequestCase } from './request-case.js';
import {
  chunked,
  get,
  head,
  passed,
  post,
  raw,
  refused,
  seen,
  seenChunked,
  seenGet,
  seenPost,
} from './request-case.js';

function hosted(...lines: readonly string[]): string {
  return raw('GET /vol-1/x HTTP/1.1', ...lines);
}

/** Names of fields: what is no name, and names that only a proxy may set. */
export const NAMES: readonly RequestCase[] = [
  ...refused(
    'headerNameInvalid',
    ['a blank in a name', get('X Y: 1')],
    ['a bracket in a name', get('X[0]: 1')],
    ['a slash in a name', get('X/Y: 1')],
    ['a quote around a name', get('"X": 1')],
    ['a comma in a name', get('X,Y: 1')],
    ['an at sign in a name', get('X@Y: 1')],
    ['a semicolon in a name', get('X;Y: 1')],
    ['an equals sign in a name', get('X=Y: 1')],
    ['a backslash in a name', get('X\\Y: 1')],
    ['a control character in a name', get('X\x01Y: 1')],
    ['a control character before a name', post('abc', '\x0bContent-Length: 3')],
    ['a byte beyond ASCII in a name', get('X\xe4: 1')],
    ['a soft hyphen for a hyphen', post('abc', 'Content\xadLength: 3')],
    ['a no-break space before the colon', post('abc', 'Content-Length\xa0: 3')],
    ['a request line among the fields', get('GET /vol-1/smuggled HTTP/1.1')],
    ['DEL in a name', get('X\x7f: 1')],
  ),
  ...refused(
    'headerNameEmpty',
    ['a colon alone', get(':')],
    ['a colon and a value', get(': x')],
    ['two colons before a length', post('abc', '::Content-Length: 3')],
  ),
  ...refused(
    'headerColonMissing',
    ['a name alone', get('X')],
    ['a length without a colon', post('abc', 'Content-Length')],
  ),
  ...refused(
    'headerNameSpaced',
    ['a blank before the colon', get('X : 1')],
    ['a tab before the colon', get('X\t: 1')],
    ['a blank before the host’s colon', hosted('Host : a.example')],
  ),
  ...passed(
    [
      'every character of a token',
      get("!#$%&'*+-.^_`|~09azAZ: 1"),
      seenGet("!#$%&'*+-.^_`|~09azaz: 1"),
    ],
    [
      'names like prototypes',
      get('__proto__: 1', 'constructor: 2', 'toString: 3'),
      seenGet('__proto__: 1', 'constructor: 2', 'tostring: 3'),
    ],
    ['a colon in a value', get('X: a:b: c'), seenGet('x: a:b: c')],
    ['a colon first in a value', get('X::a'), seenGet('x: :a')],
    ['a name many times', get('X: 1', 'x: 2', 'X: 3'), seenGet('x: 1', 'x: 2', 'x: 3')],
    [
      'fields of the client about other proxies',
      get(
        'X-Forwarded-For: 6.6.6.6',
        'X-Forwarded-Proto: https',
        'X-Forwarded-Host: evil',
        'X-Real-IP: 6.6.6.6',
        'Forwarded: for=6.6.6.6',
      ),
      seenGet(),
    ],
    ['these with underscores', get('X_Forwarded_For: 6.6.6.6', 'X_Real_IP: 6.6.6.6'), seenGet()],
    ['these with dots', get('X.Forwarded.For: 6.6.6.6', 'x.real.ip: 6.6.6.6'), seenGet()],
    [
      'these with a mixture',
      get('X_Forwarded-For: 6.6.6.6', 'X~Forwarded`Proto: https'),
      seenGet(),
    ],
    [
      'fields that only we may set',
      get('Foreshift-Since: 9.9', 'FORESHIFT_RESOURCE: vol-2', 'foreshift.owner: s9'),
      seenGet(),
    ],
    [
      'fields of the connection',
      get(
        'Keep-Alive: 5',
        'Proxy-Connection: keep-alive',
        'Proxy-Authorization: Basic eA==',
        'TE: trailers',
        'Trailer: X',
        'HTTP2-Settings: AA',
      ),
      seenGet(),
    ],
    [
      'fields that Connection names',
      get('Connection: X-A, x-b', 'x-a: 1', 'X-B: 2', 'X-C: 3'),
      seenGet('x-c: 3'),
    ],
    ['fields that Connection names before', get('x-a: 1', 'Connection: x-a'), seenGet()],
    [
      'Connection in two lines',
      get('Connection: x-a', 'x-a: 1', 'Connection: x-b', 'x-b: 2'),
      seenGet(),
    ],
    ['Connection that names a cookie', get('Connection: cookie', 'Cookie: a=b'), seenGet()],
    [
      'Connection that names what we set',
      get('Connection: X-Forwarded-For, Host', 'X: 1'),
      seenGet('x: 1'),
    ],
    ['Connection that names nothing', get('Connection: ,, ,'), seenGet()],
    ['Connection of nothing', get('Connection:'), seenGet()],
    [
      'a field that begins like one of ours',
      get('Forwarded-By: 1', 'Foreshifted: 2'),
      seenGet('forwarded-by: 1', 'foreshifted: 2'),
    ],
    [
      'cookies in two lines',
      get('Cookie: a=b', 'Cookie: c=d'),
      seenGet('cookie: a=b', 'cookie: c=d'),
    ],
  ),
  ...passed(
    ['close among other options', get('Connection: X-A, CLOSE', 'x-a: 1'), seenGet()],
    ['close and keep-alive', get('Connection: keep-alive, close'), seenGet()],
    ['close in the second line', get('Connection: keep-alive', 'Connection: close'), seenGet()],
    [
      'close before a request that must not be read',
      get('Connection: close') + get('x: 1'),
      seenGet(),
    ],
    ['HTTP/1.0', head('GET /vol-1/x HTTP/1.0'), seenGet()],
    [
      'HTTP/1.0 before a request that must not be read',
      head('GET /vol-1/x HTTP/1.0') + get(),
      seenGet(),
    ],
  ).map((one) => ({ ...one, closes: true })),
  ...passed([
    'HTTP/1.0 that stays',
    head('GET /vol-1/x HTTP/1.0', 'Connection: keep-alive'),
    seenGet(),
  ]),
  ...refused(
    'connectionInvalid',
    ['an option that is no token', get('Connection: a/b')],
    ['an option with a parameter', get('Connection: close;a=b')],
    ['an option of two words', get('Connection: keep alive')],
    ['an option in quotes', get('Connection: "close"')],
  ),
  ...refused(
    'expectationRefused',
    ['another expectation', get('Expect: 200-ok')],
    [
      'two expectations',
      post('abc', 'Expect: 100-continue', 'Expect: 100-continue', 'Content-Length: 3'),
    ],
    ['an expectation with a parameter', post('abc', 'Expect: 100-continue;a', 'Content-Length: 3')],
  ),
  ...passed(
    [
      'an expectation that is met',
      post('abc', 'Expect: 100-continue', 'Content-Length: 3'),
      seenPost('abc'),
    ],
    [
      'an expectation in odd case',
      post('abc', 'EXPECT: 100-Continue', 'Content-Length: 3'),
      seenPost('abc'),
    ],
    [
      'an expectation of chunks',
      post('3\r\nabc\r\n0\r\n\r\n', 'Expect: 100-continue', 'Transfer-Encoding: chunked'),
      seenChunked('abc'),
    ],
    ['an expectation without a body', get('Expect: 100-continue'), seenGet()],
    [
      'chunks that announce a trailer',
      post('0\r\nX: 1\r\n\r\n', 'Trailer: X', 'Transfer-Encoding: chunked'),
      seenChunked('', 'x: 1\r\n'),
    ],
  ),
  ...refused('headerFolded', [
    'a trailer that is announced and folded',
    chunked('0\r\nX: 1\r\n\t2\r\n\r\n'),
  ]),
];

/** The Host line: exactly one, and well-formed. */
export const HOSTS: readonly RequestCase[] = [
  ...refused(
    'hostMissing',
    ['no host', hosted('X: 1')],
    ['no host with an absolute target', raw('GET http://a.example/vol-1/x HTTP/1.1', 'X: 1')],
    ['a host in another field', hosted('X-Host: a.example')],
  ),
  ...refused(
    'hostRepeated',
    ['two hosts', hosted('Host: a.example', 'Host: b.example')],
    ['the same host twice', hosted('Host: a.example', 'Host: a.example')],
    ['two hosts far apart', hosted('Host: a.example', 'X: 1', 'host: b.example')],
    ['a host and an empty one', hosted('Host: a.example', 'Host:')],
    ['two hosts in HTTP/1.0', raw('GET /vol-1/x HTTP/1.0', 'Host: a.example', 'Host: b.example')],
  ),
  ...refused(
    'hostInvalid',
    ...[
      '',
      ' ',
      'a.example, b.example',
      'a.example b.example',
      'user@a.example',
      'user:word@a.example',
      'a.example/vol-2',
      'a.example?x',
      'a.example\\b',
      'a.example;b',
      'http://a.example',
      'a%2eexample',
      'a.example:',
      'a.example:80:80',
      'a.example:+80',
      'a.example:0x50',
      'a.example:99999',
      'a.example:8 0',
      '.a.example',
      'a..example',
      '..',
      '"a.example"',
      '[::1',
      '::1',
      '[::1]x',
      '[1.2.3.4]',
      '[::g]',
      '[fe80::1%eth0]',
      'a.example<script>',
      "a.example'",
      'a.example$(id)',
      '*',
    ].map((host): [string, string] => [`a host ${JSON.stringify(host)}`, hosted(`Host: ${host}`)]),
  ),
  ...passed(
    [
      'a host with a port',
      hosted('Host: a.example:8080'),
      raw('GET /vol-1/x HTTP/1.1', 'host: a.example:8080'),
    ],
    [
      'a host in capitals',
      hosted('HOST: A.Example'),
      raw('GET /vol-1/x HTTP/1.1', 'host: A.Example'),
    ],
    [
      'a host with a final dot',
      hosted('Host: a.example.'),
      raw('GET /vol-1/x HTTP/1.1', 'host: a.example.'),
    ],
    ['an IPv4 host', hosted('Host: 10.0.0.1'), raw('GET /vol-1/x HTTP/1.1', 'host: 10.0.0.1')],
    [
      'an IPv6 host',
      hosted('Host: [2001:db8::1]:80'),
      raw('GET /vol-1/x HTTP/1.1', 'host: [2001:db8::1]:80'),
    ],
    ['a host behind other fields', hosted('X: 1', 'Host: a.example'), seenGet('x: 1')],
    [
      'a host with an underscore',
      hosted('Host: a_b.example'),
      raw('GET /vol-1/x HTTP/1.1', 'host: a_b.example'),
    ],
    [
      'an international host',
      hosted('Host: xn--bcher-kva.example'),
      raw('GET /vol-1/x HTTP/1.1', 'host: xn--bcher-kva.example'),
    ],
    [
      'a host on the target and the line',
      raw('GET http://a.example/vol-1/x HTTP/1.1', 'Host: A.EXAMPLE'),
      raw('GET /vol-1/x HTTP/1.1', 'host: A.EXAMPLE'),
    ],
  ),
  ...passed([
    'an absolute target without a host in HTTP/1.0',
    raw('GET http://a.example/vol-1/x HTTP/1.0'),
    seen('GET /vol-1/x'),
  ]).map((one) => ({ ...one, closes: true })),
];

/** Requests to change the protocol: WebSocket alone, and only if everything is in order. */
export const UPGRADES: readonly RequestCase[] = [
  ...passed(
    [
      'h2c',
      get('Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk'),
      seenGet(),
    ],
    ['h2c without its settings', get('Connection: Upgrade', 'Upgrade: h2c'), seenGet()],
    ['TLS', get('Connection: Upgrade', 'Upgrade: TLS/1.0'), seenGet()],
    ['WebSocket that Connection does not name', get('Upgrade: websocket'), seenGet()],
    ['Connection without the protocol', get('Connection: upgrade'), seenGet()],
    ['WebSocket in a list', get('Connection: Upgrade', 'Upgrade: websocket, h2c'), seenGet()],
    ['h2c before WebSocket', get('Connection: Upgrade', 'Upgrade: h2c, websocket'), seenGet()],
    [
      'WebSocket in two lines',
      get('Connection: Upgrade', 'Upgrade: websocket', 'Upgrade: h2c'),
      seenGet(),
    ],
    ['WebSocket with a version', get('Connection: Upgrade', 'Upgrade: websocket/13'), seenGet()],
    ['WebSocket in quotes', get('Connection: Upgrade', 'Upgrade: "websocket"'), seenGet()],
    ['an empty protocol', get('Connection: Upgrade', 'Upgrade:'), seenGet()],
    [
      'WebSocket by POST',
      post('', 'Connection: Upgrade', 'Upgrade: websocket'),
      seen('POST /vol-1/x'),
    ],
    [
      'WebSocket by HEAD',
      head('HEAD /vol-1/x HTTP/1.1', 'Connection: Upgrade', 'Upgrade: websocket'),
      seen('HEAD /vol-1/x'),
    ],
    [
      'WebSocket with a body',
      `${get('Connection: Upgrade', 'Upgrade: websocket', 'Content-Length: 3')}abc`,
      `${seenGet('content-length: 3', 'connection: close')}abc`,
    ],
    [
      'WebSocket with chunks',
      `${get('Connection: Upgrade', 'Upgrade: websocket', 'Transfer-Encoding: chunked')}0\r\n\r\n`,
      `${seenGet('transfer-encoding: chunked', 'connection: close')}0\r\n\r\n`,
    ],
    [
      'WebSocket in HTTP/1.0 that stays',
      head('GET /vol-1/x HTTP/1.0', 'Connection: Upgrade, keep-alive', 'Upgrade: websocket'),
      seenGet(),
    ],
    [
      'a protocol that begins like WebSocket',
      get('Connection: Upgrade', 'Upgrade: websockets'),
      seenGet(),
    ],
    [
      'a request behind h2c',
      get('Connection: Upgrade', 'Upgrade: h2c') + get('x: 1'),
      seenGet(),
      seenGet('x: 1'),
    ],
    [
      'Connection that names the protocol’s fields',
      get('Connection: Upgrade, Upgrade', 'Upgrade: h2c'),
      seenGet(),
    ],
  ),
  ...refused('connectionInvalid', [
    'an upgrade with an odd option',
    get('Connection: Upgrade; x', 'Upgrade: websocket'),
  ]),
  ...refused('headerNameSpaced', [
    'a blank before the colon of Upgrade',
    get('Connection: Upgrade', 'Upgrade : websocket'),
  ]),
  ...refused('lengthWithCoding', [
    'WebSocket with two framings',
    get(
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Content-Length: 0',
      'Transfer-Encoding: chunked',
    ),
  ]),
];
