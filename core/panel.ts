import { strict as assert } from 'node:assert';
import { z } from 'zod';
import type { SeriesKey } from './sample.js';

/** A regular grid of time: step k covers [startMs + k·stepMs, startMs + (k + 1)·stepMs). */
export const gridSchema = z.object({
  startMs: z.number(),
  stepMs: z.number(),
  steps: z.number(),
});
export type Grid = Readonly<z.output<typeof gridSchema>>;

/**
 * Many series on one grid, series-major: the value of series s at step k is `values[s · steps + k]`.
 * NaN is a gap. Treated as immutable by everyone who is handed one.
 */
export interface Panel {
  readonly series: readonly SeriesKey[];
  readonly grid: Grid;
  readonly values: Float32Array;
}

/** A part of a panel's series: indices `from` up to, not including, `to`. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** @param values default all gaps */
export function panelOf(
  series: readonly SeriesKey[],
  grid: Grid,
  values: Float32Array = new Float32Array(series.length * grid.steps).fill(NaN),
): Panel {
  assert.equal(values.length, series.length * grid.steps, 'a panel has steps values a series');
  return { series, grid, values };
}

/** The values of one series: a view, not a copy. */
export function rowOf({ grid, values }: Panel, series: number): Float32Array {
  return values.subarray(series * grid.steps, (series + 1) * grid.steps);
}

/** The last value of a series that was measured; NaN: none was. */
export function lastIn(panel: Panel, series: number): number {
  const { grid, values } = panel;
  const from = series * grid.steps;
  for (let at = from + grid.steps - 1; at >= from; at--) {
    const value = values[at] ?? NaN;
    if (Number.isFinite(value)) return value;
  }
  return NaN;
}

export function endMsOf({ startMs, stepMs, steps }: Grid): number {
  return startMs + stepMs * steps;
}

/** The last `steps` steps that are over at `nowMs`, aligned to whole multiples of the step. */
export function gridBefore(nowMs: number, stepMs: number, steps: number): Grid {
  return { startMs: Math.floor(nowMs / stepMs) * stepMs - steps * stepMs, stepMs, steps };
}
