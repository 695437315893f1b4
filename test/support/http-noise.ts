import type { Rng } from '../../core/rng.js';
import { chance, integerBelow, pick } from '../../core/rng.js';
import { latin1 } from './http-transcript.js';

/* Bytes that nobody means well with: noise, messages with some damage, and messages of hostile pieces. */

const PIECES: readonly string[] = [
  ...['GET ', 'POST ', 'HEAD ', 'OPTIONS ', '/vol-1/x', '/', '//', '/..', '?q', '#', '*'],
  ...['http://a', ' HTTP/1.1', ' HTTP/1.0', 'HTTP/1.1 200 OK\r\n', 'HTTP/1.1 101 S\r\n'],
  ...['HTTP/1.1 100 C\r\n\r\n', 'HTTP/1.1 204 N\r\n', 'HTTP/1.0 200 OK\r\n'],
  ...['\r\n', '\r\n', '\r\n', '\r\n\r\n', '\r\n\r\n', '\r', '\n', ' ', '\t', '\0', '\xff', ':'],
  ...[': ', ';', ',', '=', 'Host: a\r\n', 'Content-Length: 3\r\n', 'Content-Length: 0\r\n'],
  ...['Transfer-Encoding: chunked\r\n', 'Connection: close\r\n', 'Connection: upgrade\r\n'],
  ...[
    'Upgrade: websocket\r\n',
    'Upgrade: h2c\r\n',
    'Expect: 100-continue\r\n',
    'Content_Length: 3\r\n',
  ],
  ...['Foreshift-Since: 1.1\r\n', 'X-Forwarded-For: b\r\n', 'Connection: x\r\n', 'x: y\r\n'],
  ...[
    '3\r\nabc\r\n',
    '0\r\n\r\n',
    '0\r\n',
    'abc',
    'x'.repeat(50),
    '%2e',
    '%41',
    '5;a=b',
    ' x: y\r\n',
  ],
];
const STARTS: readonly string[] = [
  'GET /vol-1/x HTTP/1.1\r\nHost: a\r\n',
  'POST /vol-1/x HTTP/1.1\r\nHost: a\r\n',
  'HTTP/1.1 200 OK\r\n',
  'HTTP/1.1 101 Switching Protocols\r\n',
];

/** By turns of chance: one of these texts with damage, hostile pieces in a row, noise. */
export function noiseOf(rng: Rng, texts: readonly string[]): Uint8Array {
  const choice = rng.next();
  if (choice < 0.6) return damaged(rng, pick(rng, texts));
  if (choice < 0.9) {
    const start = chance(rng, 0.6) ? pick(rng, STARTS) : '';
    const pieces = Array.from({ length: integerBelow(rng, 14) }, () => pick(rng, PIECES));
    return latin1(start + pieces.join(''));
  }
  return Uint8Array.from({ length: integerBelow(rng, 120) }, () => integerBelow(rng, 256));
}

/** Bytes replaced, left out, doubled; pieces put in; a second text spliced on. */
function damaged(rng: Rng, whole: string): Uint8Array {
  let text = whole;
  for (let damages = integerBelow(rng, 4); damages > 0; damages--) {
    const at = integerBelow(rng, text.length + 1);
    const kind = integerBelow(rng, 4);
    const before = text.slice(0, at);
    if (kind === 0)
      text = before + String.fromCharCode(integerBelow(rng, 256)) + text.slice(at + 1);
    else if (kind === 1) text = before + text.slice(at + 1);
    else if (kind === 2) text = before + text.slice(Math.max(0, at - 1));
    else text = before + pick(rng, PIECES) + text.slice(at);
  }
  return latin1(text);
}
