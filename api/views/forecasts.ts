import type { Dimension, ResourceId, ServerId } from '../../core/domain.js';
import { DIMENSIONS } from '../../core/domain.js';
import { pathOf } from '../../core/forecast.js';
import type { ForecastRun } from '../../core/metric-store/port.js';
import type { Metric, SeriesKey } from '../../core/sample.js';
import type { ServerStatus } from '../contract/status.js';

export type Capacity = Readonly<Partial<Record<Dimension, number>>>;

/** What the latest forecast says of servers and resources: their rows are found once. */
export class Forecasts {
  readonly run: ForecastRun | undefined;
  readonly #rows = {
    server: new Map<ServerId, number[]>(),
    resource: new Map<ResourceId, number[]>(),
  };

  constructor(run: ForecastRun | undefined) {
    this.run = run;
    for (const [row, { subject, id }] of run?.block.series.entries() ?? []) {
      const rows = this.#rows[subject] as Map<string, number[]>;
      const known = rows.get(id);
      if (known === undefined) rows.set(id, [row]);
      else known.push(row);
    }
  }

  /** The rows of the block that are forecasts of this server, or this resource, in the block's order. */
  rowsOf(subject: 'server' | 'resource', id: ServerId | ResourceId): readonly number[] {
    return (this.#rows[subject] as ReadonlyMap<string, number[]>).get(id) ?? [];
  }

  /** Undefined: it is not forecast in this measure. */
  rowOf({ subject, id, metric }: SeriesKey): number | undefined {
    const series = this.run?.block.series;
    return this.rowsOf(subject, id).find((row) => series?.[row]?.metric === metric);
  }

  /** One quantile's path; undefined: the server is not forecast in this measure. */
  pathOf(server: ServerId, metric: Metric, quantile: number): Float32Array | undefined {
    const row = this.rowOf({ subject: 'server', id: server, metric });
    if (row === undefined || this.run === undefined) return undefined;
    return pathOf(this.run.block, row, quantile);
  }

  /**
   * The highest that a server is expected to get over the horizon (P90), as a share of its capacity, in the
   * dimension where that is most, and when; and when the planned-for quantile, interpolated between P50 and P90, first
   * passes the capacity there.
   */
  predicted(server: ServerId, capacity: Capacity, quantile: number): ServerStatus['predicted'] {
    const between = Math.min(1, Math.max(0, (quantile - 0.5) / 0.4));
    let highest: ServerStatus['predicted'] = null;
    for (const dimension of DIMENSIONS) {
      const limit = capacity[dimension];
      const median = this.pathOf(server, dimension, 0.5);
      const high = this.pathOf(server, dimension, 0.9);
      if (limit === undefined || median === undefined || high === undefined) continue;
      const most = Math.max(...high);
      const p90 = most / limit;
      if (highest !== null && p90 <= highest.p90) continue;
      const over = median.findIndex(
        (value, step) => value + between * ((high[step] ?? 0) - value) > limit,
      );
      const peakAtMs = this.#timeOf(high.indexOf(most));
      highest = { dimension, p90, peakAtMs, overAtMs: over < 0 ? null : this.#timeOf(over) };
    }
    return highest;
  }

  #timeOf(step: number): number {
    const grid = this.run?.block.grid;
    return grid === undefined ? NaN : grid.startMs + step * grid.stepMs;
  }
}
