import type { ForecastBlock } from '../../core/forecast.js';
import { fail } from '../../core/errors.js';
import { meansIn } from '../../core/forecast.js';
import { formatSeries } from '../../core/sample.js';
import type { Demand } from './problem.js';
import { CERTAIN } from './problem.js';
import { TailSpreads } from './tail.js';

/** Which series of a forecast say what a resource needs. */
export interface DemandRows {
  readonly resources: number;
  readonly dimensions: number;
  /** The series at `r · dimensions + d`; −1: not known. */
  readonly series: Int32Array;
}

/** Beyond this no load is believed: bytes of a planet, and squares of it still fit into a float. */
const VALUE_MAX = 1e15;

/**
 * What the resources need at one quantile, 0.5 < `quantile` < 1 or below. A forecast carries few quantiles;
 * between and beyond them the spread around the mean follows the normal distribution.
 * @param known the same at another quantile: the means are the same at all
 * @param tail what is known of the highest step widens the spread of every step (`tail.ts`)
 * @throws ERR_PLANNING_INVALID — a value that no load can have
 */
export function demandAt(
  forecast: ForecastBlock,
  rows: DemandRows,
  quantile: number,
  { known, tail = false }: { readonly known?: Demand; readonly tail?: boolean } = {},
): Demand {
  const demand =
    known === undefined
      ? meanDemand(forecast, rows)
      : certain(known.steps, known.cells, known.mean);
  const nearest = nearestQuantile(forecast.quantiles, quantile);
  const z = normalQuantile(quantile);
  if (nearest === undefined || z === 0) return demand;
  const scale = Math.fround(z / normalQuantile(forecast.quantiles[nearest]!));
  const spreads = spreadsOf(forecast, rows, { known: nearest, scale, tailScale: tail ? z : 0 });
  return spreads === null ? demand : { ...demand, ...spreads, sign: z > 0 ? 1 : -1 };
}

/** What the resources need if the load stays what it was last; the median of the first step where that is not known. */
export function lastDemand(forecast: ForecastBlock, rows: DemandRows, last: Float32Array): Demand {
  const demand = emptyDemand(rows, 1);
  const { paths, quantiles, grid } = forecast;
  const middle = medianIndex(forecast);
  forEachRow(rows, (series, resource, dimension) => {
    const value = last[series]!;
    const first = paths[(series * quantiles.length + middle) * grid.steps]!;
    demand.mean[resource * demand.cells + dimension] = Number.isNaN(value)
      ? first
      : checked(value, forecast, series);
  });
  return assumeUnknown(demand, rows);
}

/** The load of one resource on its own in a cell, at the demand's quantile. */
export function loadOf(demand: Demand, resource: number, cell: number): number {
  const { cells, factors } = demand;
  const at = resource * cells + cell;
  if (factors === CERTAIN) return demand.mean[at]!;
  let variance = demand.own[at]!;
  for (let factor = 0; factor < factors; factor++) {
    const part = demand.common[(resource * factors + factor) * cells + cell]!;
    variance += part * part;
  }
  const load = demand.mean[at]! + demand.sign * Math.sqrt(variance);
  return load > 0 ? load : 0;
}

function meanDemand(forecast: ForecastBlock, rows: DemandRows): Demand {
  const { steps } = forecast.grid;
  const demand = emptyDemand(rows, steps);
  const meanOf = meansIn(forecast);
  medianIndex(forecast);
  forEachRow(rows, (series, resource, dimension) => {
    const to = resource * demand.cells + dimension * steps;
    for (let step = 0; step < steps; step++) {
      demand.mean[to + step] = checked(meanOf(series, step), forecast, series);
    }
  });
  return assumeUnknown(demand, rows);
}

function emptyDemand({ resources, dimensions }: DemandRows, steps: number): Demand {
  const cells = dimensions * steps;
  return certain(steps, cells, new Float32Array((resources + 1) * cells));
}

/** Without any spread. */
function certain(steps: number, cells: number, mean: Float32Array): Demand {
  const none = new Float32Array(0);
  return { steps, cells, mean, own: none, common: none, factors: CERTAIN, sign: 1 };
}

/** A resource that nothing is known of counts as the mean of the others: absence does not read as zero. */
function assumeUnknown(demand: Demand, rows: DemandRows): Demand {
  const { cells, mean } = demand;
  const unknown: number[] = [];
  const assumed = new Float64Array(cells);
  for (let resource = 0; resource < rows.resources; resource++) {
    if (!isKnown(rows, resource)) {
      unknown.push(resource);
      continue;
    }
    for (let cell = 0; cell < cells; cell++) assumed[cell]! += mean[resource * cells + cell]!;
  }
  const count = rows.resources - unknown.length;
  if (count === 0) return demand;
  for (let cell = 0; cell < cells; cell++) assumed[cell]! /= count;
  for (const resource of unknown) mean.set(assumed, resource * cells);
  return demand;
}

/** Any dimension of the resource is forecast. */
export function isKnown({ series, dimensions }: DemandRows, resource: number): boolean {
  for (let dimension = 0; dimension < dimensions; dimension++) {
    if (series[resource * dimensions + dimension]! >= 0) return true;
  }
  return false;
}

/** Null: no resource has any, the forecast is certain. */
function spreadsOf(
  forecast: ForecastBlock,
  rows: DemandRows,
  {
    known,
    scale,
    tailScale,
  }: { readonly known: number; readonly scale: number; readonly tailScale: number },
): Pick<Demand, 'own' | 'common' | 'factors'> | null {
  const { paths, quantiles, grid, loadings } = forecast;
  // With none at all there is one that nothing is loaded on: sums have one form.
  const factors = Math.max(1, forecast.factors);
  const meanOf = meansIn(forecast);
  const { steps } = grid;
  const cells = rows.dimensions * steps;
  const own = new Float32Array((rows.resources + 1) * cells);
  const common = new Float32Array((rows.resources + 1) * factors * cells);
  const spreads = new Float64Array(steps);
  const means = new Float64Array(steps);
  const deviations = new Float64Array(steps);
  const tails = tailScale > 0 ? TailSpreads.of(forecast) : undefined;
  let widest = 0;
  forEachRow(rows, (series, resource, dimension) => {
    const outer = (series * quantiles.length + known) * steps;
    const ownShare = ownShareOf(forecast, series);
    const from = resource * cells + dimension * steps;
    for (let step = 0; step < steps; step++) means[step] = meanOf(series, step);
    tails?.fill(series, means, deviations);
    for (let step = 0; step < steps; step++) {
      const value = checked(paths[outer + step]!, forecast, series);
      const tail = checked(deviations[step]!, forecast, series) * tailScale;
      const spread = Math.max(Math.abs(value - means[step]!) * scale, tail);
      spreads[step] = spread;
      widest = Math.max(widest, spread, -spread);
      own[from + step] = ownShare * spread * spread;
    }
    for (let factor = 0; factor < forecast.factors; factor++) {
      const loading = loadings[series * factors + factor]!;
      const to = (resource * factors + factor) * cells + dimension * steps;
      for (let step = 0; step < steps; step++) {
        common[to + step] = loading * spreads[step]!;
      }
    }
  });
  return widest === 0 ? null : { own, common, factors };
}

/** 1 − Σ loading²: the share of a series' variance that is its own. */
function ownShareOf({ loadings, factors, series: keys }: ForecastBlock, series: number): number {
  let common = 0;
  for (let factor = 0; factor < factors; factor++) {
    const loading = loadings[series * factors + factor]!;
    if (!(Math.abs(loading) <= 1)) {
      return fail('ERR_PLANNING_INVALID', {
        what: formatSeries(keys[series]!),
        why: `a loading of ${loading} is not between -1 and 1`,
      });
    }
    common += loading * loading;
  }
  return Math.max(0, 1 - common);
}

function forEachRow(
  { resources, dimensions, series }: DemandRows,
  visit: (series: number, resource: number, dimension: number) => void,
): void {
  for (let resource = 0; resource < resources; resource++) {
    for (let dimension = 0; dimension < dimensions; dimension++) {
      const at = series[resource * dimensions + dimension]!;
      if (at >= 0) visit(at, resource, dimension);
    }
  }
}

function checked(value: number, { series: keys }: ForecastBlock, series: number): number {
  if (value >= 0 && value <= VALUE_MAX) return value;
  return fail('ERR_PLANNING_INVALID', {
    what: formatSeries(keys[series]!),
    why: `a load of ${value} is not between 0 and ${VALUE_MAX}`,
  });
}

function medianIndex({ quantiles }: ForecastBlock): number {
  const at = quantiles.indexOf(0.5);
  return at >= 0
    ? at
    : fail('ERR_PLANNING_INVALID', { what: 'the forecast', why: 'it has no median' });
}

/** The quantile of the forecast that is nearest to `wanted`, on the same side of the median. */
function nearestQuantile(quantiles: readonly number[], wanted: number): number | undefined {
  let best: number | undefined;
  for (const [at, quantile] of quantiles.entries()) {
    if ((quantile - 0.5) * (wanted - 0.5) <= 0) continue;
    const isNearer =
      best === undefined || Math.abs(quantile - wanted) < Math.abs(quantiles[best]! - wanted);
    if (isNearer) best = at;
  }
  return best;
}

/**
 * The standard normal quantile, seven digits: M. J. Wichura, Algorithm AS 241 (PPND7), Applied Statistics
 * 37 (1988). @param p between 0 and 1
 */
export function normalQuantile(p: number): number {
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    const above = ((59.10937472 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179;
    const below = ((67.1875636 * r + 78.757757664) * r + 17.895169469) * r + 1;
    return (q * above) / below;
  }
  const r = Math.sqrt(-Math.log(q < 0 ? p : 1 - p));
  const tail =
    r <= 5
      ? ratio(
          r - 1.6,
          [1.4234372777, 2.75681539, 1.3067284816, 0.17023821103],
          [0.7370016425, 0.12021132975],
        )
      : ratio(
          r - 5,
          [6.657905115, 3.081226386, 0.42868294337, 0.017337203997],
          [0.24197894225, 0.012258202635],
        );
  return q < 0 ? -tail : tail;
}

function ratio(
  r: number,
  above: readonly [number, number, number, number],
  below: readonly [number, number],
): number {
  const top = ((above[3] * r + above[2]) * r + above[1]) * r + above[0];
  return top / ((below[1] * r + below[0]) * r + 1);
}
