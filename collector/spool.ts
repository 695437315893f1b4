import { strict as assert } from 'node:assert';
import type { Cancel, Clock } from '../core/clock/port.js';
import { FRAME_BYTES, recordsOf } from '../core/disk/frames.js';
import { Journal } from '../core/disk/journal.js';
import type { Disk } from '../core/disk/port.js';
import { codeOf } from '../core/errors.js';
import type { Log } from '../core/log.js';
import type { Sample } from '../core/sample.js';
import { countOf, decodeSamples, encodeSamples } from './spool-record.js';

export interface SpoolOptions {
  readonly folder: string;
  /** Of disk, all segments together. */
  readonly bytesMax: number;
  /** A segment is closed once it is this long, and dropped whole. */
  readonly segmentBytes: number;
  /** Also of segments that failures made short. */
  readonly segmentsMax: number;
  /** What the store took is surely durable there after this: so long it stays here, too. */
  readonly storeDurableMs: number;
}

export const SPOOL_DEFAULTS: SpoolOptions = {
  folder: 'spool',
  bytesMax: 256 << 20,
  segmentBytes: 1 << 20,
  segmentsMax: 4096,
  storeDurableMs: 10_000,
};

export interface SpoolParts {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
}

/** A file of the spool: batches in the order they came. */
interface Segment {
  readonly number: number;
  bytes: number;
  /** The store has all of it. */
  isDelivered: boolean;
}

type Batch = readonly Sample[];

interface Head {
  readonly segment: Segment;
  /** Those that the store does not have. */
  readonly records: Uint8Array[];
  /** The first of them, read. */
  batch: Batch | undefined;
}

/**
 * Samples that the store could not take, on disk, until it can: first in, first out, within a bound of bytes. Beyond it, or of segments, the
 * oldest segment goes, and is counted. What `append` took survives kill -9; memory holds one segment at most.
 *
 * Files: `segment-<n>`, ascending. A life of the spool never appends to a segment of an earlier one, so a torn tail is the end
 * of a file, and nothing that was acknowledged is behind it. What a killed process had delivered in part is delivered again:
 * samples are keyed.
 */
export class Spool {
  readonly #parts: SpoolParts;
  readonly #options: SpoolOptions;
  readonly #unlock: () => Promise<void>;
  /** Oldest first: those that were delivered, then those that were not; the last one may be open. */
  #segments: readonly Segment[];
  #open: { readonly segment: Segment; readonly journal: Journal } | undefined;
  /** The oldest that is not delivered, once it has been looked at, and what is left of it. */
  #head: Head | undefined;
  #lost = 0;
  #lostAtMs: number | null = null;
  /** Appends, reads and removals take turns. */
  #turn: Promise<unknown> = Promise.resolve();
  /** Of delivered segments: timers that are still to come. */
  readonly #removals = new Set<Cancel>();

  private constructor(
    parts: SpoolParts,
    options: SpoolOptions,
    opened: { readonly segments: readonly Segment[]; readonly unlock: () => Promise<void> },
  ) {
    this.#parts = parts;
    this.#options = options;
    this.#segments = opened.segments;
    this.#unlock = opened.unlock;
  }

  /** @throws ERR_DATA_LOCKED, ERR_DISK_FAILED */
  static async open(parts: SpoolParts, options: Partial<SpoolOptions> = {}): Promise<Spool> {
    const given = { ...SPOOL_DEFAULTS, ...options };
    const { folder, bytesMax, segmentBytes } = given;
    const { disk } = parts;
    const unlock = await disk.lock(`${folder}/lock`);
    try {
      const segments: Segment[] = [];
      for (const number of numbersOf(await disk.list(folder))) {
        const file = await disk.open(pathOf(folder, number));
        segments.push({ number, bytes: file.size, isDelivered: false });
        await file.close();
      }
      // Of many segments the oldest is a small loss.
      const limits = { segmentBytes: Math.min(segmentBytes, bytesMax / 8) };
      return new Spool(parts, { ...given, ...limits }, { segments, unlock });
    } catch (error) {
      await unlock();
      throw error;
    }
  }

  /** Nothing waits for the store. */
  get isEmpty(): boolean {
    return this.#segments.every(({ isDelivered }) => isDelivered);
  }

  /** On disk, with what the store has but may not have made durable yet. */
  get bytes(): number {
    return this.#segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Of those, in segments that the store has not, or not whole. */
  get waitingBytes(): number {
    return this.#segments.reduce(
      (sum, { bytes, isDelivered }) => sum + (isDelivered ? 0 : bytes),
      0,
    );
  }

  /** Samples that were dropped beyond the bound, or could not be read again, since the start. */
  get lost(): number {
    return this.#lost;
  }

  /** Wall clock, of the last of those; null: none was. */
  get lostAtMs(): number | null {
    return this.#lostAtMs;
  }

  /** Durable once it resolves. @throws ERR_DISK_FAILED, ERR_DISK_UNSYNCED */
  append(samples: Batch): Promise<void> {
    return this.#inTurn(async () => {
      const record = encodeSamples(samples);
      if (!(await this.#makeRoom(FRAME_BYTES + record.byteLength))) {
        this.#lose(samples.length);
        return;
      }
      const { segment, journal } = this.#open ?? (await this.#begin());
      let isFull = true;
      try {
        await journal.append(record);
        isFull = journal.sizeBytes >= this.#options.segmentBytes;
      } finally {
        // Whatever was wrong with this file if it failed, the next batch begins another one.
        segment.bytes = journal.sizeBytes;
        if (isFull) await this.#end();
      }
    });
  }

  /** The oldest batch; it stays until it is shifted. Undefined: there is none. @throws ERR_DISK_FAILED */
  peek(): Promise<Batch | undefined> {
    return this.#inTurn(async () => {
      for (;;) {
        const head = this.#head ?? (await this.#begun());
        if (head === undefined) return undefined;
        const [record] = head.records;
        if (record === undefined) this.#retire(head.segment);
        else {
          head.batch ??= decodeSamples(record);
          if (head.batch !== undefined) return head.batch;
          this.#parts.log.error({ segment: head.segment.number }, 'spooled batch not readable');
          this.#lose(countOf(record));
          head.records.shift();
        }
      }
    });
  }

  /** The store has this batch, the oldest, unless it was dropped meanwhile. */
  shift(batch: Batch): void {
    const head = this.#head;
    if (head?.batch !== batch) return;
    head.batch = undefined;
    head.records.shift();
    if (head.records.length === 0) this.#retire(head.segment);
  }

  async close(): Promise<void> {
    for (const cancel of this.#removals) cancel();
    await this.#inTurn(() => this.#end());
    await this.#unlock();
  }

  #lose(samples: number): void {
    if (samples === 0) return;
    this.#lost += samples;
    this.#lostAtMs = this.#parts.clock.realtimeMs();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(ignore);
    return result;
  }

  async #begin(): Promise<{ readonly segment: Segment; readonly journal: Journal }> {
    const last = this.#segments.at(-1);
    const fresh = { number: (last?.number ?? 0) + 1, bytes: 0, isDelivered: false };
    // One that holds nothing is begun again: a full disk would get an empty file for each batch.
    const segment = last === undefined || last.bytes > 0 || last.isDelivered ? fresh : last;
    const path = pathOf(this.#options.folder, segment.number);
    const { journal } = await Journal.open(this.#parts.disk, path);
    if (segment === fresh) this.#segments = [...this.#segments, fresh];
    this.#open = { segment, journal };
    return this.#open;
  }

  async #end(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.journal.close();
  }

  /** Removes segments, the oldest first, until so much more fits; false if it is too long for any spool. */
  async #makeRoom(bytes: number): Promise<boolean> {
    const { bytesMax, segmentsMax } = this.#options;
    if (bytes > bytesMax) return false;
    for (let [oldest] = this.#segments; oldest !== undefined; [oldest] = this.#segments) {
      const isRoomForOne = this.#open !== undefined || this.#segments.length < segmentsMax;
      if (isRoomForOne && this.bytes + bytes <= bytesMax) break;
      if (this.#open?.segment === oldest) await this.#end();
      const left = await this.#left(oldest);
      await this.#remove(oldest);
      this.#lose(left.reduce((sum, record) => sum + countOf(record), 0));
    }
    return true;
  }

  /** What of a segment the store has not. */
  async #left(segment: Segment): Promise<readonly Uint8Array[]> {
    if (segment.isDelivered) return [];
    return this.#head?.segment === segment ? this.#head.records : this.#read(segment);
  }

  /** Begins with the oldest segment that is not delivered. */
  async #begun(): Promise<Head | undefined> {
    const segment = this.#segments.find(({ isDelivered }) => !isDelivered);
    if (segment === undefined) return undefined;
    if (this.#open?.segment === segment) await this.#end();
    this.#head = { segment, records: await this.#read(segment), batch: undefined };
    return this.#head;
  }

  async #read(segment: Segment): Promise<Uint8Array[]> {
    const path = pathOf(this.#options.folder, segment.number);
    const bytes = (await this.#parts.disk.read(path)) ?? new Uint8Array(0);
    const { records, end } = recordsOf(bytes);
    const tornBytes = bytes.byteLength - end;
    if (tornBytes > 0) this.#parts.log.warn({ path, tornBytes }, 'torn tail in spool');
    return records;
  }

  /** Delivered: it goes once the store has surely made it durable. */
  #retire(segment: Segment): void {
    this.#head = undefined;
    segment.isDelivered = true;
    const { clock, log } = this.#parts;
    const cancel = clock.after(this.#options.storeDurableMs, () => {
      this.#removals.delete(cancel);
      this.#inTurn(() => this.#remove(segment)).catch((err: unknown) => {
        assert.ok(codeOf(err) !== undefined, 'a disk fails with a code');
        // It is tried again when room is needed, or delivered once more at the next start.
        log.warn({ err }, 'delivered segment not removed');
      });
    });
    this.#removals.add(cancel);
  }

  async #remove(segment: Segment): Promise<void> {
    if (!this.#segments.includes(segment)) return;
    await this.#parts.disk.remove(pathOf(this.#options.folder, segment.number));
    this.#segments = this.#segments.filter((other) => other !== segment);
    if (this.#head?.segment === segment) this.#head = undefined;
  }
}

function pathOf(folder: string, number: number): string {
  return `${folder}/segment-${number}`;
}

function numbersOf(names: readonly string[]): number[] {
  return names
    .flatMap((name) => /^segment-([0-9]{1,15})$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

function ignore(): void {
  // whoever asked has heard of it
}
