import { lengthOf, sliceOf } from '../../../../core/iscsi/pdu.js';

/** A stretch of what a client reads, which one part has without a gap. In bytes. */
export interface Stretch {
  /** Where it belongs in what the client reads. */
  readonly at: number;
  readonly bytes: number;
}

interface Filled extends Stretch {
  readonly pieces: Uint8Array[];
  filled: number;
  taken: number;
}

interface Cursor {
  readonly stretches: readonly Filled[];
  nth: number;
}

/** What a client reads, put together from what parts read: each of these in its order, all of it in the client's. */
export class ReadData {
  /** By part of the read. */
  readonly #cursors: readonly Cursor[];
  /** In the client's order. */
  readonly #all: readonly Filled[];
  #first = 0;

  constructor(parts: readonly (readonly Stretch[])[]) {
    this.#cursors = parts.map((stretches) => ({
      stretches: stretches.map((each) => ({ ...each, pieces: [], filled: 0, taken: 0 })),
      nth: 0,
    }));
    this.#all = this.#cursors.flatMap(({ stretches }) => stretches).sort((a, b) => a.at - b.at);
  }

  /** The next that a part has read. False: that is more than it should. */
  add(part: number, data: readonly Uint8Array[]): boolean {
    const cursor = this.#cursors[part]!;
    const length = lengthOf(data);
    let at = 0;
    while (at < length) {
      const into = cursor.stretches[cursor.nth];
      if (into === undefined) return false;
      const to = Math.min(length, at + into.bytes - into.filled);
      into.pieces.push(...sliceOf(data, at, to));
      into.filled += to - at;
      if (into.filled === into.bytes) cursor.nth += 1;
      at = to;
    }
    return true;
  }

  /** All of what that part reads is here. */
  isWhole(part: number): boolean {
    const { nth, stretches } = this.#cursors[part]!;
    return nth === stretches.length;
  }

  /** What comes next for the client, up to `max` bytes of it; empty: it is not here yet, or there is no more. */
  take(max: number): Uint8Array[] {
    const found: Uint8Array[] = [];
    let left = max;
    for (let from = this.#all[this.#first]; from !== undefined && left > 0;) {
      left -= takeFrom(from, left, found);
      if (from.taken < from.bytes) break;
      this.#first += 1;
      from = this.#all[this.#first];
    }
    return found;
  }
}

/** @returns how many bytes */
function takeFrom(from: Filled, max: number, into: Uint8Array[]): number {
  let taken = 0;
  while (from.pieces.length > 0 && taken < max) {
    const piece = from.pieces[0]!;
    const part = piece.subarray(0, max - taken);
    into.push(part);
    taken += part.length;
    if (part.length === piece.length) from.pieces.shift();
    else from.pieces[0] = piece.subarray(part.length);
  }
  from.taken += taken;
  return taken;
}
