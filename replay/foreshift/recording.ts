import type { MetricStore } from '../../core/metric-store/port.js';
import type { Sample, SeriesKey } from '../../core/sample.js';
import type { Scene } from '../scene.js';

/** Samples of one write. */
const BATCH = 20_000;

/** Plays the collector: writes what was recorded into a metric store as time goes on. A gap stays a gap. */
export class Recording {
  readonly #scene: Scene;
  readonly #store: MetricStore;
  readonly #servers: readonly SeriesKey[];
  #written = 0;

  constructor(scene: Scene, store: MetricStore) {
    this.#scene = scene;
    this.#store = store;
    this.#servers = scene.servers.map((id) => ({ subject: 'server', id, metric: scene.dimension }));
  }

  /** The load of the resources in every step before this one that is not written yet. */
  async resourcesUntil(step: number): Promise<void> {
    const { series, values, grid } = this.#scene.recorded;
    let batch: Sample[] = [];
    for (const [index, key] of series.entries()) {
      for (let at = this.#written; at < step; at++) {
        const value = values[index * grid.steps + at] ?? NaN;
        if (!Number.isFinite(value)) continue;
        batch.push({ series: key, timeMs: grid.startMs + at * grid.stepMs, value });
        if (batch.length < BATCH) continue;
        await this.#store.writeSamples(batch);
        batch = [];
      }
    }
    await this.#store.writeSamples(batch);
    this.#written = step;
  }

  /** What the servers carried in one step. */
  async servers(step: number, loads: Float64Array): Promise<void> {
    const { startMs, stepMs } = this.#scene.recorded.grid;
    const timeMs = startMs + step * stepMs;
    await this.#store.writeSamples(
      this.#servers.map((series, index) => ({ series, timeMs, value: loads[index] ?? 0 })),
    );
  }
}
