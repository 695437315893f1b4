import type { Block } from '../../../core/net/block.js';
import { lengthOf, sliceOf } from '../../../core/iscsi/pdu.js';

interface Chunk {
  readonly at: number;
  readonly end: number;
  readonly pieces: readonly Uint8Array[];
  readonly block: Block | undefined;
}

/** What may go out as one. */
export interface WrittenPart {
  readonly pieces: readonly Uint8Array[];
  readonly end: number;
  /** In which all of it lies. */
  readonly block: Block | undefined;
}

/** What a client has sent of what it writes with one command, from its beginning on, in pieces as they came. */
export class WriteData {
  readonly #chunks: Chunk[] = [];
  /** Where it was last read from: mostly the next is read next. */
  #last = 0;
  #end = 0;
  #isWhole = true;
  #keptBytes = 0;

  /** What comes before it was dropped. */
  get begin(): number {
    return this.#end - this.#keptBytes;
  }

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

  /** `block`: in which they lie; it is left when they are dropped. */
  add(pieces: readonly Uint8Array[], block?: Block): void {
    const length = lengthOf(pieces);
    if (length === 0) return;
    const at = this.#end;
    this.#end += length;
    this.#keptBytes += length;
    this.#chunks.push({ at, end: this.#end, pieces, block });
  }

  slice(from: number, to: number): Uint8Array[] {
    const found: Uint8Array[] = [];
    for (let at = from; at < to;) {
      const { pieces, end } = this.part(at, to);
      if (end === at) break;
      found.push(...pieces);
      at = end;
    }
    return found;
  }

  /** The beginning of a slice, as far as it lies in one block, or in none. Nothing of it was dropped. */
  part(from: number, to: number): WrittenPart {
    if ((this.#chunks[this.#last]?.at ?? Infinity) > from) this.#last = 0;
    while ((this.#chunks[this.#last]?.end ?? Infinity) <= from) this.#last += 1;
    const block = this.#chunks[this.#last]?.block;
    const found: Uint8Array[] = [];
    let until = from;
    for (let nth = this.#last; nth < this.#chunks.length; nth++) {
      const { at, end, pieces, block: its } = this.#chunks[nth]!;
      if (at >= to || its !== block) break;
      if (from <= at && end <= to) found.push(...pieces);
      else found.push(...sliceOf(pieces, from - at, to - at));
      until = Math.min(end, to);
    }
    return { pieces: found, end: until, block };
  }

  /** All that is kept: nobody reads it any more. */
  leave(): void {
    for (const { block } of this.#chunks) block?.leave();
  }

  /** It cannot be read any more up to there. Returns how many bytes that were. */
  drop(to: number): number {
    let dropped = 0;
    let count = 0;
    while ((this.#chunks[count]?.end ?? Infinity) <= to) {
      const { at, end, block } = this.#chunks[count]!;
      block?.leave();
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
