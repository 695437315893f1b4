import { CallsUnderWay } from '../calls-under-way.js';
import type { Cancel, Clock } from '../clock/port.js';
import type { Disk } from '../disk/port.js';
import { ForeshiftError, codeOf, fail } from '../errors.js';
import type { Log } from '../log.js';
import type { Panel } from '../panel.js';
import type { Sample, SeriesKey } from '../sample.js';
import { EventDays } from './event-days.js';
import { ForecastDays } from './forecast-days.js';
import type { MetricStoreLimits } from './limits.js';
import {
  METRIC_STORE_LIMITS,
  checkForecast,
  checkQuery,
  checkSamples,
  checkScores,
} from './limits.js';
import type {
  ForecastRun,
  ManySaidQuery,
  MetricStore,
  PanelQuery,
  Said,
  SaidQuery,
  Score,
  StoredEvent,
} from './port.js';
import { SampleDays } from './sample-days.js';

export interface EmbeddedMetricStoreOptions {
  /** Samples are kept as they came for this long, by whole days. */
  readonly rawRetentionMs: number;
  /** After that, means over this are; it divides a day. */
  readonly rollupMs: number;
  /** Means and events are kept for this long. */
  readonly rollupRetentionMs: number;
  /** What was said, and scores. */
  readonly forecastRetentionMs: number;
  readonly durableWithinMs?: number;
  readonly limits?: Partial<MetricStoreLimits>;
}

interface Parts {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
}

const NAME = 'embedded metric store';
const FOLDER = 'metrics';
/** So much waits in memory for the next flush; more waits for it. */
const UNWRITTEN_BYTES_MAX = 32 << 20;

/**
 * The metric store of one process: files by day (segment/, rollup/) under one folder, found by their names
 * and read when they are first needed.
 *
 * Samples, scores and what was said are in memory when their write resolves, and on the disk, synced, at the
 * latest `durableWithinMs` (2 s) later, as long as the disk keeps up: half of that passes before they are
 * written, the other half is the disk's. So kill -9 and a power cut alike lose what came in the last
 * `durableWithinMs`, nothing older. Events and the latest forecast are synced when their write resolves.
 * While the disk refuses, what is in memory stays and is tried again with every write and every second;
 * writes are refused meanwhile (ERR_STORE_UNAVAILABLE), reads go on.
 */
export class EmbeddedMetricStore implements MetricStore {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #unlock: () => Promise<void>;
  readonly #samples: SampleDays;
  readonly #forecasts: ForecastDays;
  readonly #events: EventDays;
  readonly #limits: MetricStoreLimits;
  readonly #flushAfterMs: number;
  #cancelFlush: Cancel | undefined;
  #flushing: Promise<void> | undefined;
  #isFailing = false;
  readonly #calls = new CallsUnderWay(() => fail('ERR_STORE_UNAVAILABLE', { store: NAME }));
  #closing: Promise<void> | undefined;

  private constructor(
    { clock, log, unlock }: Parts & { readonly unlock: () => Promise<void> },
    days: {
      readonly samples: SampleDays;
      readonly forecasts: ForecastDays;
      readonly events: EventDays;
    },
    options: { readonly limits: MetricStoreLimits; readonly flushAfterMs: number },
  ) {
    this.#clock = clock;
    this.#log = log;
    this.#unlock = unlock;
    this.#samples = days.samples;
    this.#forecasts = days.forecasts;
    this.#events = days.events;
    this.#limits = options.limits;
    this.#flushAfterMs = options.flushAfterMs;
  }

  /** Reads no more than the names of its files. @throws ERR_DATA_LOCKED, ERR_DISK_FAILED */
  static async open(
    parts: Parts,
    options: EmbeddedMetricStoreOptions,
  ): Promise<EmbeddedMetricStore> {
    const { rollupRetentionMs, forecastRetentionMs, durableWithinMs = 2000 } = options;
    const limits = { ...METRIC_STORE_LIMITS, ...options.limits };
    const unlock = await parts.disk.lock(`${FOLDER}/lock`);
    try {
      const common = { folder: FOLDER, limits };
      const samples = await SampleDays.open(parts, { ...options, ...common });
      const forecasts = await ForecastDays.open(parts, {
        ...common,
        retentionMs: forecastRetentionMs,
      });
      const events = await EventDays.open(parts, { ...common, retentionMs: rollupRetentionMs });
      return new EmbeddedMetricStore(
        { ...parts, unlock },
        { samples, forecasts, events },
        { limits, flushAfterMs: durableWithinMs / 2 },
      );
    } catch (error) {
      await unlock();
      throw error;
    }
  }

  async writeSamples(samples: readonly Sample[]): Promise<void> {
    checkSamples(samples, this.#limits);
    await this.#write(() => this.#samples.write(samples));
  }

  async readPanel(query: PanelQuery): Promise<Panel> {
    checkQuery(query, this.#limits);
    return this.#attempt(() => this.#samples.readPanel(query));
  }

  listSeries(sinceMs: number): Promise<SeriesKey[]> {
    return this.#attempt(() => this.#samples.list(sinceMs));
  }

  async writeForecast(run: ForecastRun): Promise<void> {
    checkForecast(run, this.#limits);
    await this.#write(() => this.#forecasts.write(run));
  }

  latestForecast(): Promise<ForecastRun | undefined> {
    return this.#attempt(() => this.#forecasts.latest());
  }

  readSaid(query: SaidQuery): Promise<readonly Said[]> {
    return this.#attempt(() => this.#forecasts.readSaid(query));
  }

  readSaidOfMany(query: ManySaidQuery): Promise<readonly (readonly (readonly Said[])[])[]> {
    return this.#attempt(() => this.#forecasts.readSaidOfMany(query));
  }

  async writeScores(scores: readonly Score[]): Promise<void> {
    checkScores(scores, this.#limits);
    await this.#write(() => this.#forecasts.writeScores(scores));
  }

  readScores(fromMs: number, toMs: number): Promise<readonly Score[]> {
    return this.#attempt(() => this.#forecasts.readScores(fromMs, toMs));
  }

  writeEvent(event: StoredEvent): Promise<void> {
    return this.#attempt(() => this.#events.write(event));
  }

  readEvents(fromMs: number, toMs: number): Promise<readonly StoredEvent[]> {
    return this.#attempt(() => this.#events.read(fromMs, toMs));
  }

  async compact(nowMs: number): Promise<void> {
    await this.#attempt(async () => {
      await this.#samples.compact(nowMs);
      await this.#forecasts.compact(nowMs);
      await this.#events.compact(nowMs);
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#cancelFlush?.();
    await Promise.allSettled([this.#calls.close(), this.#flushing]);
    const closed = await Promise.allSettled([
      ...this.#allSegments.map((segments) => segments.close()),
      this.#events.close(),
    ]);
    await this.#unlock();
    const failure = closed.find(({ status }) => status === 'rejected');
    if (failure?.status === 'rejected') rethrow(failure.reason);
  }

  get #allSegments() {
    return [this.#samples.segments, this.#forecasts.said, this.#forecasts.scores];
  }

  async #write(work: () => Promise<void>): Promise<void> {
    const written = this.#attempt(async () => {
      const unwritten = this.#allSegments.reduce(
        (sum, { unwrittenBytes }) => sum + unwrittenBytes,
        0,
      );
      if (this.#isFailing || unwritten > UNWRITTEN_BYTES_MAX) await this.#flush();
      await work();
    });
    // Also what was refused in part.
    await written.finally(() => {
      this.#flushSoon();
    });
  }

  #flushSoon(): void {
    if (this.#closing !== undefined) return;
    this.#cancelFlush ??= this.#clock.after(this.#flushAfterMs, () => {
      this.#cancelFlush = undefined;
      this.#flush().catch(() => {
        this.#flushSoon();
      });
    });
  }

  /** Shared by all who ask for one meanwhile. */
  #flush(): Promise<void> {
    this.#flushing ??= this.#flushAll().finally(() => {
      this.#flushing = undefined;
    });
    return this.#flushing;
  }

  async #flushAll(): Promise<void> {
    try {
      for (const segments of this.#allSegments) await segments.flush();
      if (this.#isFailing) this.#log.info({}, 'metrics written again');
      this.#isFailing = false;
    } catch (err) {
      if (!this.#isFailing) this.#log.error({ err }, 'metrics not written');
      this.#isFailing = true;
      throw err;
    }
  }

  #attempt<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#calls.run(work).catch(rethrow);
  }
}

/** What is wrong with a disk is, to whoever calls a store, that the store is not available. */
function rethrow(error: unknown): never {
  const code = codeOf(error);
  const isDisk = code === 'ERR_DISK_FAILED' || code === 'ERR_DISK_UNSYNCED';
  throw isDisk
    ? new ForeshiftError('ERR_STORE_UNAVAILABLE', { store: NAME }, { cause: error })
    : error;
}
