import { FRAME_BYTES, Frames } from '../../disk/frames.js';
import { RECORD_BYTES, ROWS, ROW_HEAD_BYTES } from './format.js';

const BYTES_MIN = 1 << 10;
/** A longer buffer is not kept for the next rows. */
const BYTES_KEPT_MAX = 1 << 20;

/** Values `from` up to, not including, `to`. */
export interface Stretch {
  readonly values: readonly number[];
  readonly from: number;
  readonly to: number;
}

/** The end of a segment that is in memory only: frames, to the last of which rows may still be added. */
export class Tail {
  #frames: Frames;
  #size = 0;
  /** Where in the file it will stand. */
  #fileAt: number;
  /** Where the frame of rows that is still open begins. */
  #openAt: number | undefined;

  constructor(fileAt: number) {
    this.#fileAt = fileAt;
    this.#frames = new Frames(new Uint8Array(BYTES_MIN), fileAt);
  }

  get sizeBytes(): number {
    return this.#size;
  }

  add(kind: number, payload: Uint8Array): void {
    this.#close();
    const at = this.#size;
    this.#reserve(FRAME_BYTES + 1 + payload.byteLength);
    const { bytes } = this.#frames;
    bytes[at + FRAME_BYTES] = kind;
    bytes.set(payload, at + FRAME_BYTES + 1);
    this.#size += FRAME_BYTES + 1 + payload.byteLength;
    this.#frames.seal(at, this.#size);
  }

  addRow(layout: number, ms: number, { values, from, to }: Stretch): void {
    if (this.#openAt !== undefined && this.#size - this.#openAt >= RECORD_BYTES) this.#close();
    this.#reserve(FRAME_BYTES + 1 + ROW_HEAD_BYTES + 4 * (to - from));
    const { bytes, view } = this.#frames;
    if (this.#openAt === undefined) {
      this.#openAt = this.#size;
      bytes[this.#size + FRAME_BYTES] = ROWS;
      this.#size += FRAME_BYTES + 1;
    }
    view.setUint32(this.#size, layout, true);
    view.setUint32(this.#size + 4, ms, true);
    this.#size += ROW_HEAD_BYTES;
    for (let value = from; value < to; value++, this.#size += 4) {
      view.setFloat32(this.#size, values[value]!, true);
    }
  }

  /** All of it as whole frames. A view: the next change ends its life. */
  seal(): Uint8Array {
    this.#close();
    return this.#frames.bytes.subarray(0, this.#size);
  }

  /** It begins anew, at another place of the file. */
  clear(fileAt: number): void {
    const { bytes } = this.#frames;
    const isLarge = bytes.byteLength > BYTES_KEPT_MAX;
    this.#frames = new Frames(isLarge ? new Uint8Array(BYTES_MIN) : bytes, fileAt);
    this.#fileAt = fileAt;
    this.#size = 0;
    this.#openAt = undefined;
  }

  #close(): void {
    if (this.#openAt === undefined) return;
    this.#frames.seal(this.#openAt, this.#size);
    this.#openAt = undefined;
  }

  #reserve(more: number): void {
    const needed = this.#size + more;
    const { bytes } = this.#frames;
    if (needed <= bytes.byteLength) return;
    const grown = new Uint8Array(Math.max(needed, 2 * bytes.byteLength));
    grown.set(bytes.subarray(0, this.#size));
    this.#frames = new Frames(grown, this.#fileAt);
  }
}
