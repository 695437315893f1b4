import { latin1Bytes } from '../../core/net/http/bytes.js';
import type { HttpFault } from '../../core/net/http/fault.js';
import type { Framing } from '../../core/net/http/framing.js';
import type { HeaderList } from '../../core/net/http/header-list.js';
import type { MessageLimits, MessageSink } from '../../core/net/http/message-reader.js';
import { MESSAGE_LIMITS } from '../../core/net/http/message-reader.js';
import type { RequestHead } from '../../core/net/http/request-head.js';
import { RequestReader } from '../../core/net/http/request-reader.js';
import type { ResponseHead } from '../../core/net/http/response-head.js';
import { ResponseReader } from '../../core/net/http/response-reader.js';

/** What a reader made of some bytes, one line an event; neighbouring parts of a body are one, whatever their cut. */
export type Transcript = readonly string[];

class Writer<Head> implements MessageSink<Head> {
  readonly lines: string[] = [];
  #text = '';
  readonly #describe: (head: Head) => string;

  constructor(describe: (head: Head) => string) {
    this.#describe = describe;
  }

  head(head: Head): void {
    this.lines.push(this.#describe(head));
  }

  body(bytes: Uint8Array): void {
    this.#text += Buffer.from(bytes).toString('latin1');
  }

  end(trailers: HeaderList): void {
    this.flush();
    this.lines.push(trailers.length === 0 ? 'end' : `end ${JSON.stringify(trailers)}`);
  }

  fault(fault: HttpFault): void {
    this.flush();
    this.lines.push(`fault ${fault.status} ${fault.name}`);
  }

  flush(): void {
    if (this.#text !== '') this.lines.push(`body ${JSON.stringify(this.#text)}`);
    this.#text = '';
  }
}

/** Everything the pieces hold is read as requests, one after the other. */
export function requestTranscript(
  pieces: readonly Uint8Array[],
  limits: MessageLimits = MESSAGE_LIMITS,
): Transcript {
  const writer = new Writer(describeRequest);
  const reader = new RequestReader(writer, limits);
  for (const piece of pieces) {
    for (let at = 0; at < piece.length;) at = reader.read(piece, at);
  }
  if (!reader.isBetween) writer.flush();
  return writer.lines;
}

export interface ResponseReading {
  /** Of the request that is answered. */
  readonly method?: string;
  readonly limits?: MessageLimits;
  /** The server closes after the last piece. */
  readonly closes?: boolean;
}

/** One answer is awaited. */
export function responseTranscript(
  pieces: readonly Uint8Array[],
  { method = 'GET', limits = MESSAGE_LIMITS, closes = true }: ResponseReading = {},
): Transcript {
  const writer = new Writer(describeResponse);
  const reader = new ResponseReader(writer, limits);
  reader.expect(method);
  for (const piece of pieces) {
    for (let at = 0; at < piece.length;) at = reader.read(piece, at);
  }
  if (closes) reader.peerEnded();
  else writer.flush();
  return writer.lines;
}

export function describeRequest(head: RequestHead): string {
  const marks = [
    head.keepAlive ? 'keep-alive' : 'close',
    ...(head.expectsContinue ? ['continue'] : []),
    ...(head.isWebSocket ? ['websocket'] : []),
    ...(head.hasUnusualBody ? ['unusual-body'] : []),
    ...(head.connectionNamed.length > 0 ? [`drops ${head.connectionNamed.join(' ')}`] : []),
  ];
  return (
    `${head.method} ${head.path}${head.query} 1.${head.minorVersion} @${head.host} ` +
    `${describeFraming(head.framing)} ${marks.join(' ')} ${JSON.stringify(head.headers)}`
  );
}

export function describeResponse(head: ResponseHead): string {
  const marks = [
    head.keepAlive ? 'keep-alive' : 'close',
    ...(head.isWebSocket ? ['websocket'] : []),
    ...(head.unsentLength === undefined ? [] : [`unsent:${head.unsentLength}`]),
    ...(head.connectionNamed.length > 0 ? [`drops ${head.connectionNamed.join(' ')}`] : []),
  ];
  return (
    `${head.status} "${head.reason}" 1.${head.minorVersion} ` +
    `${describeFraming(head.framing)} ${marks.join(' ')} ${JSON.stringify(head.headers)}`
  );
}

function describeFraming(framing: Framing): string {
  return framing.kind === 'length' ? `length:${framing.length}` : framing.kind;
}

/** The ways in which a corpus case is delivered: whole, byte by byte, and cut in two at every place if it is short. */
export function deliveries(bytes: Uint8Array): Uint8Array[][] {
  const ways = [[bytes], Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))];
  if (bytes.length <= 512) {
    for (let at = 1; at < bytes.length; at++) {
      ways.push([bytes.subarray(0, at), bytes.subarray(at)]);
    }
  }
  return ways;
}

/** The different ones among them, in the order of their first appearance. */
export function distinct(transcripts: readonly Transcript[]): Transcript[] {
  const seen = new Map(transcripts.map((lines) => [JSON.stringify(lines), lines]));
  return [...seen.values()];
}

export function latin1(text: string): Uint8Array {
  return latin1Bytes(text);
}

/** The bytes cut at these places, in any order. */
export function cutAt(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length];
  ends.sort((a, b) => a - b);
  let start = 0;
  return ends.map((end) => {
    const piece = bytes.subarray(start, end);
    start = end;
    return piece;
  });
}
