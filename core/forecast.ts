import { strict as assert } from 'node:assert';
import type { Grid } from './panel.js';
import type { SeriesKey } from './sample.js';

/** The quantiles that every forecast carries, ascending. */
export const QUANTILES = [0.1, 0.5, 0.9] as const;

/**
 * What may compute the neural forecaster, fastest first. native: TensorFlow by its binary, where that is
 * installed; wasm: anywhere; cpu: plain JavaScript.
 */
export const BACKENDS = ['native', 'wasm', 'cpu'] as const;
export type Backend = (typeof BACKENDS)[number];

/**
 * Where a model writes its answer: for each series the quantiles of each step, and of the peak over the
 * horizon. Layout, with S series, Q quantiles, H steps, F factors:
 * `paths[(s · Q + q) · H + h]`, `peaks[s · Q + q]`, `loadings[s · F + f]`.
 *
 * Sums of quantiles are not quantiles of sums: errors of different resources partly cancel, and loads are skewed, so that
 * sums gather around the sum of the means, above that of the medians. A loading is the share (−1…1) of a series' error that
 * moves with common factor f; the rest is its own. With m the mean (`meansIn`) and the spread d = Q(q) − m, the
 * quantile of a sum over a server is
 *   Σ m ± √( Σ_f (Σ loading_f · d)² + Σ (1 − Σ_f loading_f²) · d² ), with the sign of Σ d.
 */
export interface ForecastBlock {
  readonly series: readonly SeriesKey[];
  /** The steps that are forecast: it starts where the history ended. */
  readonly grid: Grid;
  readonly quantiles: readonly number[];
  readonly factors: number;
  readonly paths: Float32Array;
  readonly peaks: Float32Array;
  readonly loadings: Float32Array;
}

export function forecastBlock(
  series: readonly SeriesKey[],
  grid: Grid,
  { quantiles = QUANTILES, factors = 1 }: { quantiles?: readonly number[]; factors?: number } = {},
): ForecastBlock {
  const rows = series.length * quantiles.length;
  return {
    series,
    grid,
    quantiles,
    factors,
    paths: new Float32Array(rows * grid.steps),
    peaks: new Float32Array(rows),
    loadings: new Float32Array(series.length * factors),
  };
}

/** One quantile's path of one series: a view, not a copy. */
export function pathOf(block: ForecastBlock, series: number, quantile: number): Float32Array {
  const at = block.quantiles.indexOf(quantile);
  assert.ok(at >= 0, 'the block carries this quantile');
  const row = series * block.quantiles.length + at;
  return block.paths.subarray(row * block.grid.steps, (row + 1) * block.grid.steps);
}

/** 1 ÷ 2z², with z the standard normal quantile of 0.9. */
const MEAN_SHARE = 0.304437;

/**
 * The mean of a series in a step, by its median and how unevenly P10 and P90 lie around it (the first terms of Cornish and
 * Fisher 1938; Swanson's rule): Q(0.5) + (Q(0.9) + Q(0.1) − 2·Q(0.5)) ÷ 2z². The median where the block has no P10 and P90.
 */
export function meansIn({
  paths,
  quantiles,
  grid: { steps },
}: ForecastBlock): (series: number, step: number) => number {
  const [low, middle, high] = [0.1, 0.5, 0.9].map((quantile) => quantiles.indexOf(quantile));
  const width = quantiles.length;
  const at = (series: number, quantile: number | undefined, step: number): number =>
    paths[(series * width + (quantile ?? -1)) * steps + step] ?? NaN;
  if (low === -1 || high === -1) return (series, step) => at(series, middle, step);
  return (series, step) => {
    const median = at(series, middle, step);
    return median + MEAN_SHARE * (at(series, high, step) + at(series, low, step) - 2 * median);
  };
}

/** The rows of resources, which stand before those of servers: views, not copies. */
export function resourcesOnly(block: ForecastBlock): ForecastBlock {
  const end = block.series.findIndex(({ subject }) => subject !== 'resource');
  const count = end < 0 ? block.series.length : end;
  const rows = count * block.quantiles.length;
  return {
    ...block,
    series: block.series.slice(0, count),
    paths: block.paths.subarray(0, rows * block.grid.steps),
    peaks: block.peaks.subarray(0, rows),
    loadings: block.loadings.subarray(0, count * block.factors),
  };
}

/** Asserts what every forecast promises: finite, not negative, quantiles in order. */
export function assertSound(block: ForecastBlock): void {
  const { paths, peaks, quantiles, grid } = block;
  const perSeries = quantiles.length * grid.steps;
  for (let at = 0; at < paths.length; at++) {
    const value = paths[at] ?? NaN;
    assert.ok(Number.isFinite(value) && value >= 0, 'a forecast is finite and not negative');
    const isLowest = at % perSeries < grid.steps;
    assert.ok(isLowest || value >= (paths[at - grid.steps] ?? NaN), 'quantile paths do not cross');
  }
  for (let at = 0; at < peaks.length; at++) {
    const value = peaks[at] ?? NaN;
    assert.ok(Number.isFinite(value) && value >= 0, 'a peak is finite and not negative');
    const isLowest = at % quantiles.length === 0;
    assert.ok(isLowest || value >= (peaks[at - 1] ?? NaN), 'quantiles of the peak are in order');
  }
}
