import { CallsUnderWay } from '../../calls-under-way.js';
import type { Clock } from '../../clock/port.js';
import type { EngineHealth, Watched } from '../../engine-health.js';
import { fail } from '../../errors.js';
import type { Log } from '../../log.js';
import type { MetricSource } from '../../metrics.js';
import type { Net } from '../../net/port.js';
import type { Panel } from '../../panel.js';
import type { Rng } from '../../rng.js';
import type { Sample, SeriesKey } from '../../sample.js';
import type { MetricStoreLimits } from '../limits.js';
import {
  METRIC_STORE_LIMITS,
  checkForecast,
  checkQuery,
  checkSamples,
  checkScores,
} from '../limits.js';
import type {
  ForecastRun,
  ManySaidQuery,
  MetricStore,
  PanelQuery,
  Said,
  SaidQuery,
  Score,
  StoredEvent,
} from '../port.js';
import type { Access } from './access.js';
import { accessOf } from './access.js';
import type { DatabaseOptions } from './database.js';
import { InfluxDatabase } from './database.js';
import { InfluxEvents } from './events.js';
import { LatestForecast } from './latest-forecast.js';
import { Outlooks } from './outlooks.js';
import { Rollups } from './rollups.js';
import { InfluxSamples } from './samples.js';
import type { Retention } from './schema.js';
import { policiesOf } from './schema.js';

export interface InfluxMetricStoreParts {
  readonly net: Pick<Net, 'call'>;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
}

export interface InfluxMetricStoreOptions extends Retention {
  readonly url: string;
  readonly database: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly calls?: Partial<DatabaseOptions>;
  readonly limits?: Partial<MetricStoreLimits>;
}

/**
 * The metric store on an InfluxDB 1.x that several processes share (schema.ts says what is where). It needs none to be there when
 * it is made: calls fail with ERR_STORE_UNAVAILABLE until one answers. What is written is durable when its write resolves.
 *
 * Its values are kept as 64-bit floats, and read as 32-bit ones. Besides the port's errors, a write may end in
 * ERR_STORE_AMBIGUOUS (repeat it: everything is keyed) or ERR_STORE_REFUSED (repeating will not help).
 */
export class InfluxMetricStore implements MetricStore, Watched {
  readonly #access: Access;
  readonly #database: InfluxDatabase;
  readonly #rollups: Rollups;
  readonly #samples: InfluxSamples;
  readonly #latest: LatestForecast;
  readonly #outlooks: Outlooks;
  readonly #events: InfluxEvents;
  readonly #limits: MetricStoreLimits;
  readonly #calls: CallsUnderWay;

  constructor(parts: InfluxMetricStoreParts, options: InfluxMetricStoreOptions) {
    const { clock } = parts;
    this.#access = accessOf(options);
    const database = new InfluxDatabase(parts, this.#access, policiesOf(options), options.calls);
    this.#database = database;
    this.#rollups = new Rollups(database, options);
    this.#samples = new InfluxSamples({ database, rollups: this.#rollups, clock }, options);
    this.#latest = new LatestForecast(database, clock);
    this.#outlooks = new Outlooks({ database, latest: this.#latest, clock }, options);
    this.#events = new InfluxEvents({ database, clock }, options);
    this.#limits = { ...METRIC_STORE_LIMITS, ...options.limits };
    const { name: store } = this.#access;
    this.#calls = new CallsUnderWay(() => fail('ERR_STORE_UNAVAILABLE', { store }));
  }

  get health(): EngineHealth {
    return this.#database.health;
  }

  /** What it shows of itself: how its calls ended. */
  get metrics(): MetricSource[] {
    return [
      {
        name: 'foreshift_metric_store_calls_total',
        help: 'Reads and writes of the metric store by how they ended.',
        kind: 'counter',
        labels: ['kind', 'end'],
        read: () =>
          [...this.#database.ends].map(([key, value]) => {
            const [kind = '', end = ''] = key.split(' ');
            return { labels: { kind, end }, value };
          }),
      },
    ];
  }

  async writeSamples(samples: readonly Sample[]): Promise<void> {
    checkSamples(samples, this.#limits);
    await this.#calls.run(() => this.#samples.write(samples));
  }

  async readPanel(query: PanelQuery): Promise<Panel> {
    checkQuery(query, this.#limits);
    return this.#calls.run(() => this.#samples.readPanel(query));
  }

  listSeries(sinceMs: number): Promise<SeriesKey[]> {
    return this.#calls.run(() => this.#samples.list(sinceMs));
  }

  async writeForecast(run: ForecastRun): Promise<void> {
    checkForecast(run, this.#limits);
    await this.#calls.run(() => this.#outlooks.write(run));
  }

  latestForecast(): Promise<ForecastRun | undefined> {
    return this.#calls.run(() => this.#latest.read());
  }

  readSaid(query: SaidQuery): Promise<readonly Said[]> {
    return this.#calls.run(() => this.#outlooks.readSaid(query));
  }

  readSaidOfMany(query: ManySaidQuery): Promise<readonly (readonly (readonly Said[])[])[]> {
    return this.#calls.run(() => this.#outlooks.readSaidOfMany(query));
  }

  async writeScores(scores: readonly Score[]): Promise<void> {
    checkScores(scores, this.#limits);
    await this.#calls.run(() => this.#outlooks.writeScores(scores));
  }

  readScores(fromMs: number, toMs: number): Promise<readonly Score[]> {
    return this.#calls.run(() => this.#outlooks.readScores({ fromMs, toMs }, this.#limits));
  }

  writeEvent(event: StoredEvent): Promise<void> {
    return this.#calls.run(() => this.#events.write(event, this.#limits));
  }

  readEvents(fromMs: number, toMs: number): Promise<readonly StoredEvent[]> {
    return this.#calls.run(() => this.#events.read(fromMs, toMs));
  }

  /** Means of what is past its raw retention; the rest InfluxDB drops by itself, with its retention policies. */
  async compact(nowMs: number): Promise<void> {
    await this.#calls.run(() => this.#rollups.compact(nowMs));
  }

  close(): Promise<void> {
    return this.#calls.close();
  }
}
