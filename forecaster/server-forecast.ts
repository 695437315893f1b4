import type { Dimension, ServerId } from '../core/domain.js';
import { DIMENSIONS } from '../core/domain.js';
import type { ForecastBlock } from '../core/forecast.js';
import { forecastBlock } from '../core/forecast.js';
import type { SeriesKey } from '../core/sample.js';
import { formatSeries } from '../core/sample.js';
import type { AssignmentTable } from '../core/table.js';

export interface ServerForecastInputs {
  readonly table: AssignmentTable;
  readonly servers: Iterable<ServerId>;
  /** What a server carries besides its resources. */
  readonly baseOf: (server: ServerId, dimension: Dimension) => number;
}

/**
 * The forecast of the resources with that of the servers behind it: for each server and dimension in which any
 * of its resources is forecast, the quantiles of the sum by the loadings (core/forecast.ts). The peak of a sum
 * is at least its highest step; that is what is said of it.
 */
export function withServers(block: ForecastBlock, inputs: ServerForecastInputs): ForecastBlock {
  const rows = new Map(block.series.map((series, row) => [formatSeries(series), row]));
  const sums = [...inputs.servers].flatMap((server) => {
    const resources = inputs.table.resourcesOn(server);
    return DIMENSIONS.flatMap((metric) => {
      const parts = resources.flatMap((id) => {
        const row = rows.get(formatSeries({ subject: 'resource', id, metric }));
        return row === undefined ? [] : [row];
      });
      const key: SeriesKey = { subject: 'server', id: server, metric };
      return parts.length === 0 ? [] : [{ key, parts, base: inputs.baseOf(server, metric) }];
    });
  });
  const series = [...block.series, ...sums.map(({ key }) => key)];
  const { quantiles, factors } = block;
  const whole = forecastBlock(series, block.grid, { quantiles, factors });
  whole.paths.set(block.paths);
  whole.peaks.set(block.peaks);
  whole.loadings.set(block.loadings);
  for (const [index, { parts, base }] of sums.entries()) {
    addSum(whole, block.series.length + index, parts, base);
  }
  return whole;
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
