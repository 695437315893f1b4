import { crc32 } from 'node:zlib';

/** Length of the record and CRC-32, both little-endian u32. */
export const FRAME_BYTES = 8;
export const RECORD_BYTES_MAX = 64 << 20;

/**
 * Bytes of a file in which records stand, each behind its frame. The CRC is over the record and over where
 * in the file it stands, so one that was moved, or that follows a missing one, does not count as whole.
 */
export class Frames {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly #fileAt: number;

  /** @param fileAt where in the file the bytes begin */
  constructor(bytes: Uint8Array, fileAt = 0) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#fileAt = fileAt;
  }

  /**
   * Where the frame that begins at `at` ends; undefined if no whole one begins there. A length of zero is
   * none: a power cut may leave zeros behind the last record, and they would pass for frames.
   */
  endOf(at: number, recordBytesMax = RECORD_BYTES_MAX): number | undefined {
    const start = at + FRAME_BYTES;
    if (start > this.bytes.byteLength) return undefined;
    const length = this.view.getUint32(at, true);
    const end = start + length;
    if (length === 0 || length > recordBytesMax || end > this.bytes.byteLength) return undefined;
    return this.#crcOf(at, end) === this.view.getUint32(at + 4, true) ? end : undefined;
  }

  /** Fills in the frame at `at`, once its record up to `end` stands behind it. */
  seal(at: number, end: number): void {
    this.view.setUint32(at, end - at - FRAME_BYTES, true);
    this.view.setUint32(at + 4, this.#crcOf(at, end), true);
  }

  #crcOf(at: number, end: number): number {
    return crc32(this.bytes.subarray(at + FRAME_BYTES, end), (this.#fileAt + at) >>> 0);
  }
}

/** The whole records from the start of a file on, and where they end. */
export function recordsOf(bytes: Uint8Array, recordBytesMax = RECORD_BYTES_MAX) {
  const frames = new Frames(bytes);
  const records: Uint8Array[] = [];
  let end = 0;
  for (;;) {
    const next = frames.endOf(end, recordBytesMax);
    if (next === undefined) return { records, end };
    records.push(bytes.subarray(end + FRAME_BYTES, next));
    end = next;
  }
}

/** Records as the bytes of a file from `fileAt` on. */
export function framed(records: readonly Uint8Array[], fileAt = 0): Uint8Array {
  const length = records.reduce((sum, { byteLength }) => sum + FRAME_BYTES + byteLength, 0);
  const frames = new Frames(new Uint8Array(length), fileAt);
  let at = 0;
  for (const record of records) {
    const end = at + FRAME_BYTES + record.byteLength;
    frames.bytes.set(record, at + FRAME_BYTES);
    frames.seal(at, end);
    at = end;
  }
  return frames.bytes;
}
