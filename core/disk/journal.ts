import { crc32 } from 'node:zlib';
import { ForeshiftError, fail } from '../errors.js';
import type { Disk, DiskFile } from './port.js';

/** Length and CRC-32 of the payload, both little-endian u32. */
const FRAME_BYTES = 8;

export interface OpenedJournal {
  readonly journal: Journal;
  /** The records that survived, in order. */
  readonly records: readonly Uint8Array[];
  /** Bytes of a torn tail that were moved to `<path>.torn`. */
  readonly tornBytes: number;
}

/**
 * An append-only file of framed records: how the embedded engines keep what they promised.
 * Appends that meet share one sync. A write that stopped half-way is cut at the next opening; nothing
 * that was acknowledged is ever behind such a cut, and what is cut is kept beside the file.
 */
export class Journal {
  readonly #file: DiskFile;
  readonly #recordBytesMax: number;
  #waiting: Append[] = [];
  #running: Promise<void> | undefined;
  #broken: Error | undefined;

  private constructor(file: DiskFile, recordBytesMax: number) {
    this.#file = file;
    this.#recordBytesMax = recordBytesMax;
  }

  static async open(
    disk: Disk,
    path: string,
    { recordBytesMax = 64 << 20 }: { readonly recordBytesMax?: number } = {},
  ): Promise<OpenedJournal> {
    const bytes = (await disk.read(path)) ?? new Uint8Array(0);
    const { records, end } = framesOf(bytes, recordBytesMax);
    const file = await disk.open(path);
    const tornBytes = bytes.byteLength - end;
    if (tornBytes > 0) {
      await disk.replace(`${path}.torn`, bytes.subarray(end));
      await file.truncate(end);
      await file.sync();
    }
    return { journal: new Journal(file, recordBytesMax), records, tornBytes };
  }

  get sizeBytes(): number {
    return this.#file.size;
  }

  /**
   * Resolves once the record would survive a power cut. On failure nothing of it stays, and every append
   * still waiting fails with it, so a caller's order has no holes.
   * @throws ERR_DISK_FAILED – not written; ERR_DISK_UNSYNCED – perhaps written: only a new opening can tell,
   * and until then every append fails
   */
  append(record: Uint8Array): Promise<void> {
    if (record.byteLength > this.#recordBytesMax) {
      fail('ERR_DISK_FAILED', { verb: 'append to', path: 'journal', why: 'record too long' });
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ record, resolve, reject });
      this.#running ??= this.#drain();
    });
  }

  async close(): Promise<void> {
    await this.#running;
    await this.#file.close();
  }

  async #drain(): Promise<void> {
    // Appends made in the same turn share the first sync too.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      const failure = await this.#write(batch);
      if (failure === undefined) {
        for (const { resolve } of batch) resolve();
      } else {
        for (const { reject } of batch.concat(this.#waiting.splice(0))) reject(failure);
      }
    }
    this.#running = undefined;
  }

  async #write(batch: readonly Append[]): Promise<Error | undefined> {
    if (this.#broken !== undefined) return this.#broken;
    const sizeBefore = this.#file.size;
    try {
      await this.#file.append(framed(batch));
    } catch (error) {
      await this.#file.truncate(sizeBefore).catch((again: unknown) => {
        this.#broken = asError(again);
      });
      return asError(error);
    }
    try {
      await this.#file.sync();
      return undefined;
    } catch (cause) {
      this.#broken = new ForeshiftError('ERR_DISK_FAILED', {
        verb: 'sync',
        path: 'journal',
        why: 'earlier',
      });
      return new ForeshiftError('ERR_DISK_UNSYNCED', {}, { cause });
    }
  }
}

interface Append {
  readonly record: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

function framed(batch: readonly Append[]): Uint8Array {
  const length = batch.reduce((sum, { record }) => sum + FRAME_BYTES + record.byteLength, 0);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { record } of batch) {
    view.setUint32(at, record.byteLength, true);
    view.setUint32(at + 4, crc32(record), true);
    bytes.set(record, at + FRAME_BYTES);
    at += FRAME_BYTES + record.byteLength;
  }
  return bytes;
}

/** The valid frames from the start on, and where they end. */
function framesOf(bytes: Uint8Array, recordBytesMax: number) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: Uint8Array[] = [];
  let end = 0;
  while (end + FRAME_BYTES <= bytes.byteLength) {
    const length = view.getUint32(end, true);
    const start = end + FRAME_BYTES;
    if (length > recordBytesMax || start + length > bytes.byteLength) break;
    const record = bytes.subarray(start, start + length);
    if (crc32(record) !== view.getUint32(end + 4, true)) break;
    records.push(record);
    end = start + length;
  }
  return { records, end };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
