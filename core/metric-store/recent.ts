import type { Dimension, ResourceId, ServerId } from '../domain.js';
import { DIMENSIONS } from '../domain.js';
import type { MetricStore } from './port.js';
import type { Panel } from '../panel.js';
import { gridBefore, rowOf } from '../panel.js';
import type { SeriesKey } from '../sample.js';
import { formatSeries } from '../sample.js';
import type { AssignmentTable } from '../table.js';

/** What was measured lately, by series: the last value, and what a server carries besides its resources. */
export class RecentLoads {
  readonly #panel: Panel;
  readonly #rows: ReadonlyMap<string, number>;

  constructor(panel: Panel) {
    this.#panel = panel;
    this.#rows = new Map(panel.series.map((series, row) => [formatSeries(series), row]));
  }

  /** The last measured value; NaN: none in this panel. */
  lastOf(series: SeriesKey): number {
    const row = this.#rows.get(formatSeries(series));
    if (row === undefined) return NaN;
    return rowOf(this.#panel, row).findLast((value) => Number.isFinite(value)) ?? NaN;
  }

  /**
   * What a server uses that none of its resources does (the system, caches, other work): the lower quartile of
   * the difference over the steps in which all of them were measured, so that a burst of one of them, seen a
   * little earlier or later, is not taken for it. 0 where it cannot be told.
   */
  baseOf(server: ServerId, dimension: Dimension, resources: readonly ResourceId[]): number {
    const own = this.#values({ subject: 'server', id: server, metric: dimension });
    if (own === undefined) return 0;
    const parts = resources.flatMap((id) => {
      const values = this.#values({ subject: 'resource', id, metric: dimension });
      return values === undefined ? [] : [values];
    });
    // Where resources are not measured in this dimension, nothing is known of the rest either.
    if (parts.length === 0 && resources.length > 0) return 0;
    const rests: number[] = [];
    for (let step = 0; step < this.#panel.grid.steps; step++) {
      const sum = parts.reduce((total, values) => total + (values[step] ?? NaN), 0);
      const rest = (own[step] ?? NaN) - sum;
      if (Number.isFinite(rest)) rests.push(Math.max(0, rest));
    }
    rests.sort((a, b) => a - b);
    return rests[Math.floor(rests.length / 4)] ?? 0;
  }

  #values(series: SeriesKey): Float32Array | undefined {
    const row = this.#rows.get(formatSeries(series));
    if (row === undefined) return undefined;
    const values = rowOf(this.#panel, row);
    return values.some((value) => Number.isFinite(value)) ? values : undefined;
  }
}

/** Reads the last `steps` whole steps of every resource and server in the four dimensions. */
export async function readRecent(
  metricStore: MetricStore,
  table: AssignmentTable,
  servers: Iterable<ServerId>,
  {
    nowMs,
    stepMs,
    steps,
  }: { readonly nowMs: number; readonly stepMs: number; readonly steps: number },
): Promise<RecentLoads> {
  const series: SeriesKey[] = [];
  for (const metric of DIMENSIONS) {
    for (const id of servers) series.push({ subject: 'server', id, metric });
    for (const [id] of table.entries()) series.push({ subject: 'resource', id, metric });
  }
  return new RecentLoads(
    await metricStore.readPanel({ series, ...gridBefore(nowMs, stepMs, steps) }),
  );
}
