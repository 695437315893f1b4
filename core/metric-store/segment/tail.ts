import { FRAME_BYTES, sealFrame } from '../../disk/journal.js';
import { RECORD_BYTES, ROWS, ROW_HEAD_BYTES } from './format.js';

/** The end of a segment that is in memory only: frames, to the last of which rows may still be added. */
export class Tail {
  #bytes = new Uint8Array(1 << 10);
  #view = new DataView(this.#bytes.buffer);
  #size = 0;
  /** Where the frame of rows that is still open begins. */
  #openAt: number | undefined;

  get sizeBytes(): number {
    return this.#size;
  }

  add(kind: number, payload: Uint8Array): void {
    this.#close();
    const at = this.#size;
    this.#reserve(FRAME_BYTES + 1 + payload.byteLength);
    this.#bytes[at + FRAME_BYTES] = kind;
    this.#bytes.set(payload, at + FRAME_BYTES + 1);
    this.#size += FRAME_BYTES + 1 + payload.byteLength;
    sealFrame(this.#bytes, this.#view, at, this.#size);
  }

  addRow(layout: number, ms: number, values: readonly number[]): void {
    if (this.#openAt !== undefined && this.#size - this.#openAt >= RECORD_BYTES) this.#close();
    this.#reserve(FRAME_BYTES + 1 + ROW_HEAD_BYTES + 4 * values.length);
    if (this.#openAt === undefined) {
      this.#openAt = this.#size;
      this.#bytes[this.#size + FRAME_BYTES] = ROWS;
      this.#size += FRAME_BYTES + 1;
    }
    this.#view.setUint32(this.#size, layout, true);
    this.#view.setUint32(this.#size + 4, ms, true);
    let at = this.#size + ROW_HEAD_BYTES;
    for (const value of values) {
      this.#view.setFloat32(at, value, true);
      at += 4;
    }
    this.#size = at;
  }

  /** All of it as whole frames. A view: the next change ends its life. */
  seal(): Uint8Array {
    this.#close();
    return this.#bytes.subarray(0, this.#size);
  }

  clear(): void {
    this.#size = 0;
    this.#openAt = undefined;
    if (this.#bytes.byteLength > 4 * RECORD_BYTES) {
      this.#bytes = new Uint8Array(1 << 10);
      this.#view = new DataView(this.#bytes.buffer);
    }
  }

  #close(): void {
    if (this.#openAt === undefined) return;
    sealFrame(this.#bytes, this.#view, this.#openAt, this.#size);
    this.#openAt = undefined;
  }

  #reserve(bytes: number): void {
    const needed = this.#size + bytes;
    if (needed <= this.#bytes.byteLength) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.byteLength));
    grown.set(this.#bytes.subarray(0, this.#size));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
