import { lengthOf, sliceOf } from '../../../core/iscsi/pdu.js';

interface Chunk {
  readonly at: number;
  readonly end: number;
  readonly pieces: readonly Uint8Array[];
}

/** What a client has sent of what it writes with one command, from its beginning on, in pieces as they came. */
export class WriteData {
  readonly #chunks: Chunk[] = [];
  /** Where it was last read from: mostly the next is read next. */
  #last = 0;
  #end = 0;
  #isWhole = true;
  #keptBytes = 0;

  /** So far it came. */
  get end(): number {
    return this.#end;
  }

  get keptBytes(): number {
    return this.#keptBytes;
  }

  /** Nothing of it was dropped. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  add(pieces: readonly Uint8Array[]): void {
    const length = lengthOf(pieces);
    if (length === 0) return;
    const at = this.#end;
    this.#end += length;
    this.#keptBytes += length;
    this.#chunks.push({ at, end: this.#end, pieces });
  }

  slice(from: number, to: number): Uint8Array[] {
    const found: Uint8Array[] = [];
    if ((this.#chunks[this.#last]?.at ?? Infinity) > from) this.#last = 0;
    while ((this.#chunks[this.#last]?.end ?? Infinity) <= from) this.#last += 1;
    for (let nth = this.#last; nth < this.#chunks.length; nth++) {
      const { at, end, pieces } = this.#chunks[nth]!;
      if (at >= to) break;
      if (from <= at && end <= to) found.push(...pieces);
      else found.push(...sliceOf(pieces, from - at, to - at));
    }
    return found;
  }

  /** It cannot be read any more up to there. Returns how many bytes that were. */
  drop(to: number): number {
    let dropped = 0;
    let count = 0;
    while ((this.#chunks[count]?.end ?? Infinity) <= to) {
      const { at, end } = this.#chunks[count]!;
      dropped += end - at;
      count += 1;
    }
    if (count > 0) {
      this.#chunks.splice(0, count);
      this.#last = 0;
      this.#isWhole = false;
      this.#keptBytes -= dropped;
    }
    return dropped;
  }
}
