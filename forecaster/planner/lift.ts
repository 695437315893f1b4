import type { ForecastBlock } from '../../core/forecast.js';
import { meansIn } from '../../core/forecast.js';
import type { Metric } from '../../core/sample.js';
import type { Slices } from '../../core/threads/slices.js';
import { eachOf } from '../../core/threads/slices.js';

/**
 * A fleet carries so much more than if each resource were at its P90: a forecast that is right hardly ever says so little,
 * whatever moves with whatever (in 6 of 1,400 rounds of the replays, docs/REPLAY.md).
 */
const DISPROOF = 1.15;
const HIGH = 0.9;
/** Of fewer a single burst is much of the whole. */
const RESOURCES_MIN = 20;
/** What says less than a tenth says nothing of the shape either. */
const FACTOR_MAX = 10;
const SERIES_A_SLICE = 1000;

/** A metric of all resources: what it is, and what is said of the next step. */
interface Sums {
  count: number;
  last: number;
  mean: number;
  high: number;
}

/**
 * A forecast that begins far below what is measured is disproved. It keeps its shape, but begins where the load is: else
 * nothing would be moved off servers that are full already. Only whole fleets are judged, each metric by itself: what one
 * resource does in a step says nothing. What begins too high stays, since what it foresees may come true.
 * @param last the last measured value of each series; NaN: not known, which counts on neither side
 * @returns the same block if nothing is disproved
 */
export function* lifted(forecast: ForecastBlock, last: Float32Array): Slices<ForecastBlock> {
  const factors = yield* factorsOf(forecast, last);
  return factors.size === 0 ? forecast : yield* raised(forecast, factors);
}

/** By metric, how much higher the load is than what is said of it; those that are not disproved are left out. */
function* factorsOf(forecast: ForecastBlock, last: Float32Array): Slices<Map<Metric, number>> {
  const { series, paths, quantiles, grid } = forecast;
  const high = quantiles.indexOf(HIGH);
  const meanOf = meansIn(forecast);
  const sums = new Map<Metric, Sums>();
  if (high === -1 || grid.steps === 0) return new Map();
  yield* eachOf(series, SERIES_A_SLICE, ({ subject, metric }, row) => {
    const value = last[row] ?? NaN;
    if (subject !== 'resource' || Number.isNaN(value)) return;
    const sum = sums.get(metric) ?? { count: 0, last: 0, mean: 0, high: 0 };
    sum.count++;
    sum.last += value;
    sum.mean += meanOf(row, 0);
    sum.high += paths[(row * quantiles.length + high) * grid.steps] ?? NaN;
    sums.set(metric, sum);
  });
  const disproved = [...sums].filter(
    ([, sum]) => sum.count >= RESOURCES_MIN && sum.mean > 0 && sum.last > DISPROOF * sum.high,
  );
  return new Map(
    disproved.map(([metric, sum]) => [metric, Math.min(FACTOR_MAX, sum.last / sum.mean)]),
  );
}

function* raised(
  forecast: ForecastBlock,
  factors: ReadonlyMap<Metric, number>,
): Slices<ForecastBlock> {
  const { series, quantiles, grid } = forecast;
  const paths = forecast.paths.slice();
  const peaks = forecast.peaks.slice();
  const width = quantiles.length;
  yield;
  yield* eachOf(series, SERIES_A_SLICE, ({ subject, metric }, row) => {
    const factor = subject === 'resource' ? factors.get(metric) : undefined;
    if (factor === undefined) return;
    for (let at = row * width * grid.steps; at < (row + 1) * width * grid.steps; at++) {
      paths[at]! *= factor;
    }
    for (let at = row * width; at < (row + 1) * width; at++) peaks[at]! *= factor;
  });
  return { ...forecast, paths, peaks };
}
