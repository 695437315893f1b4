import type { Rng } from '../../core/rng.js';
import { chance, integerBelow, pick } from '../../core/rng.js';

/*
 * What clients of a listener may send: valid requests in all their forms, and those that two readers may understand
 * differently. Each has a name of its own (`x-id`). The broken ones have a request behind them that must never be
 * taken for one: its path is `SMUGGLED`.
 */

export const SMUGGLED = '/vol-1/smuggled';

export interface Message {
  readonly id: string;
  /**
   * `valid`: to be answered 200; `broken`: refused, and the connection with it; `cut`: ends in its middle;
   * `damaged`: whatever it came to, nobody is harmed by it.
   */
  readonly kind: 'valid' | 'broken' | 'cut' | 'damaged';
  readonly method: string;
  /** What a valid one carries. */
  readonly body: string;
  /** In Latin-1. */
  readonly text: string;
}

const CRLF = '\r\n';
const METHODS = ['GET', 'GET', 'HEAD', 'POST', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'];
const TARGETS = [
  '/vol-1',
  '/vol-1/',
  '/vol-1/a/b',
  '/vol-1/x?y=z&y',
  '/vol-1/%41%20b',
  '/vol-2/~a;b=c',
];
const EXTRAS = [
  'accept: */*',
  'X-Empty:',
  'x-tab:\ta\t',
  'COOKIE: a=b; c="d"',
  'via: 1.0 fred, 1.1 p.example',
  'x-long: ' + 'v'.repeat(700),
];

/** A connection's messages: some valid ones, and then perhaps one that is not. */
export function messagesOf(rng: Rng, connection: number): Message[] {
  const count = integerBelow(rng, 4);
  const valid = Array.from({ length: count }, (_, at) => validMessage(rng, `${connection}-${at}`));
  const last = `${connection}-${count}`;
  const choice = rng.next();
  if (choice < 0.4) return [...valid, brokenMessage(rng, last)];
  if (choice < 0.5) return [...valid, cutMessage(rng, last)];
  if (choice < 0.65) return [...valid, damagedMessage(rng, last)];
  return [...valid, validMessage(rng, last)];
}

/** In pieces, cut at random places. */
export function piecesOf(rng: Rng, text: string): Buffer[] {
  const bytes = Buffer.from(text, 'latin1');
  const cuts = chance(rng, 0.4) ? [] : [1, 2, 3, 4].map(() => integerBelow(rng, bytes.length + 1));
  const places = [0, ...cuts.sort((a, b) => a - b), bytes.length];
  const pieces = places.slice(1).map((end, at) => bytes.subarray(places[at], end));
  return pieces.filter(({ length }) => length > 0);
}

function validMessage(rng: Rng, id: string): Message {
  const method = pick(rng, METHODS);
  const isAbsolute = chance(rng, 0.1);
  const target = `${isAbsolute ? 'http://host.example' : ''}${pick(rng, TARGETS)}`;
  const extras = chance(rng, 0.5) ? [] : [pick(rng, EXTRAS), pick(rng, EXTRAS)];
  const lines = [
    `${method} ${target} HTTP/1.1`,
    'host: host.example',
    `x-id: ${id}`,
    ...new Set(extras),
  ];
  const hasBody = chance(rng, method === 'POST' || method === 'PUT' ? 0.9 : 0.1);
  const body = hasBody ? 'b'.repeat(integerBelow(rng, pick(rng, [10, 300, 5000]))) : '';
  const lead = chance(rng, 0.05) ? CRLF : '';
  if (!hasBody) return message(lead + headOf(lines));
  if (chance(rng, 0.1)) lines.push('expect: 100-continue');
  if (chance(rng, 0.5)) {
    return message(lead + headOf([...lines, `content-length: ${body.length}`]) + body);
  }
  const coding = chance(rng, 0.5) ? 'Transfer-Encoding: Chunked' : 'transfer-encoding:chunked';
  return message(lead + headOf([...lines, coding]) + chunksOf(rng, body));

  function message(text: string): Message {
    return { id, kind: 'valid', method, body, text };
  }
}

function headOf(lines: readonly string[]): string {
  return lines.join(CRLF) + CRLF + CRLF;
}

function chunksOf(rng: Rng, body: string): string {
  let text = '';
  for (let at = 0; at < body.length;) {
    const size = 1 + integerBelow(rng, body.length - at);
    const zeros = chance(rng, 0.2) ? '00' : '';
    const extension = chance(rng, 0.2) ? ';a=b;c="d"' : '';
    text += `${zeros}${size.toString(16)}${extension}${CRLF}${body.slice(at, at + size)}${CRLF}`;
    at += size;
  }
  return `${text}0${CRLF}${chance(rng, 0.2) ? `x-trailer: t${CRLF}` : ''}${CRLF}`;
}

/** Lines that make a POST with the body `abc` something that must not be passed on. */
const FRAMINGS: readonly string[] = [
  'content-length: 3\r\ntransfer-encoding: chunked',
  'transfer-encoding: chunked\r\ncontent-length: 3',
  'content-length: 3\r\ncontent-length: 4',
  'content-length: 3, 4',
  'content-length: +3',
  'content-length: -3',
  'content-length: 0x3',
  'content-length: 3 3',
  'content-length: 3a',
  'content-length:',
  'content-length: 99999999999999999999',
  'content-length : 3',
  'transfer-encoding: xchunked',
  'transfer-encoding: chunked, identity',
  'transfer-encoding: identity',
  'transfer-encoding: chunked\r\ntransfer-encoding: chunked',
  'transfer-encoding: chunked\r\ntransfer-encoding: identity',
  'transfer-encoding: gzip, chunked',
  'transfer-encoding : chunked',
  'transfer-encoding:\x0bchunked',
  'transfer-encoding: "chunked"',
  'transfer-encoding:',
  'transfer\x00-encoding: chunked',
  ' transfer-encoding: chunked',
  'x: y\r\n transfer-encoding: chunked',
  'x: y\ntransfer-encoding: chunked\r\ncontent-length: 3',
  'x: y\rtransfer-encoding: chunked\r\ncontent-length: 3',
  'x: \x00\r\ncontent-length: 3',
  'x y: z\r\ncontent-length: 3',
  ': z\r\ncontent-length: 3',
  'no-colon\r\ncontent-length: 3',
  'host: other.example\r\ncontent-length: 3',
  'x: \xe4\r\ncontent-length: 3',
];
const REQUEST_LINES: readonly string[] = [
  'POST /vol-1/x HTTP/1.2',
  'POST /vol-1/x HTTP/2.0',
  'POST /vol-1/x HTTP/1.1 ',
  'POST  /vol-1/x HTTP/1.1',
  'POST /vol-1/x\tHTTP/1.1',
  'POST /vol-1/x http/1.1',
  'POST /vol-1/x',
  'POST /vol-1/a b HTTP/1.1',
  'POST /vol-1/\x00 HTTP/1.1',
  'POST /vol-1/\xff HTTP/1.1',
  'P@ST /vol-1/x HTTP/1.1',
  'POST vol-1/x HTTP/1.1',
  'POST /vol-1/#x HTTP/1.1',
  'CONNECT /vol-1/x HTTP/1.1',
  `POST /vol-1/${'x'.repeat(20_000)} HTTP/1.1`,
];
/** In place of a chunk's size line, its data and its end. */
const CHUNKS: readonly string[] = [
  'g\r\nabc\r\n',
  '3 \r\nabc\r\n0\r\n\r\n',
  '0x3\r\nabc\r\n',
  '-3\r\nabc\r\n',
  '3\nabc\r\n',
  '3\r\nabcd\r\n',
  '3\r\nabc\n0\r\n\r\n',
  '\r\nabc\r\n',
  'fffffffffffffffff\r\nabc\r\n',
  '3;a\nb\r\nabc\r\n',
  `3;${'a'.repeat(20_000)}\r\nabc\r\n`,
  '0\r\nno trailer\r\n\r\n',
  '0\r\nx: y\n\r\n',
];

function brokenMessage(rng: Rng, id: string): Message {
  const behind = headOf([`GET ${SMUGGLED} HTTP/1.1`, 'host: host.example', `x-id: s-${id}`]);
  const start = (line: string, ...lines: string[]): string =>
    headOf([line, 'host: host.example', `x-id: ${id}`, ...lines]);
  const texts = [
    (): string => start('POST /vol-1/x HTTP/1.1', pick(rng, FRAMINGS)) + 'abc' + behind,
    (): string => start(pick(rng, REQUEST_LINES), 'content-length: 3') + 'abc' + behind,
    (): string =>
      start('POST /vol-1/x HTTP/1.1', 'transfer-encoding: chunked') + pick(rng, CHUNKS) + behind,
    (): string => headOf(['POST /vol-1/x HTTP/1.1', `x-id: ${id}`, 'content-length: 0']) + behind,
    (): string => start('GET /vol-1/x HTTP/1.1', ...fill(rng)) + behind,
  ];
  return { id, kind: 'broken', method: 'POST', body: '', text: pick(rng, texts)() };
}

/** Too many lines, or too long ones. */
function fill(rng: Rng): string[] {
  if (chance(rng, 0.5)) return Array.from({ length: 2000 }, (_, at) => `x-${at}: y`);
  return [`x: ${'y'.repeat(100_000)}`];
}

function cutMessage(rng: Rng, id: string): Message {
  const whole = validMessage(rng, id);
  // So that what is left is neither nothing nor whole.
  const least = whole.text.startsWith(CRLF) ? 3 : 1;
  const end = least + integerBelow(rng, whole.text.length - least);
  return { ...whole, kind: 'cut', text: whole.text.slice(0, end) };
}

function damagedMessage(rng: Rng, id: string): Message {
  const whole = validMessage(rng, id);
  let { text } = whole;
  for (let damages = 1 + integerBelow(rng, 3); damages > 0; damages--) {
    // Any word in capitals is a method, but not to every server.
    const least = whole.text.indexOf(' ');
    const at = least + integerBelow(rng, text.length - least);
    const byte = String.fromCharCode(integerBelow(rng, 256));
    const kept = chance(rng, 0.5) ? 1 : 0;
    text = text.slice(0, at) + (chance(rng, 0.7) ? byte : '') + text.slice(at + kept);
  }
  return { ...whole, kind: 'damaged', text };
}
