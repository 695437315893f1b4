import type { BodySink } from './body-sink.js';
import { sliceOf } from './bytes.js';
import { ChunkedReader } from './chunked-reader.js';
import type { HttpFault } from './fault.js';
import { FAULTS } from './fault.js';
import type { Framing } from './framing.js';
import type { HeaderList } from './header-list.js';
import { NO_HEADERS } from './header-list.js';
import type { BodyLimits } from './limits.js';

/** Takes one body out of the bytes of a connection, in any pieces, and never a byte more. */
export class BodyReader {
  readonly #framing: Framing;
  readonly #chunks: ChunkedReader | undefined;
  /** Of the bytes that the framing, or else the limit, leaves. */
  #left: number;
  #isDone: boolean;
  #fault: HttpFault | undefined;

  constructor(framing: Framing, limits: BodyLimits) {
    this.#framing = framing;
    this.#chunks = framing.kind === 'chunked' ? new ChunkedReader(limits) : undefined;
    this.#left = framing.kind === 'length' ? framing.length : limits.bodyBytesMax;
    this.#isDone = framing.kind === 'none' || (framing.kind === 'length' && framing.length === 0);
    if (framing.kind === 'length' && framing.length > limits.bodyBytesMax) {
      this.#fault = FAULTS.bodyTooLarge;
    }
  }

  get isDone(): boolean {
    return this.#chunks?.isDone ?? this.#isDone;
  }

  get fault(): HttpFault | undefined {
    return this.#chunks?.fault ?? this.#fault;
  }

  get trailers(): HeaderList {
    return this.#chunks?.trailers ?? NO_HEADERS;
  }

  /** Reads until the bytes, the body or its validity end; returns where that is. */
  read(bytes: Uint8Array, at: number, sink: BodySink): number {
    if (this.#chunks !== undefined) return this.#chunks.read(bytes, at, sink);
    if (this.#isDone || this.#fault !== undefined || at >= bytes.length) return at;
    return this.#framing.kind === 'length'
      ? this.#readLength(bytes, at, sink)
      : this.#readAll(bytes, at, sink);
  }

  /** The peer sends no more: the end of a body until close, too early for any other. */
  peerEnded(): void {
    if (this.#framing.kind === 'until-close') this.#isDone = true;
    else if (!this.isDone) this.#fault = FAULTS.truncated;
  }

  #readLength(bytes: Uint8Array, at: number, sink: BodySink): number {
    const end = Math.min(bytes.length, at + this.#left);
    this.#left -= end - at;
    this.#isDone = this.#left === 0;
    sink.body(sliceOf(bytes, at, end));
    return end;
  }

  #readAll(bytes: Uint8Array, at: number, sink: BodySink): number {
    this.#left -= bytes.length - at;
    if (this.#left < 0) this.#fault = FAULTS.bodyTooLarge;
    else sink.body(sliceOf(bytes, at, bytes.length));
    return bytes.length;
  }
}
