import type { Dimension, ServerId } from '../core/domain.js';
import { DIMENSIONS } from '../core/domain.js';
import type { ForecastBlock } from '../core/forecast.js';
import { forecastBlock } from '../core/forecast.js';
import type { SeriesKey } from '../core/sample.js';
import { UTILIZATION_MAX, formatSeries } from '../core/sample.js';
import type { AssignmentTable } from '../core/table.js';

export interface ServerForecastInputs {
  readonly table: AssignmentTable;
  readonly servers: Iterable<ServerId>;
  /** What a server carries besides its resources. */
  readonly baseOf: (server: ServerId, dimension: Dimension) => number;
  /** Undefined: it has no bound in this dimension. */
  readonly capacityOf: (server: ServerId, dimension: Dimension) => number | undefined;
}

/**
 * The forecast of the resources with that of the servers behind it: for each server and dimension in which any
 * of its resources is forecast, the quantiles of the sum by the loadings (core/forecast.ts); and for each server that has a
 * capacity in one of these, those of its utilization. The peak of a sum is at least its highest step, and a quantile of the
 * largest share at least the largest of the shares' quantiles; that is what is said of them.
 */
export function withServers(block: ForecastBlock, inputs: ServerForecastInputs): ForecastBlock {
  const rows = new Map(block.series.map((series, row) => [formatSeries(series), row]));
  const sums = [...inputs.servers].flatMap((server) => {
    const resources = inputs.table.resourcesOn(server);
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

/** Σ Q(0.5) ± √( Σ_f (Σ loading_f · d)² + Σ (1 − Σ_f loading_f²) · d² ), with d = Q(q) − Q(0.5). */
function addSum(block: ForecastBlock, row: number, parts: readonly number[], base: number): void {
  const { quantiles, factors, grid, paths, loadings } = block;
  const steps = grid.steps;
  const middle = quantiles.indexOf(0.5);
  const at = (part: number, quantile: number, step: number): number =>
    paths[(part * quantiles.length + quantile) * steps + step] ?? 0;
  for (let step = 0; step < steps; step++) {
    const median = parts.reduce((sum, part) => sum + at(part, middle, step), base);
    for (let quantile = 0; quantile < quantiles.length; quantile++) {
      let own = 0;
      const common = new Float64Array(factors);
      for (const part of parts) {
        const spread = at(part, quantile, step) - at(part, middle, step);
        let explained = 0;
        for (let factor = 0; factor < factors; factor++) {
          const loading = loadings[part * factors + factor] ?? 0;
          common[factor] = (common[factor] ?? 0) + loading * spread;
          explained += loading * loading;
        }
        own += Math.max(0, 1 - explained) * spread * spread;
      }
      const spread = Math.sqrt(common.reduce((sum, value) => sum + value * value, own));
      const value = Math.max(0, quantile < middle ? median - spread : median + spread);
      paths[(row * quantiles.length + quantile) * steps + step] =
        quantile === middle ? median : value;
    }
  }
  for (let quantile = 0; quantile < quantiles.length; quantile++) {
    let peak = 0;
    for (let step = 0; step < steps; step++) peak = Math.max(peak, at(row, quantile, step));
    block.peaks[row * quantiles.length + quantile] = peak;
  }
}
