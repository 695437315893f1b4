import type { RequestCase } from './request-case.js';
import { get, head, passed, post, refused, seen, seenGet } from './request-case.js';

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
