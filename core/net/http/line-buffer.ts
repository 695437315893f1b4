import { LF } from './characters.js';
import type { Latin1 } from './bytes.js';
import { latin1Of } from './bytes.js';

const NOTHING = new Uint8Array(0);
/** An idle connection does not hold on to more. */
const KEPT_BYTES_MAX = 1024;

/** Cuts lines out of bytes that arrive in pieces. Each byte is searched once and copied at most twice. */
export class LineBuffer {
  /** The beginning of a line whose end has not come. */
  #held = NOTHING;
  #length = 0;
  /** Where the bytes go on after the last line that was taken. */
  end = 0;

  /** How much of the line has come: of the complete one, or of the one that `next` could not complete. */
  length = 0;

  /**
   * The line that begins at `at` or was begun before, with its LF, good until the next call; undefined if its end is not
   * there: all is kept then.
   */
  next(bytes: Uint8Array, at: number): Latin1 | undefined {
    const found = bytes.indexOf(LF, at);
    const stop = found === -1 ? bytes.length : found + 1;
    this.length = this.#length + stop - at;
    this.end = stop;
    if (found === -1) {
      this.#keep(bytes, at, stop);
      return undefined;
    }
    if (this.#length === 0) return latin1Of(bytes, at, stop);
    this.#keep(bytes, at, stop);
    const line = this.started();
    this.#length = 0;
    if (this.#held.length > KEPT_BYTES_MAX) this.#held = NOTHING;
    return line;
  }

  /** What is there of the line that has begun: good until the next call. */
  started(): Latin1 {
    return latin1Of(this.#held, 0, this.#length);
  }

  #keep(bytes: Uint8Array, start: number, stop: number): void {
    const needed = this.#length + stop - start;
    if (needed > this.#held.length) {
      const larger = new Uint8Array(Math.max(256, 2 * this.#held.length, needed));
      larger.set(this.#held.subarray(0, this.#length));
      this.#held = larger;
    }
    this.#held.set(bytes.subarray(start, stop), this.#length);
    this.#length = needed;
  }
}
