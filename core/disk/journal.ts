import { strict as assert } from 'node:assert';
import { ForeshiftError } from '../errors.js';
import { RECORD_BYTES_MAX, framed, recordsOf } from './frames.js';
import type { Disk, DiskFile } from './port.js';

export type Done = (error: Error | undefined) => void;

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
    { recordBytesMax = RECORD_BYTES_MAX }: { readonly recordBytesMax?: number } = {},
  ): Promise<OpenedJournal> {
    const bytes = (await disk.read(path)) ?? new Uint8Array(0);
    const { records, end } = recordsOf(bytes, recordBytesMax);
    const file = await disk.open(path);
    const tornBytes = bytes.byteLength - end;
    if (tornBytes > 0) {
      await disk.replace(`${path}.torn`, bytes.subarray(end));
      await file.truncate(end);
    }
    // A killed process may have left records that were written but never synced: what is read now is kept.
    if (bytes.byteLength > 0) await file.sync();
    return { journal: new Journal(file, recordBytesMax), records, tornBytes };
  }

  get sizeBytes(): number {
    return this.#file.size;
  }

  /** As `push`, as a promise. @throws ERR_DISK_FAILED, ERR_DISK_UNSYNCED */
  append(record: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.push(record, (error) => {
        if (error === undefined) resolve();
        else reject(error);
      });
    });
  }

  /**
   * Calls back without an error once the record would survive a power cut: in the order of the pushes, and
   * before anything else happens to the caller. On failure nothing of it stays, and every record still
   * waiting fails in the same turn, so a caller's order has no holes. `done` must not push.
   * ERR_DISK_FAILED: not written. ERR_DISK_UNSYNCED: perhaps written, only a new opening can tell, and until
   * then every push fails.
   */
  push(record: Uint8Array, done: Done): void {
    assert.ok(record.byteLength > 0, 'an empty record could not be told from a tail of zeros');
    assert.ok(record.byteLength <= this.#recordBytesMax, 'callers keep to the longest record');
    this.#waiting.push({ record, done });
    this.#running ??= this.#drain();
  }

  /** Resolves when no append is under way. */
  async settled(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async close(): Promise<void> {
    await this.settled();
    await this.#file.close();
  }

  async #drain(): Promise<void> {
    // Appends made in the same turn share the first sync too.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      const failure = await this.#write(batch);
      const settled = failure === undefined ? batch : batch.concat(this.#waiting.splice(0));
      for (const { done } of settled) done(failure);
    }
    this.#running = undefined;
  }

  async #write(batch: readonly Append[]): Promise<Error | undefined> {
    if (this.#broken !== undefined) return this.#broken;
    const sizeBefore = this.#file.size;
    try {
      const records = batch.map(({ record }) => record);
      await this.#file.append(framed(records, sizeBefore));
    } catch (error) {
      await this.#cut(sizeBefore);
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

  /** Takes back a part of a record; if that fails, nothing may follow it. */
  async #cut(size: number): Promise<void> {
    try {
      await this.#file.truncate(size);
      await this.#file.sync();
    } catch (error) {
      this.#broken = asError(error);
    }
  }
}

interface Append {
  readonly record: Uint8Array;
  readonly done: Done;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
