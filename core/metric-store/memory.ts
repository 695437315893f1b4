import type { Clock } from '../clock/port.js';
import { fail } from '../errors.js';
import type { Panel } from '../panel.js';
import { endMsOf, panelOf } from '../panel.js';
import type { Sample, SeriesKey } from '../sample.js';
import { formatSeries } from '../sample.js';
import { dayOf } from './day.js';
import { EventList, eventText } from './event-list.js';
import { KeyedLog } from './keyed-log.js';
import { takesPlaceOf } from './latest.js';
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
import { refuseSeries } from './refusals.js';
import { namedSeries } from './named-series.js';
import { saidBetween, saidIn, saidName } from './said.js';
import type { Scores } from './scores.js';
import { pushScores } from './scores.js';

export interface MemoryMetricStoreOptions {
  /** By which a forecast may be ahead; without one, none is. */
  readonly clock?: Clock;
  /** Samples and events. Samples are kept as they came: nothing is rolled up. */
  readonly retentionMs?: number;
  /** What was said, and scores. */
  readonly forecastRetentionMs?: number;
  readonly limits?: Partial<MetricStoreLimits>;
}

interface Series {
  readonly key: SeriesKey;
  readonly samples: KeyedLog;
}

/** A metric store that lives as long as its process: the twin for replay, simulation and tests. */
export class MemoryMetricStore implements MetricStore {
  readonly #clock: Clock | undefined;
  readonly #limits: MetricStoreLimits;
  readonly #retentionMs: number;
  readonly #forecastRetentionMs: number;
  readonly #series = new Map<string, Series>();
  readonly #said = new Map<string, KeyedLog>();
  readonly #scores = new Map<string, Scores>();
  readonly #events = new Map<number, EventList>();
  #latest: ForecastRun | undefined;

  constructor({
    clock,
    retentionMs = Infinity,
    forecastRetentionMs = Infinity,
    limits,
  }: MemoryMetricStoreOptions = {}) {
    this.#clock = clock;
    this.#retentionMs = retentionMs;
    this.#forecastRetentionMs = forecastRetentionMs;
    this.#limits = { ...METRIC_STORE_LIMITS, ...limits };
  }

  async writeSamples(samples: readonly Sample[]): Promise<void> {
    await Promise.resolve();
    checkSamples(samples, this.#limits);
    const names = samples.map(({ series }) => formatSeries(series));
    const { seriesMax } = this.#limits;
    let refused = 0;
    samples.forEach(({ series, timeMs, value }, at) => {
      const name = names[at]!;
      let known = this.#series.get(name);
      if (known === undefined && this.#series.size >= seriesMax) {
        refused += 1;
        return;
      }
      if (known === undefined) {
        known = { key: series, samples: new KeyedLog() };
        this.#series.set(name, known);
      }
      known.samples.put(Math.floor(timeMs), value);
    });
    if (refused > 0) refuseSeries({ limit: seriesMax, what: 'series', refused });
  }

  async readPanel(query: PanelQuery): Promise<Panel> {
    await Promise.resolve();
    checkQuery(query, this.#limits);
    const { series, startMs, stepMs, steps } = query;
    const panel = panelOf(series, { startMs, stepMs, steps });
    for (const [row, name] of namedSeries(series).names.entries()) {
      const samples = this.#series.get(name)?.samples;
      if (samples !== undefined) writeMeans(samples, panel, row);
    }
    return panel;
  }

  async listSeries(sinceMs: number): Promise<SeriesKey[]> {
    await Promise.resolve();
    return [...this.#series]
      .filter(([, { samples }]) => samples.lastMs >= sinceMs)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { key }]) => key);
  }

  async writeForecast(run: ForecastRun): Promise<void> {
    await Promise.resolve();
    checkForecast(run, this.#limits);
    for (const { timeMs, leadMs, quantilesOf } of saidIn(run)) {
      run.block.series.forEach((key, series) => {
        const name = saidName(key, leadMs);
        let log = this.#said.get(name);
        if (log === undefined) this.#said.set(name, (log = new KeyedLog(3)));
        log.put(timeMs, ...quantilesOf(series));
      });
    }
    const newcomer = { run, nowMs: this.#clock?.realtimeMs() ?? Infinity };
    if (this.#latest === undefined || takesPlaceOf(this.#latest.madeAtMs, newcomer)) {
      this.#latest = run;
    }
  }

  async latestForecast(): Promise<ForecastRun | undefined> {
    await Promise.resolve();
    return this.#latest;
  }

  async readSaid({ series, leadMs, fromMs, toMs }: SaidQuery): Promise<readonly Said[]> {
    await Promise.resolve();
    const log = this.#said.get(saidName(series, leadMs));
    return log === undefined ? [] : saidBetween(log, fromMs, toMs);
  }

  readSaidOfMany({
    series,
    leadsMs,
    ...range
  }: ManySaidQuery): Promise<readonly (readonly (readonly Said[])[])[]> {
    return Promise.all(
      series.map((one) =>
        Promise.all(leadsMs.map((leadMs) => this.readSaid({ series: one, leadMs, ...range }))),
      ),
    );
  }

  async writeScores(scores: readonly Score[]): Promise<void> {
    await Promise.resolve();
    checkScores(scores, this.#limits);
    for (const { series, leadMs, timeMs, inBand, absoluteError, pinball } of scores) {
      const name = saidName(series, leadMs);
      let known = this.#scores.get(name);
      if (known === undefined) {
        this.#scores.set(name, (known = { series, leadMs, log: new KeyedLog(3) }));
      }
      known.log.put(timeMs, inBand, absoluteError, pinball);
    }
  }

  async readScores(fromMs: number, toMs: number): Promise<readonly Score[]> {
    await Promise.resolve();
    const scores: Score[] = [];
    for (const name of [...this.#scores.keys()].sort()) {
      const { series, leadMs, log } = this.#scores.get(name)!;
      pushScores(scores, { series, leadMs, log }, { fromMs, toMs, limits: this.#limits });
    }
    return scores.sort((a, b) => a.timeMs - b.timeMs);
  }

  async writeEvent(event: StoredEvent): Promise<void> {
    await Promise.resolve();
    const text = eventText(event, this.#limits);
    const day = dayOf(event.timeMs);
    const events = this.#events.get(day) ?? new EventList();
    const { eventsPerDayMax } = this.#limits;
    if (events.size >= eventsPerDayMax && !events.has(text)) {
      fail('ERR_LIMIT_REACHED', { limit: eventsPerDayMax, what: 'events a day' });
    }
    events.add(text, event);
    this.#events.set(day, events);
  }

  async readEvents(fromMs: number, toMs: number): Promise<readonly StoredEvent[]> {
    await Promise.resolve();
    return [...this.#events.keys()]
      .sort((a, b) => a - b)
      .flatMap((day) => this.#events.get(day)?.between(fromMs, toMs) ?? []);
  }

  async compact(nowMs: number): Promise<void> {
    await Promise.resolve();
    const oldestMs = nowMs - this.#retentionMs;
    const oldestSaidMs = nowMs - this.#forecastRetentionMs;
    dropBefore(this.#series, ({ samples }) => samples, oldestMs);
    dropBefore(this.#said, (log) => log, oldestSaidMs);
    dropBefore(this.#scores, ({ log }) => log, oldestSaidMs);
    for (const day of this.#events.keys()) {
      if (day < dayOf(oldestMs)) this.#events.delete(day);
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function writeMeans(log: KeyedLog, { grid, values: means }: Panel, row: number): void {
  const { startMs, stepMs, steps } = grid;
  const { times, values } = log;
  const endMs = endMsOf(grid);
  let at = log.indexOf(startMs);
  while (at < times.length && times[at]! < endMs) {
    const step = Math.floor((times[at]! - startMs) / stepMs);
    const stepEndMs = startMs + (step + 1) * stepMs;
    let sum = values[at++]!;
    let count = 1;
    for (; at < times.length && times[at]! < stepEndMs; at++, count++) sum += values[at]!;
    if (step < steps) means[row * steps + step] = sum / count;
  }
}

function dropBefore<Value>(
  logs: Map<string, Value>,
  logOf: (value: Value) => KeyedLog,
  timeMs: number,
): void {
  if (timeMs === -Infinity) return;
  for (const [name, value] of logs) {
    const log = logOf(value);
    log.dropBefore(timeMs);
    if (log.size === 0) logs.delete(name);
  }
}
