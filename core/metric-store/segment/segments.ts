import { codeOf, fail } from '../../errors.js';
import type { Disk } from '../../disk/port.js';
import type { Log } from '../../log.js';
import { dayName, dayOfName } from '../day.js';
import type { MetricStoreLimits } from '../limits.js';
import { refuseSeries } from '../refusals.js';
import { Turns } from '../../turns.js';
import type { SegmentHead } from './format.js';
import type { Cells } from './segment.js';
import { Segment } from './segment.js';

/** So many segments, of so many columns in all, stay loaded, the latest used. */
const LOADED_MAX = 64;
const LOADED_COLUMNS_MAX = 500_000;

export interface SegmentsOptions {
  readonly folder: string;
  readonly what: SegmentHead['what'];
  readonly width: number;
  readonly limits: MetricStoreLimits;
}

/**
 * The segments of one kind, one a day: files `<what>-<day>`, each read when it is first used. Whoever uses a
 * day has it to himself; a day that is used waits for nobody else.
 */
export class Segments {
  readonly #parts: { readonly disk: Disk; readonly log: Log };
  readonly #options: SegmentsOptions;
  readonly #turns = new Turns<number>();
  /** Every day that something is kept of; those loaded are in the order of their use. */
  readonly #segments = new Map<number, Segment>();
  readonly #loaded = new Set<number>();

  private constructor(parts: { readonly disk: Disk; readonly log: Log }, options: SegmentsOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  static async open(
    parts: { readonly disk: Disk; readonly log: Log },
    options: SegmentsOptions,
  ): Promise<Segments> {
    const segments = new Segments(parts, options);
    const prefix = `${options.what}-`;
    for (const name of await parts.disk.list(options.folder)) {
      const day = name.startsWith(prefix) ? dayOfName(name.slice(prefix.length)) : undefined;
      if (day !== undefined) segments.#add(day);
    }
    return segments;
  }

  /** Ascending. */
  get days(): number[] {
    return [...this.#segments.keys()].sort((a, b) => a - b);
  }

  get unwrittenBytes(): number {
    let bytes = 0;
    for (const day of this.#loaded) bytes += this.#segments.get(day)?.unwrittenBytes ?? 0;
    return bytes;
  }

  /**
   * Writes to days, each as a whole or not at all – but for new series of a day that has no room for more.
   * @throws ERR_DISK_FAILED, ERR_DATA_CORRUPT, ERR_LIMIT_REACHED; ERR_SERIES_REFUSED once all the rest is written
   */
  async write(cellsByDay: ReadonlyMap<number, Cells>): Promise<void> {
    const { what, limits } = this.#options;
    let days = this.#segments.size;
    for (const day of cellsByDay.keys()) if (!this.#segments.has(day)) days += 1;
    if (days > limits.daysMax) {
      fail('ERR_LIMIT_REACHED', { limit: limits.daysMax, what: `days of ${what}` });
    }
    let refused = 0;
    for (const [day, cells] of cellsByDay) {
      refused += await this.use(day, (segment) => segment.write(cells));
    }
    if (refused === 0) return;
    refuseSeries({ limit: limits.seriesMax, what: `series a day of ${what}`, refused });
  }

  /**
   * Runs `work` with the day's segment, loaded. A day that has none gets one, which leaves no trace if
   * nothing is written to it.
   * @throws ERR_DISK_FAILED, ERR_DATA_CORRUPT, and what `work` throws
   */
  async use<Result>(
    day: number,
    work: (segment: Segment) => Promise<Result> | Result,
  ): Promise<Result> {
    const result = await this.#turns.take(day, async () => {
      const segment = this.#segments.get(day) ?? this.#add(day);
      await segment.load();
      this.#loaded.delete(day);
      this.#loaded.add(day);
      try {
        return await work(segment);
      } finally {
        if (segment.isEmpty) {
          this.#segments.delete(day);
          this.#loaded.delete(day);
          await segment.unload();
        }
      }
    });
    await this.#unloadOldest();
    return result;
  }

  /** @throws ERR_DISK_FAILED – what could not be written stays in memory for the next flush */
  async flush(): Promise<void> {
    for (const day of [...this.#loaded]) {
      await this.#turns.take(day, async () => this.#segments.get(day)?.flush());
    }
  }

  /** @throws ERR_DISK_FAILED – something could not be written, and is lost; the rest was */
  async close(): Promise<void> {
    const unloaded = [...this.#loaded].map((day) =>
      this.#turns.take(day, async () => this.#segments.get(day)?.unload()),
    );
    const failure = (await Promise.allSettled(unloaded)).find(
      ({ status }) => status === 'rejected',
    );
    if (failure?.status === 'rejected') throw failure.reason;
  }

  #add(day: number): Segment {
    const { folder, what, width, limits } = this.#options;
    const head = { what, width, day };
    const segment = new Segment(this.#parts, `${folder}/${what}-${dayName(day)}`, { head, limits });
    this.#segments.set(day, segment);
    return segment;
  }

  async #unloadOldest(): Promise<void> {
    while (this.#hasTooManyLoaded()) {
      const [day] = this.#loaded;
      if (day === undefined) return;
      this.#loaded.delete(day);
      try {
        await this.#turns.take(day, async () => this.#segments.get(day)?.unload());
      } catch (err) {
        // It could not be written, so it stays; the next flush tells whoever writes.
        if (codeOf(err) !== 'ERR_DISK_FAILED') throw err;
        this.#loaded.add(day);
        return;
      }
    }
  }

  #hasTooManyLoaded(): boolean {
    if (this.#loaded.size > LOADED_MAX) return true;
    if (this.#loaded.size < 2) return false;
    let columns = 0;
    for (const day of this.#loaded) {
      const segment = this.#segments.get(day);
      if (segment?.isLoaded === true) columns += segment.contents.columns.length;
    }
    return columns > LOADED_COLUMNS_MAX;
  }
}
