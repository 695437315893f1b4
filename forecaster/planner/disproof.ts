import type { ForecastBlock } from '../../core/forecast.js';
import { meansIn } from '../../core/forecast.js';
import type { Grid } from '../../core/panel.js';
import type { Disproved } from '../../core/plan.js';
import type { Metric } from '../../core/sample.js';
import type { Slices } from '../../core/threads/slices.js';
import { eachOf } from '../../core/threads/slices.js';

/**
 * A fleet carries so much more than if each resource were at its P90: a forecast that is right hardly ever says so little,
 * whatever moves with whatever (in 6 of 1,400 rounds of the replays, docs/REPLAY.md).
 */
const EXCESS = 1.15;
/**
 * Fewer of the resources are between their P10 and P90, where four of five should be. Of 2,098 judgements in the replays no
 * true forecast had less than 0.40, and none that was spoilt on bitbrains-5min-dev more than 0.33.
 */
const BORNE_OUT_MIN = 0.4;
/** A band may have no width. */
const TOLERANCE = 1e-3;
const LOW = 0.1;
const HIGH = 0.9;
/** Of fewer a single burst is much of the whole. */
const RESOURCES_MIN = 20;
/** What is ten times wrong says nothing of the shape either. */
const FACTOR_MAX = 10;
const SERIES_A_SLICE = 1000;

/** What to plan by. */
export interface Believed {
  /** The same block as was given if nothing is disproved. */
  readonly forecast: ForecastBlock;
  /** The last measured value of each series; NaN: not known. */
  readonly last: Float32Array;
  readonly disproved: readonly Disproved[];
}

/** A metric of all resources: what it is, and what is said of the step that has begun. */
interface Judgement {
  count: number;
  last: number;
  mean: number;
  high: number;
  /** Resources that are between their P10 and P90. */
  borneOut: number;
}

/**
 * A forecast is disproved that is far below what is measured now, or elsewhere for most resources. It keeps its shape, but goes on from
 * where the load is; if most are elsewhere then, too, all is expected to stay as it is. Else servers that are full would be left alone, and others
 * filled. Only whole fleets are judged, each metric by itself: what one resource does in a step says nothing.
 *
 * A step that all of a fleet takes at once is disproved in the round before it, though it was foreseen: those before had planned for it.
 * @param last the last measured value of each series; NaN: not known, which counts on neither side
 * @param nowMs of its steps the one then is judged: it may be of an earlier round
 */
export function* borneOut(
  forecast: ForecastBlock,
  last: Float32Array,
  nowMs: number,
): Slices<Believed> {
  const factors = new Map<Metric, number>();
  const elsewhere: Metric[] = [];
  for (const [metric, judgement] of yield* judgementsOf(forecast, last, nowMs)) {
    if (isElsewhere(judgement)) elsewhere.push(metric);
    else if (!isTooLow(judgement)) continue;
    factors.set(metric, factorOf(judgement));
  }
  if (factors.size === 0) return { forecast, last, disproved: [] };
  const scaled = { ...forecast, paths: forecast.paths.slice(), peaks: forecast.peaks.slice() };
  yield;
  yield* scale(scaled, factors);
  const judged = elsewhere.length === 0 ? undefined : yield* judgementsOf(scaled, last, nowMs);
  const shapeless = new Set(elsewhere.filter((metric) => isElsewhere(judged?.get(metric))));
  return {
    forecast: shapeless.size === 0 ? scaled : yield* stayed(scaled, last, shapeless),
    last,
    disproved: [...factors].map(([metric, factor]) => ({
      metric,
      factor: shapeless.has(metric) ? null : factor,
    })),
  };
}

function* judgementsOf(
  forecast: ForecastBlock,
  last: Float32Array,
  nowMs: number,
): Slices<Map<Metric, Judgement>> {
  const { series, paths, quantiles, grid } = forecast;
  const [low, high] = [quantiles.indexOf(LOW), quantiles.indexOf(HIGH)];
  const meanOf = meansIn(forecast);
  const judgements = new Map<Metric, Judgement>();
  if (low === -1 || high === -1 || grid.steps === 0) return judgements;
  const step = stepAt(grid, nowMs);
  const saidOf = (row: number, quantile: number): number =>
    paths[(row * quantiles.length + quantile) * grid.steps + step] ?? NaN;
  yield* eachOf(series, SERIES_A_SLICE, ({ subject, metric }, row) => {
    const value = last[row] ?? NaN;
    if (subject !== 'resource' || Number.isNaN(value)) return;
    const highest = saidOf(row, high);
    // Of what does nothing it is no feat to say so.
    if (value === 0 && highest === 0) return;
    const judgement = judgements.get(metric) ?? {
      count: 0,
      last: 0,
      mean: 0,
      high: 0,
      borneOut: 0,
    };
    const slack = TOLERANCE * highest;
    judgement.count++;
    judgement.last += value;
    judgement.mean += meanOf(row, step);
    judgement.high += highest;
    if (value >= saidOf(row, low) - slack && value <= highest + slack) judgement.borneOut++;
    judgements.set(metric, judgement);
  });
  return judgements;
}

/** Of those of a grid the nearest. */
function stepAt({ startMs, stepMs, steps }: Grid, nowMs: number): number {
  return Math.min(steps - 1, Math.max(0, Math.floor((nowMs - startMs) / stepMs)));
}

function isTooLow({ count, last, mean, high }: Judgement): boolean {
  return count >= RESOURCES_MIN && mean > 0 && last > EXCESS * high;
}

function isElsewhere(judgement: Judgement | undefined): boolean {
  if (judgement === undefined || judgement.count < RESOURCES_MIN) return false;
  return judgement.borneOut < BORNE_OUT_MIN * judgement.count;
}

function factorOf({ last, mean }: Judgement): number {
  if (mean <= 0) return 1;
  return Math.min(FACTOR_MAX, Math.max(1 / FACTOR_MAX, last / mean));
}

/** In place. */
function* scale(
  { series, quantiles, grid: { steps }, paths, peaks }: ForecastBlock,
  factors: ReadonlyMap<Metric, number>,
): Slices<void> {
  const width = quantiles.length;
  yield* eachOf(series, SERIES_A_SLICE, ({ subject, metric }, row) => {
    const factor = subject === 'resource' ? factors.get(metric) : undefined;
    if (factor === undefined) return;
    for (let at = row * width * steps; at < (row + 1) * width * steps; at++) paths[at]! *= factor;
    for (let at = row * width; at < (row + 1) * width; at++) peaks[at]! *= factor;
  });
}

/** With resources of these metrics as they were last, for certain: what was not measured is as was said. */
function* stayed(
  forecast: ForecastBlock,
  last: Float32Array,
  metrics: ReadonlySet<Metric>,
): Slices<ForecastBlock> {
  const { series, quantiles, grid, factors, paths, peaks } = forecast;
  const loadings = forecast.loadings.slice();
  const width = quantiles.length;
  yield* eachOf(series, SERIES_A_SLICE, ({ subject, metric }, row) => {
    const value = last[row] ?? NaN;
    if (subject !== 'resource' || !metrics.has(metric) || Number.isNaN(value)) return;
    paths.fill(value, row * width * grid.steps, (row + 1) * width * grid.steps);
    peaks.fill(value, row * width, (row + 1) * width);
    loadings.fill(0, row * factors, (row + 1) * factors);
  });
  return { ...forecast, loadings };
}
