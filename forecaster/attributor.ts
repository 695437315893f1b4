import type { Clock } from '../core/clock/port.js';
import type { ResourceId, ServerId } from '../core/domain.js';
import type { MetricStore } from '../core/metric-store/port.js';
import { Refusals } from '../core/metric-store/refusals.js';
import type { Grid, Panel } from '../core/panel.js';
import { rowOf } from '../core/panel.js';
import type { Metric, Sample, SeriesKey } from '../core/sample.js';
import { formatSeries } from '../core/sample.js';
import { SERVER } from '../core/table-store/records/server.js';
import type { Tenure } from '../core/table-store/tenures.js';
import { residentsDuring, tenuresOf } from '../core/table-store/tenures.js';
import type { TableView } from '../core/table-store/view.js';
import { Attribution } from '../models/attribution.js';
import type { Costs } from '../models/cost-fit.js';

/** Writes in what nobody measures: which resource used how much of its server's cpu. */
export interface Attributor {
  /** For the steps of this grid, as whole steps that are over. @throws ERR_STORE_UNAVAILABLE, ERR_LIMIT_REACHED, ERR_SERIES_REFUSED */
  attribute(grid: Grid, view: TableView): Promise<void>;
}

export interface AttributorParts {
  readonly metricStore: Pick<MetricStore, 'readPanel' | 'writeSamples'>;
  readonly clock: Pick<Clock, 'sleep'>;
}

/** Longer stretches are attributed in parts, so that their panels stay small. */
const PART_STEPS_MAX = 288;
/** Of a panel: half of what a store reads at once (METRIC_STORE_LIMITS), and 288 steps of ten thousand resources. */
const PART_VALUES_MAX = 10_000_000;
/** Where nobody measured the resources' cpu, a part has a share for each of them and each step: millions. */
const BATCH_SAMPLES_MAX = 5000;

/**
 * Splits each server's measured cpu over the resources that it served, by their hits and bytes
 * (models/attribution.ts), and writes the shares as samples of the resources. A resource whose cpu is measured
 * keeps its measure. Nothing is learnt from a step in which a resource of the server came or went.
 */
export class CpuAttributor implements Attributor {
  readonly #parts: AttributorParts;
  readonly #attribution: Attribution;
  /** Servers of which it has sums: as long as they are known. */
  readonly #learnt = new Set<ServerId>();

  constructor(parts: AttributorParts, attribution = new Attribution()) {
    this.#parts = parts;
    this.#attribution = attribution;
  }

  async attribute({ startMs, stepMs, steps }: Grid, view: TableView): Promise<void> {
    this.#forgetGone(view);
    const tenures = tenuresOf(view);
    const servers = [...view.all(SERVER).keys()].filter((id) => tenures.has(id));
    const resources = [...view.table.entries()].map(([id]) => id);
    if (servers.length === 0) return;
    const series: SeriesKey[] = [
      ...servers.map((id) => ({ subject: 'server' as const, id, metric: 'cpu' as const })),
      ...resources.flatMap((id) =>
        (['hits', 'network', 'cpu'] as const).map((metric) => keyOf(id, metric)),
      ),
    ];
    const fitting = Math.max(1, Math.floor(PART_VALUES_MAX / series.length));
    const partSteps = Math.min(PART_STEPS_MAX, fitting);
    const refusals = new Refusals();
    for (let done = 0; done < steps; done += partSteps) {
      const part = { stepMs, steps: Math.min(partSteps, steps - done) };
      const grid = { startMs: startMs + done * stepMs, ...part };
      const loads = new Loads(await this.#parts.metricStore.readPanel({ series, ...grid }));
      for (const server of servers) this.#learn(server, tenures.get(server) ?? [], loads);
      const shares = this.#shares(resources, loads, this.#attribution.solve());
      await this.#write(shares, refusals);
    }
    refusals.throwAny();
  }

  /** Under new names with each roll-out, servers would be kept, and solved for, without end. */
  #forgetGone(view: TableView): void {
    for (const server of this.#learnt) {
      if (view.get(SERVER, server) !== undefined) continue;
      this.#attribution.forget(server);
      this.#learnt.delete(server);
    }
  }

  async #write(shares: Iterable<Sample>, refusals: Refusals): Promise<void> {
    const { metricStore, clock } = this.#parts;
    for (const batch of batchesOf(shares, BATCH_SAMPLES_MAX)) {
      await refusals.note(metricStore.writeSamples(batch));
      // A store in memory answers at once, and others want to run, too.
      await clock.sleep(0);
    }
  }

  #learn(server: ServerId, tenures: readonly Tenure[], loads: Loads): void {
    this.#learnt.add(server);
    const cpu = loads.of({ subject: 'server', id: server, metric: 'cpu' });
    const { startMs, stepMs, steps } = loads.grid;
    for (let step = 0; step < steps; step++) {
      const fromMs = startMs + step * stepMs;
      const residents = residentsDuring(tenures, fromMs, fromMs + stepMs);
      if (residents === undefined) continue;
      this.#attribution.observe(server, {
        cpu: cpu[step] ?? NaN,
        loads: residents.map((resource) => ({
          resource,
          hitsPerSecond: loads.of(keyOf(resource, 'hits'))[step] ?? NaN,
          bytesPerSecond: loads.of(keyOf(resource, 'network'))[step] ?? NaN,
        })),
      });
    }
  }

  *#shares(
    resources: readonly ResourceId[],
    loads: Loads,
    { resources: costs, fleet }: Costs,
  ): Generator<Sample, void> {
    const { startMs, stepMs, steps } = loads.grid;
    for (const id of resources) {
      const { perHit, perByte } = costs.get(id) ?? fleet;
      if (perHit === 0 && perByte === 0) continue;
      const measured = loads.of(keyOf(id, 'cpu'));
      const hits = loads.of(keyOf(id, 'hits'));
      const bytes = loads.of(keyOf(id, 'network'));
      for (let step = 0; step < steps; step++) {
        if (Number.isFinite(measured[step] ?? NaN)) continue;
        const value = perHit * (hits[step] ?? NaN) + perByte * (bytes[step] ?? NaN);
        if (!Number.isFinite(value)) continue;
        yield { series: keyOf(id, 'cpu'), timeMs: startMs + step * stepMs, value };
      }
    }
  }
}

function keyOf(id: ResourceId, metric: Metric): SeriesKey {
  return { subject: 'resource', id, metric };
}

function* batchesOf(samples: Iterable<Sample>, samplesMax: number): Generator<Sample[], void> {
  let batch: Sample[] = [];
  for (const sample of samples) {
    batch.push(sample);
    if (batch.length < samplesMax) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
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
