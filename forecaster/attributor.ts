import type { ResourceId, ServerId } from '../core/domain.js';
import type { MetricStore } from '../core/metric-store/port.js';
import type { Grid, Panel } from '../core/panel.js';
import { rowOf } from '../core/panel.js';
import type { Metric, Sample, SeriesKey } from '../core/sample.js';
import { formatSeries } from '../core/sample.js';
import { PLACEMENT } from '../core/table-store/records/table.js';
import { SERVER } from '../core/table-store/records/server.js';
import type { TableView } from '../core/table-store/view.js';
import { Attribution } from '../models/attribution.js';
import type { Costs } from '../models/cost-fit.js';

/** Writes in what nobody measures: which resource used how much of its server's cpu. */
export interface Attributor {
  /** For the steps of this grid, as whole steps that are over. @throws ERR_STORE_UNAVAILABLE */
  attribute(grid: Grid, view: TableView): Promise<void>;
}

/** Longer stretches are attributed in parts, so that their panels stay small. */
const PART_STEPS = 288;

/**
 * Splits each server's measured cpu over the resources that it served, by their hits and bytes
 * (models/attribution.ts), and writes the shares as samples of the resources. A resource whose cpu is measured
 * keeps its measure. Of a step in which a resource moved nothing is said.
 */
export class CpuAttributor implements Attributor {
  readonly #metricStore: MetricStore;
  readonly #attribution: Attribution;

  constructor(metricStore: MetricStore, attribution = new Attribution()) {
    this.#metricStore = metricStore;
    this.#attribution = attribution;
  }

  async attribute({ startMs, stepMs, steps }: Grid, view: TableView): Promise<void> {
    for (let done = 0; done < steps; done += PART_STEPS) {
      const part = Math.min(PART_STEPS, steps - done);
      await this.#attributePart({ startMs: startMs + done * stepMs, stepMs, steps: part }, view);
    }
  }

  async #attributePart(grid: Grid, view: TableView): Promise<void> {
    const served = servedBy(view);
    if (served.size === 0) return;
    const resources = [...served.values()].flat();
    const series: SeriesKey[] = [
      ...[...served.keys()].map((id) => ({
        subject: 'server' as const,
        id,
        metric: 'cpu' as const,
      })),
      ...resources.flatMap(({ id }) =>
        (['hits', 'network', 'cpu'] as const).map((metric) => keyOf(id, metric)),
      ),
    ];
    const loads = new Loads(await this.#metricStore.readPanel({ series, ...grid }));
    for (const [server, served_] of served) this.#learn(server, served_, loads);
    const samples = this.#shares(resources, loads, this.#attribution.solve());
    if (samples.length > 0) await this.#metricStore.writeSamples(samples);
  }

  #learn(server: ServerId, resources: readonly Served[], loads: Loads): void {
    const cpu = loads.of({ subject: 'server', id: server, metric: 'cpu' });
    const { startMs, stepMs, steps } = loads.grid;
    for (let step = 0; step < steps; step++) {
      const fromMs = startMs + step * stepMs;
      // Who served whom is known from the last move on; and it must hold for all of them.
      if (resources.some(({ sinceMs }) => sinceMs > fromMs)) continue;
      this.#attribution.observe(server, {
        cpu: cpu[step] ?? NaN,
        loads: resources.map(({ id }) => ({
          resource: id,
          hitsPerSecond: loads.of(keyOf(id, 'hits'))[step] ?? NaN,
          bytesPerSecond: loads.of(keyOf(id, 'network'))[step] ?? NaN,
        })),
      });
    }
  }

  #shares(
    resources: readonly Served[],
    loads: Loads,
    { resources: costs, fleet }: Costs,
  ): Sample[] {
    const samples: Sample[] = [];
    const { startMs, stepMs, steps } = loads.grid;
    for (const { id } of resources) {
      const { perHit, perByte } = costs.get(id) ?? fleet;
      if (perHit === 0 && perByte === 0) continue;
      const measured = loads.of(keyOf(id, 'cpu'));
      const hits = loads.of(keyOf(id, 'hits'));
      const bytes = loads.of(keyOf(id, 'network'));
      for (let step = 0; step < steps; step++) {
        if (Number.isFinite(measured[step] ?? NaN)) continue;
        const value = perHit * (hits[step] ?? NaN) + perByte * (bytes[step] ?? NaN);
        if (!Number.isFinite(value)) continue;
        samples.push({ series: keyOf(id, 'cpu'), timeMs: startMs + step * stepMs, value });
      }
    }
    return samples;
  }
}

interface Served {
  readonly id: ResourceId;
  /** Wall clock of its last move. */
  readonly sinceMs: number;
}

function servedBy(view: TableView): Map<ServerId, Served[]> {
  const served = new Map<ServerId, Served[]>();
  for (const server of view.all(SERVER).keys()) served.set(server, []);
  for (const [id, { value }] of view.all(PLACEMENT)) {
    served.get(value.server)?.push({ id, sinceMs: value.movedAtMs });
  }
  for (const [server, resources] of served) if (resources.length === 0) served.delete(server);
  return served;
}

function keyOf(id: ResourceId, metric: Metric): SeriesKey {
  return { subject: 'resource', id, metric };
}

/** A panel by series. */
class Loads {
  readonly grid: Grid;
  readonly #rows: ReadonlyMap<string, Float32Array>;
  readonly #gap: Float32Array;

  constructor(panel: Panel) {
    this.grid = panel.grid;
    this.#rows = new Map(
      panel.series.map((series, row) => [formatSeries(series), rowOf(panel, row)]),
    );
    this.#gap = new Float32Array(panel.grid.steps).fill(NaN);
  }

  of(series: SeriesKey): Float32Array {
    return this.#rows.get(formatSeries(series)) ?? this.#gap;
  }
}
