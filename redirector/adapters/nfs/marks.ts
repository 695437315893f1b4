/** What a walk over arguments or results points at. */
export const HANDLE = 0;
export const NAME = 1;
/** 84 bytes. */
export const ATTRIBUTES = 2;
/** Of a handle that may be left out: the word that says whether it is there; then the handle follows, if it is. */
export const OPTIONAL_HANDLE = 3;
/** Of an entry of a directory. */
export const FILE_ID = 4;
/** Eight bytes that tell one life of a server from the next. */
export const WRITE_VERIFIER = 5;
/** How safely a server is to write, or has written. */
export const STABILITY = 6;
/** A number of bytes that the server can do at once. */
export const SIZE_MAX = 7;

export type MarkKind = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;

/**
 * Where in a message something lies that somebody wants to read or to change: in the order of the message. One is filled again
 * and again, so a walk does not allocate.
 */
export class Marks {
  #kinds = new Uint8Array(64);
  #at = new Int32Array(64);
  #lengths = new Int32Array(64);
  count = 0;

  clear(): this {
    this.count = 0;
    return this;
  }

  add(kind: MarkKind, at: number, length: number): void {
    if (this.count === this.#kinds.length) this.#grow();
    this.#kinds[this.count] = kind;
    this.#at[this.count] = at;
    this.#lengths[this.count] = length;
    this.count += 1;
  }

  kind(nth: number): MarkKind {
    return this.#kinds[nth]! as MarkKind;
  }

  /** Where its bytes begin: after the length, of what has one. */
  at(nth: number): number {
    return this.#at[nth]!;
  }

  length(nth: number): number {
    return this.#lengths[nth]!;
  }

  /** The first of that kind, from there on; −1: there is none. */
  find(kind: MarkKind, from = 0): number {
    for (let nth = from; nth < this.count; nth++) if (this.#kinds[nth] === kind) return nth;
    return -1;
  }

  /** The bytes that it points at. */
  bytes(nth: number, message: Uint8Array): Uint8Array {
    return message.subarray(this.at(nth), this.at(nth) + this.length(nth));
  }

  #grow(): void {
    const length = 2 * this.#kinds.length;
    const kinds = new Uint8Array(length);
    const at = new Int32Array(length);
    const lengths = new Int32Array(length);
    kinds.set(this.#kinds);
    at.set(this.#at);
    lengths.set(this.#lengths);
    this.#kinds = kinds;
    this.#at = at;
    this.#lengths = lengths;
  }
}
