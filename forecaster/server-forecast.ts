import type { Dimension, ServerId } from '../core/domain.js';
import { DIMENSIONS } from '../core/domain.js';
import type { ForecastBlock } from '../core/forecast.js';
import { forecastBlock, meansIn } from '../core/forecast.js';
import type { SeriesKey } from '../core/sample.js';
import { UTILIZATION_MAX, formatSeries } from '../core/sample.js';
import type { AssignmentTable } from '../core/table.js';
import { residentsByServer } from './residents.js';

export interface ServerForecastInputs {
  readonly table: Pick<AssignmentTable, 'entries'>;
  readonly servers: Iterable<ServerId>;
  /** What a server carries besides its resources. */
  readonly baseOf: (server: ServerId, dimension: Dimension) => number;
  /** Undefined: it has no bound in this dimension. */
  readonly capacityOf: (server: ServerId, dimension: Dimension) => number | undefined;
}

/**
 * The forecast of the resources with that of the servers behind it: for each server and dimension in which any
 * of its resources is forecast, the quantiles of the sum by the loadings (core/forecast.ts); and for each server that has a
 * capacity in one of these, those of its utilization. A quantile of the largest share is at least the largest of the shares'
 * quantiles; that is what is said of it.
 */
export function withServers(block: ForecastBlock, inputs: ServerForecastInputs): ForecastBlock {
  const rows = new Map(block.series.map((series, row) => [formatSeries(series), row]));
  const residents = residentsByServer(inputs.table);
  const sums = [...inputs.servers].flatMap((server) => {
    const resources = residents.get(server) ?? [];
    return DIMENSIONS.flatMap((dimension) => {
      const parts = resources.flatMap((id) => {
        const row = rows.get(formatSeries({ subject: 'resource', id, metric: dimension }));
        return row === undefined ? [] : [row];
      });
      const key: SeriesKey = { subject: 'server', id: server, metric: dimension };
      const base = inputs.baseOf(server, dimension);
      return parts.length === 0 ? [] : [{ key, server, dimension, parts, base }];
    });
  });
  const shares = sharesIn(sums, block.series.length, inputs);
  const series = [...block.series, ...[...sums, ...shares].map(({ key }) => key)];
  const { quantiles, factors } = block;
  const whole = forecastBlock(series, block.grid, { quantiles, factors });
  whole.paths.set(block.paths);
  whole.peaks.set(block.peaks);
  whole.loadings.set(block.loadings);
  for (const [index, { parts, base }] of sums.entries()) {
    addSum(whole, block.series.length + index, parts, base);
  }
  for (const [index, { parts }] of shares.entries()) {
    addLargest(whole, block.series.length + sums.length + index, parts);
  }
  return whole;
}

/** A row of a server, and what it stands for as a share of one of its capacities. */
interface Share {
  readonly row: number;
  readonly capacity: number;
}

/** The servers' utilizations, each by those of its sums that have a bound. The sums begin at row `from`. */
function sharesIn(
  sums: readonly { readonly server: ServerId; readonly dimension: Dimension }[],
  from: number,
  { capacityOf }: ServerForecastInputs,
): { readonly key: SeriesKey; readonly parts: readonly Share[] }[] {
  const shares = new Map<ServerId, Share[]>();
  for (const [index, { server, dimension }] of sums.entries()) {
    const capacity = capacityOf(server, dimension);
    if (capacity === undefined) continue;
    const known = shares.get(server) ?? [];
    shares.set(server, [...known, { row: from + index, capacity }]);
  }
  return [...shares].map(([id, parts]) => ({
    key: { subject: 'server', id, metric: 'utilization' },
    parts,
  }));
}

function addLargest(block: ForecastBlock, row: number, parts: readonly Share[]): void {
  const { quantiles, grid, paths, peaks } = block;
  const size = quantiles.length * grid.steps;
  for (let at = 0; at < size; at++) {
    paths[row * size + at] = largest(parts, (part) => paths[part * size + at] ?? 0);
  }
  for (let at = 0; at < quantiles.length; at++) {
    peaks[row * quantiles.length + at] = largest(
      parts,
      (part) => peaks[part * quantiles.length + at] ?? 0,
    );
  }
}

function largest(parts: readonly Share[], valueOf: (row: number) => number): number {
  const most = parts.reduce((max, { row, capacity }) => Math.max(max, valueOf(row) / capacity), 0);
  return Math.min(most, UTILIZATION_MAX);
}

/**
 * Σ m ± √( Σ_f (Σ loading_f · d)² + Σ (1 − Σ_f loading_f²) · d² ): a sum of many parts is hardly skewed any more, so the larger
 * of the spreads to both sides stands for both, the more the more parts there are; the median of one part stays what it is.
 * The peak is the highest step and what the parts' own peaks, forecast directly, are above their highest steps: when each
 * has its highest is chance, so that it adds up as spreads do.
 */
function addSum(block: ForecastBlock, row: number, parts: readonly number[], base: number): void {
  const { quantiles, grid, paths, peaks } = block;
  const { steps } = grid;
  const width = quantiles.length;
  const meanOf = meansIn(block);
  for (let step = 0; step < steps; step++) {
    const means = parts.map((part) => meanOf(part, step));
    const mean = means.reduce((sum, value) => sum + value, base);
    const spreads = quantiles.map((_, quantile) =>
      parts.map(
        (part, index) =>
          (paths[(part * width + quantile) * steps + step] ?? 0) - (means[index] ?? 0),
      ),
    );
    const values = quantiles.map((quantile, at) => {
      const own = spreads[at] ?? [];
      const other = spreads[width - 1 - at] ?? own;
      const spread =
        quantile === 0.5 ? shiftOf(own, spreads) : sumOfSpreads(block, parts, evened(own, other));
      return Math.max(0, mean + spread);
    });
    for (const [quantile, value] of inOrder(values, quantiles).entries()) {
      paths[(row * width + quantile) * steps + step] = value;
    }
  }
  const tops = quantiles.map((_, quantile) => {
    const above = parts.map((part) =>
      Math.max(0, (peaks[part * width + quantile] ?? 0) - highestOf(block, part, quantile)),
    );
    return highestOf(block, row, quantile) + sumOfSpreads(block, parts, above);
  });
  peaks.set(inOrder(tops, quantiles), row * width);
}

/** Spreads to one side, each drawn to the larger one of its two sides: by 1 − 1/√n where n parts are alike. */
function evened(own: readonly number[], other: readonly number[]): number[] {
  const larger = own.map((spread, at) => Math.max(Math.abs(spread), Math.abs(other[at] ?? 0)));
  const squares = larger.map((spread) => spread * spread);
  const skewed = Math.hypot(...squares) / Math.max(Number.MIN_VALUE, sumOf(squares));
  return own.map((spread, at) => {
    const square = skewed * spread * spread + (1 - skewed) * (squares[at] ?? 0);
    return Math.sign(spread) * Math.sqrt(square);
  });
}

/** By how much the median of the sum is off its mean: what the parts' are, by their shares of the variance. */
function shiftOf(shifts: readonly number[], spreads: readonly (readonly number[])[]): number {
  const [low = [], high = []] = [spreads[0], spreads[spreads.length - 1]];
  const variances = shifts.map((_, at) => ((high[at] ?? 0) - (low[at] ?? 0)) ** 2);
  const weighted = shifts.map((shift, at) => shift * (variances[at] ?? 0));
  return sumOf(weighted) / Math.max(Number.MIN_VALUE, sumOf(variances));
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** What errors of the parts come to together, by what they have in common; below 0 if most are. */
function sumOfSpreads(
  { factors, loadings }: ForecastBlock,
  parts: readonly number[],
  spreads: readonly number[],
): number {
  const common = new Float64Array(factors);
  let own = 0;
  let side = 0;
  for (const [index, part] of parts.entries()) {
    const spread = spreads[index] ?? 0;
    let explained = 0;
    for (let factor = 0; factor < factors; factor++) {
      const loading = loadings[part * factors + factor] ?? 0;
      common[factor] = (common[factor] ?? 0) + loading * spread;
      explained += loading * loading;
    }
    own += Math.max(0, 1 - explained) * spread * spread;
    side += spread;
  }
  return Math.sign(side) * Math.sqrt(common.reduce((sum, value) => sum + value * value, own));
}

/** Loadings of both signs may cancel more on one side than in the middle: quantiles are in order all the same. */
function inOrder(values: readonly number[], quantiles: readonly number[]): number[] {
  const ordered = [...values];
  const middle = quantiles.indexOf(0.5);
  for (let at = middle + 1; at < ordered.length; at++) {
    ordered[at] = Math.max(ordered[at] ?? 0, ordered[at - 1] ?? 0);
  }
  for (let at = middle - 1; at >= 0; at--) {
    ordered[at] = Math.min(ordered[at] ?? 0, ordered[at + 1] ?? 0);
  }
  return ordered;
}

function highestOf({ quantiles, grid, paths }: ForecastBlock, row: number, quantile: number) {
  const from = (row * quantiles.length + quantile) * grid.steps;
  return paths.subarray(from, from + grid.steps).reduce((most, value) => Math.max(most, value), 0);
}
