import type { Disk } from '../disk/port.js';
import type { Log } from '../log.js';
import type { Panel } from '../panel.js';
import { endMsOf } from '../panel.js';
import type { Sample, SeriesKey } from '../sample.js';
import { formatSeries, parseSeries } from '../sample.js';
import { DAY_MS, dayOf } from './day.js';
import type { MetricStoreLimits } from './limits.js';
import { Means } from './means.js';
import { namedSeries } from './named-series.js';
import type { PanelQuery } from './port.js';
import type { RollupRow } from './rollup/format.js';
import { COUNT_MAX, stepsOf } from './rollup/format.js';
import type { OpenedRollup } from './rollup/rollups.js';
import { Rollups } from './rollup/rollups.js';
import { CellsByDay } from './segment/cells.js';
import { addMeans } from './segment/read-columns.js';
import type { Segment } from './segment/segment.js';
import { Segments } from './segment/segments.js';

export interface SampleDaysOptions {
  readonly folder: string;
  readonly rawRetentionMs: number;
  readonly rollupMs: number;
  readonly rollupRetentionMs: number;
  readonly limits: MetricStoreLimits;
}

/** So many series of a day are rolled up at once. */
const BLOCK_SERIES = 4096;

/**
 * Samples by day. A day is a segment of samples as they came until its raw retention is over; then it is a
 * rollup of means, and the segment goes. Samples that come even later make a segment again: they count
 * where the rollup has no mean, so that repeating old writes changes nothing, and are taken into it by the
 * next compaction. So a day's segment may be removed at any moment after its rollup is written.
 */
export class SampleDays {
  readonly #segments: Segments;
  readonly #rollups: Rollups;
  readonly #options: SampleDaysOptions;

  private constructor(segments: Segments, rollups: Rollups, options: SampleDaysOptions) {
    this.#segments = segments;
    this.#rollups = rollups;
    this.#options = options;
  }

  static async open(
    parts: { readonly disk: Disk; readonly log: Log },
    options: SampleDaysOptions,
  ): Promise<SampleDays> {
    const { folder, limits } = options;
    const segments = await Segments.open(parts, { folder, what: 'samples', width: 1, limits });
    return new SampleDays(segments, await Rollups.open(parts, folder), options);
  }

  get segments(): Segments {
    return this.#segments;
  }

  async write(samples: readonly Sample[]): Promise<void> {
    const cells = new CellsByDay();
    for (const { series, timeMs, value } of samples) cells.add(formatSeries(series), timeMs, value);
    await this.#segments.write(cells.days);
  }

  async readPanel({ series, startMs, stepMs, steps }: PanelQuery): Promise<Panel> {
    const { rowByName: wanted, rowOf } = namedSeries(series).rows;
    const grid = { startMs, stepMs, steps };
    const means = new Means(wanted.size, grid);
    const lastDay = dayOf(endMsOf(grid) - 1);
    for (const day of this.#daysFrom(dayOf(startMs))) {
      if (day > lastDay) break;
      await this.#segments.use(day, (segment) => this.#addDay(segment, wanted, means));
    }
    return { series, grid, values: means.valuesOf(rowOf) };
  }

  /** Names are the keys of the port, sorted. */
  async list(sinceMs: number): Promise<SeriesKey[]> {
    const names = new Set<string>();
    for (const day of this.#daysFrom(dayOf(sinceMs))) {
      const sinceOfDayMs = sinceMs - day * DAY_MS;
      await this.#segments.use(day, async ({ contents }) => {
        contents.columns.forEach((name, column) => {
          if (contents.latestMsOf(column) >= sinceOfDayMs) names.add(name);
        });
        const head = (await this.#rollups.head(day))?.head;
        head?.series.forEach((name, at) => {
          if (head.latestMs[at]! >= sinceOfDayMs) names.add(name);
        });
      });
    }
    return [...names].sort().map(parseSeries);
  }

  async compact(nowMs: number): Promise<void> {
    const { rawRetentionMs, rollupRetentionMs } = this.#options;
    const firstRaw = dayOf(nowMs - rawRetentionMs);
    const firstKept = dayOf(nowMs - rollupRetentionMs);
    for (const day of this.#segments.days.filter((one) => one < firstRaw)) {
      await this.#segments.use(day, async (segment) => {
        if (day < firstKept) await segment.remove();
        else await this.#rollUp(segment);
      });
    }
    for (const day of [...this.#rollups.days].filter((one) => one < firstKept)) {
      await this.#segments.use(day, () => this.#rollups.remove(day));
    }
  }

  /** The days that anything is known of, from one on, ascending. */
  #daysFrom(first: number): number[] {
    const days = new Set([...this.#segments.days, ...this.#rollups.days]);
    return [...days].filter((day) => day >= first).sort((a, b) => a - b);
  }

  async #addDay(
    segment: Segment,
    wanted: ReadonlyMap<string, number>,
    means: Means,
  ): Promise<void> {
    const rollup = await this.#rollups.head(segment.head.day);
    if (rollup === undefined) {
      await addMeans(segment, wanted, means);
    } else if (segment.isEmpty) {
      await this.#visitRollup(rollup, wanted, (row, rollupRow) => {
        addRow(means, row, rollup, rollupRow);
      });
    } else {
      const { dayMeans } = await this.#dayMeans(segment, rollup, wanted);
      for (const row of wanted.values()) addRow(means, row, rollup, rowOf(dayMeans, row));
    }
  }

  /** The means of a day on the grid of its rollup: those of the rollup, and of the segment where it has none. */
  async #dayMeans(
    segment: Segment,
    rollup: OpenedRollup | undefined,
    wanted: ReadonlyMap<string, number>,
  ): Promise<{ readonly dayMeans: Means; readonly isWhole: boolean }> {
    const stepMs = rollup?.head.stepMs ?? this.#options.rollupMs;
    const startMs = segment.head.day * DAY_MS;
    const dayMeans = new Means(wanted.size, { startMs, stepMs, steps: stepsOf({ stepMs }) });
    const isWhole = await addMeans(segment, wanted, dayMeans);
    if (rollup !== undefined) {
      await this.#visitRollup(rollup, wanted, (row, { means, counts }) => {
        counts.forEach((count, step) => {
          if (count > 0) dayMeans.set(row, step, { mean: means[step]!, weight: count });
        });
      });
    }
    return { dayMeans, isWhole };
  }

  async #visitRollup(
    rollup: OpenedRollup,
    wanted: ReadonlyMap<string, number>,
    visit: (row: number, rollupRow: RollupRow) => void,
  ): Promise<void> {
    const { series } = rollup.head;
    const found: number[] = [];
    series.forEach((name, at) => {
      if (wanted.has(name)) found.push(at);
    });
    await this.#rollups.read(rollup, found, (at, rollupRow) => {
      visit(wanted.get(series[at]!)!, rollupRow);
    });
  }

  async #rollUp(segment: Segment): Promise<void> {
    if (segment.isEmpty) return;
    const { day } = segment.head;
    const rollup = await this.#rollups.head(day);
    const latestMs = latestBySeries(segment, rollup);
    const series = [...latestMs.keys()];
    const rows: RollupRow[] = [];
    let isWhole = true;
    for (let first = 0; first < series.length; first += BLOCK_SERIES) {
      const block = series.slice(first, first + BLOCK_SERIES);
      const wanted = new Map(block.map((name, row) => [name, row]));
      const part = await this.#dayMeans(segment, rollup, wanted);
      isWhole &&= part.isWhole;
      for (let row = 0; row < block.length; row++) rows.push(rowOf(part.dayMeans, row));
    }
    const stepMs = rollup?.head.stepMs ?? this.#options.rollupMs;
    const head = { day, stepMs, series, latestMs: [...latestMs.values()] };
    await this.#rollups.write(head, (at) => rows[at]!);
    if (isWhole) await segment.remove();
  }
}

function latestBySeries({ contents }: Segment, rollup: OpenedRollup | undefined) {
  const latestMs = new Map<string, number>();
  rollup?.head.series.forEach((name, at) => {
    latestMs.set(name, rollup.head.latestMs[at]!);
  });
  contents.columns.forEach((name, column) => {
    // A column may be known without a row: the write was lost, or the row could not be read.
    const ms = Math.max(contents.latestMsOf(column), latestMs.get(name) ?? -1);
    if (ms >= 0) latestMs.set(name, ms);
  });
  return latestMs;
}

function addRow(
  means: Means,
  row: number,
  { head: { day, stepMs } }: OpenedRollup,
  rollupRow: RollupRow,
): void {
  const dayStartMs = day * DAY_MS;
  for (let step = 0; step < rollupRow.counts.length; step++) {
    const weight = rollupRow.counts[step]!;
    if (weight === 0) continue;
    const fromMs = dayStartMs + step * stepMs;
    means.addSpan(row, { fromMs, toMs: fromMs + stepMs }, { mean: rollupRow.means[step]!, weight });
  }
}

function rowOf(dayMeans: Means, row: number): RollupRow {
  const { steps } = dayMeans.grid;
  const means = new Float32Array(steps);
  const counts = new Uint16Array(steps);
  for (let step = 0; step < steps; step++) {
    const at = step * dayMeans.rows + row;
    const weight = dayMeans.weights[at]!;
    if (weight === 0) continue;
    means[step] = dayMeans.sums[at]! / weight;
    counts[step] = Math.min(weight, COUNT_MAX);
  }
  return { means, counts };
}
