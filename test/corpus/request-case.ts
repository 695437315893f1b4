import type { FAULTS } from '../../core/net/http/fault.js';

/**
 * One connection of a client, and what must become of it. Written by us, by the classes of published attacks and by the
 * rules of RFC 9110, 9112 and 3986; nothing is copied.
 */
export interface RequestCase {
  readonly name: string;
  /** All that the client sends, in Latin-1. */
  readonly bytes: string;
  /** What must reach the server, in this order and to the letter: in the form of `StrictRequests`. */
  readonly passed: readonly string[];
  /** What the client is told last, with its connection closed; undefined: everything was passed on. */
  readonly refused?: Refused;
  /** Nothing is refused, and yet the connection is closed after the last answer: the client asked for it. */
  readonly closes?: boolean;
  /** The client sends its FIN behind the bytes. */
  readonly ends?: boolean;
}

/** `noResource`: well-formed, but for nobody; the connection stays. */
export type Refused = keyof typeof FAULTS | 'noResource';

const CRLF = '\r\n';
const HOST = 'Host: a.example';

/** A head, with a good Host line after the first. */
export function head(start: string, ...lines: readonly string[]): string {
  return raw(start, HOST, ...lines);
}

/** A head of just these lines. */
export function raw(...lines: readonly string[]): string {
  return `${lines.join(CRLF)}${CRLF}${CRLF}`;
}

export function get(...lines: readonly string[]): string {
  return head('GET /vol-1/x HTTP/1.1', ...lines);
}

/** A GET of just these lines, its Host line among them or not. */
export function getOnly(...lines: readonly string[]): string {
  return raw('GET /vol-1/x HTTP/1.1', ...lines);
}

export function getOf(target: string): string {
  return head(`GET ${target} HTTP/1.1`);
}

export function post(body: string, ...lines: readonly string[]): string {
  return head('POST /vol-1/x HTTP/1.1', ...lines) + body;
}

/** The last chunk, and no trailers. */
export const LAST = `0${CRLF}${CRLF}`;

/** A POST with a chunked body, which is left to the case. */
export function chunked(body: string): string {
  return post(body, 'Transfer-Encoding: chunked');
}

/** What a server gets of it. */
export function seen(start: string, ...lines: readonly string[]): string {
  return raw(`${start} HTTP/1.1`, 'host: a.example', ...lines);
}

export function seenGet(...lines: readonly string[]): string {
  return seen('GET /vol-1/x', ...lines);
}

export function seenPost(body: string, ...lines: readonly string[]): string {
  return `${seen('POST /vol-1/x', ...lines, `content-length: ${body.length}`)}${body}`;
}

/** The chunks of a body as one; where they were cut is nobody's business. */
export function seenChunked(body: string, trailers = '', ...lines: readonly string[]): string {
  const chunk = body === '' ? '' : `${body.length.toString(16)}${CRLF}${body}${CRLF}`;
  return `${seen('POST /vol-1/x', ...lines, 'transfer-encoding: chunked')}${chunk}0${CRLF}${trailers}${CRLF}`;
}

type Sent = readonly [name: string, bytes: string];
type SentWhole = readonly [...Sent, ...passed: readonly string[]];

export function refused(by: Refused, ...cases: readonly Sent[]): RequestCase[] {
  return cases.map(([name, bytes]) => ({ name, bytes, passed: [], refused: by }));
}

/** Whole and well-formed messages, and what the server gets of each. */
export function passed(...cases: readonly SentWhole[]): RequestCase[] {
  return cases.map(([name, bytes, ...whole]) => ({ name, bytes, passed: whole }));
}

/** The same, and the client has asked for the end of its connection. */
export function passedLast(...cases: readonly SentWhole[]): RequestCase[] {
  return passed(...cases).map((one) => ({ ...one, closes: true }));
}

/** Cut off by the client: nothing whole may come of it. */
export function cutOff(...cases: readonly Sent[]): RequestCase[] {
  return refused('truncated', ...cases).map((one) => ({ ...one, ends: true }));
}
