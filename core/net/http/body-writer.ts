import { strict as assert } from 'node:assert';
import { latin1Bytes } from './bytes.js';
import type { Framing } from './framing.js';
import { fieldLines } from './head-text.js';
import type { HeaderList } from './header-list.js';
import { NO_HEADERS, keptHeaders } from './header-list.js';
import { isTrailerName } from './own-names.js';

const NOTHING: readonly Uint8Array[] = [];
const CHUNK_END = latin1Bytes('\r\n');
const LAST_CHUNK = latin1Bytes('0\r\n\r\n');
/** Below this, copying a chunk into one piece is cheaper than three writes. */
const COPIED_BYTES_MAX = 4096;

/** Frames the parts of one body as its head promised. */
export class BodyWriter {
  readonly #isChunked: boolean;
  /** Bytes still owed. */
  #left: number;

  constructor(framing: Framing) {
    this.#isChunked = framing.kind === 'chunked';
    this.#left = owed(framing);
  }

  /** What to write for this part of the body. More bytes than promised are a bug: they would be read as a message. */
  part(bytes: Uint8Array): readonly Uint8Array[] {
    this.#owe(bytes.length);
    if (!this.#isChunked) return [bytes];
    // An empty chunk would be the last one.
    if (bytes.length === 0) return [];
    const size = `${bytes.length.toString(16)}\r\n`;
    if (bytes.length > COPIED_BYTES_MAX) return [latin1Bytes(size), bytes, CHUNK_END];
    const chunk = Buffer.allocUnsafe(size.length + bytes.length + CHUNK_END.length);
    chunk.write(size, 'latin1');
    chunk.set(bytes, size.length);
    chunk.set(CHUNK_END, size.length + bytes.length);
    return [chunk];
  }

  /** Writes this part of the body; false: whoever takes it is full. */
  write(bytes: Uint8Array, to: BodyTaker): boolean {
    if (this.#isChunked) {
      let hasRoom = true;
      for (const part of this.part(bytes)) hasRoom = to.write(part);
      return hasRoom;
    }
    this.#owe(bytes.length);
    return to.write(bytes);
  }

  writeEnd(trailers: HeaderList, to: BodyTaker): void {
    for (const part of this.end(trailers)) to.write(part);
  }

  /** What to write after the last part. Trailers go only where there are chunks, and only those that may. */
  end(trailers: HeaderList = NO_HEADERS): readonly Uint8Array[] {
    assert(this.#left === 0 || this.#left === Infinity, 'a body must reach its length');
    if (!this.#isChunked) return NOTHING;
    if (trailers.length === 0) return [LAST_CHUNK];
    return [latin1Bytes(`0\r\n${fieldLines(keptHeaders(trailers, isTrailerName))}\r\n`)];
  }

  /** More bytes than promised would be read as a message. */
  #owe(length: number): void {
    assert(length <= this.#left, 'a body must not outgrow its length');
    this.#left -= length;
  }
}

/** Whoever takes the bytes. */
export interface BodyTaker {
  /** False: full. */
  write(bytes: Uint8Array): boolean;
}

function owed(framing: Framing): number {
  switch (framing.kind) {
    case 'none':
      return 0;
    case 'length':
      return framing.length;
    case 'chunked':
    case 'until-close':
      return Infinity;
  }
}
