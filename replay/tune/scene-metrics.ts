import { strict as assert } from 'node:assert';
import type { ManySaidQuery, MetricStore, PanelQuery } from '../../core/metric-store/port.js';
import type { Panel } from '../../core/panel.js';
import { panelOf } from '../../core/panel.js';
import type { Sample, SeriesKey } from '../../core/sample.js';
import type { Recording } from '../foreshift/recording.js';
import type { Scene } from '../scene.js';

/**
 * The metric store of a trial: reads the scene where it lies, up to the step that has been reached, and remembers
 * nothing but what the servers carried. Of forecasts it keeps none: nobody scores those of a trial.
 */
export class SceneMetrics implements MetricStore, Pick<Recording, 'resourcesUntil' | 'servers'> {
  readonly #scene: Scene;
  readonly #rows: ReadonlyMap<string, number>;
  readonly #serverRows: ReadonlyMap<string, number>;
  /** Server-major; NaN: not reached. */
  readonly #servers: Float32Array;
  #until = 0;

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#rows = new Map(scene.resources.map((id, row) => [id, row]));
    this.#serverRows = new Map(scene.servers.map((id, row) => [id, row]));
    const { steps } = scene.recorded.grid;
    this.#servers = new Float32Array(scene.servers.length * steps).fill(NaN);
  }

  resourcesUntil(step: number): Promise<void> {
    this.#until = step;
    return Promise.resolve();
  }

  servers(step: number, loads: Float64Array): Promise<void> {
    const { steps } = this.#scene.recorded.grid;
    for (const [server, load] of loads.entries()) this.#servers[server * steps + step] = load;
    return Promise.resolve();
  }

  readPanel({ series, startMs, stepMs, steps }: PanelQuery): Promise<Panel> {
    const { grid } = this.#scene.recorded;
    assert.equal(stepMs, grid.stepMs, 'a trial has one step');
    const panel = panelOf(series, { startMs, stepMs, steps });
    const first = (startMs - grid.startMs) / stepMs;
    const from = Math.max(0, first);
    const to = Math.min(this.#until, first + steps);
    if (from >= to) return Promise.resolve(panel);
    for (const [at, key] of series.entries()) {
      const row = this.#rowOf(key);
      if (row !== undefined) panel.values.set(row.subarray(from, to), at * steps + from - first);
    }
    return Promise.resolve(panel);
  }

  #rowOf({ subject, id, metric }: SeriesKey): Float32Array | undefined {
    const { recorded, dimension } = this.#scene;
    const isResource = subject === 'resource';
    const row = (isResource ? this.#rows : this.#serverRows).get(id);
    if (row === undefined || metric !== dimension) return undefined;
    const { steps } = recorded.grid;
    const values = isResource ? recorded.values : this.#servers;
    return values.subarray(row * steps, (row + 1) * steps);
  }

  listSeries(): Promise<SeriesKey[]> {
    return Promise.resolve([...this.#scene.recorded.series]);
  }

  writeSamples(_samples: readonly Sample[]): Promise<void> {
    return Promise.resolve();
  }

  writeForecast(): Promise<void> {
    return Promise.resolve();
  }

  latestForecast(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  readSaid(): Promise<[]> {
    return Promise.resolve([]);
  }

  readSaidOfMany({ series, leadsMs }: ManySaidQuery): Promise<[][][]> {
    return Promise.resolve(series.map(() => leadsMs.map(() => [])));
  }

  writeScores(): Promise<void> {
    return Promise.resolve();
  }

  readScores(): Promise<[]> {
    return Promise.resolve([]);
  }

  writeEvent(): Promise<void> {
    return Promise.resolve();
  }

  readEvents(): Promise<[]> {
    return Promise.resolve([]);
  }

  compact(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
