import type { Clock } from '../clock/port.js';
import type { Disk } from '../disk/port.js';
import type { Log } from '../log.js';
import { parseSeries } from '../sample.js';
import { dayOf } from './day.js';
import { decodeForecast, encodeForecast } from './forecast-file.js';
import { KeyedLog } from './keyed-log.js';
import { takesPlaceOf } from './latest.js';
import type { MetricStoreLimits } from './limits.js';
import type { ForecastRun, ManySaidQuery, Said, SaidQuery, Score } from './port.js';
import { saidBetween, saidIn, saidName } from './said.js';
import { pushScores } from './scores.js';
import { CellsByDay } from './segment/cells.js';
import { readLogs } from './segment/read-columns.js';
import { Segments } from './segment/segments.js';
import { Turns } from '../turns.js';

interface Parts {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly log: Log;
}

export interface ForecastDaysOptions {
  readonly folder: string;
  readonly retentionMs: number;
  readonly limits: MetricStoreLimits;
}

/**
 * The latest forecast, in a file that is replaced as a whole; and by day of the steps they are about, what
 * was said at the leads and how it turned out.
 */
export class ForecastDays {
  readonly #disk: Disk;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #options: ForecastDaysOptions;
  readonly said: Segments;
  readonly scores: Segments;
  readonly #turns = new Turns<'latest'>();
  #latest: ForecastRun | undefined;
  #isLatestRead = false;

  private constructor(
    { disk, clock, log }: Parts,
    { said, scores }: { readonly said: Segments; readonly scores: Segments },
    options: ForecastDaysOptions,
  ) {
    this.#disk = disk;
    this.#clock = clock;
    this.#log = log;
    this.said = said;
    this.scores = scores;
    this.#options = options;
  }

  static async open(parts: Parts, options: ForecastDaysOptions): Promise<ForecastDays> {
    const { folder } = options;
    const limits = { ...options.limits, seriesMax: options.limits.saidMax };
    const said = await Segments.open(parts, { folder, what: 'said', width: 3, limits });
    const scores = await Segments.open(parts, { folder, what: 'scores', width: 3, limits });
    return new ForecastDays(parts, { said, scores }, options);
  }

  async write(run: ForecastRun): Promise<void> {
    const cells = new CellsByDay();
    for (const { timeMs, leadMs, quantilesOf } of saidIn(run)) {
      run.block.series.forEach((series, at) => {
        cells.add(saidName(series, leadMs), timeMs, ...quantilesOf(at));
      });
    }
    await this.said.write(cells.days);
    await this.#turns.take('latest', async () => {
      const latest = await this.#readLatest();
      const newcomer = { run, nowMs: this.#clock.realtimeMs() };
      if (latest !== undefined && !takesPlaceOf(latest.madeAtMs, newcomer)) return;
      await this.#disk.replace(this.#path, encodeForecast(run));
      this.#latest = run;
    });
  }

  latest(): Promise<ForecastRun | undefined> {
    return this.#turns.take('latest', () => this.#readLatest());
  }

  async readSaid({ series, leadMs, ...range }: SaidQuery): Promise<Said[]> {
    const [said = []] = await this.#readSaid([saidName(series, leadMs)], range);
    return said;
  }

  async readSaidOfMany({ series, leadsMs, ...range }: ManySaidQuery): Promise<Said[][][]> {
    const names = series.flatMap((one) => leadsMs.map((leadMs) => saidName(one, leadMs)));
    const said = await this.#readSaid(names, range);
    return series.map((_one, at) => said.slice(at * leadsMs.length, (at + 1) * leadsMs.length));
  }

  /** By name. */
  async #readSaid(names: readonly string[], { fromMs, toMs }: Range): Promise<Said[][]> {
    const said = names.map((): Said[] => []);
    for (const day of daysBetween(this.said.days, fromMs, toMs)) {
      const logs = await this.said.use(day, (segment) =>
        readLogs(segment, names, { fromMs, toMs }),
      );
      names.forEach((name, at) => {
        said[at]?.push(...saidBetween(logs.get(name) ?? new KeyedLog(3), fromMs, toMs));
      });
    }
    return said;
  }

  async writeScores(scores: readonly Score[]): Promise<void> {
    const cells = new CellsByDay();
    for (const { series, leadMs, timeMs, inBand, absoluteError, pinball } of scores) {
      cells.add(saidName(series, leadMs), timeMs, inBand, absoluteError, pinball);
    }
    await this.scores.write(cells.days);
  }

  async readScores(fromMs: number, toMs: number): Promise<Score[]> {
    const { limits } = this.#options;
    const scores: Score[] = [];
    for (const day of daysBetween(this.scores.days, fromMs, toMs)) {
      const logs = await this.scores.use(day, (segment) =>
        readLogs(segment, [...segment.contents.columns].sort(), { fromMs, toMs }),
      );
      for (const [name, log] of logs) {
        const at = name.indexOf('@');
        const series = parseSeries(name.slice(0, at));
        const leadMs = Number(name.slice(at + 1));
        pushScores(scores, { series, leadMs, log }, { fromMs, toMs, limits });
      }
    }
    return scores.sort((a, b) => a.timeMs - b.timeMs);
  }

  async compact(nowMs: number): Promise<void> {
    const firstKept = dayOf(nowMs - this.#options.retentionMs);
    for (const segments of [this.said, this.scores]) {
      for (const day of segments.days.filter((one) => one < firstKept)) {
        await segments.use(day, (segment) => segment.remove());
      }
    }
  }

  /** One that can no longer be read is none: the next round makes one. */
  async #readLatest(): Promise<ForecastRun | undefined> {
    if (this.#isLatestRead) return this.#latest;
    const bytes = await this.#disk.read(this.#path);
    this.#isLatestRead = true;
    this.#latest = bytes === undefined ? undefined : decodeForecast(bytes);
    if (bytes !== undefined && this.#latest === undefined) {
      this.#log.error({ path: this.#path }, 'forecast not readable');
    }
    return this.#latest;
  }

  get #path(): string {
    return `${this.#options.folder}/forecast`;
  }
}

interface Range {
  readonly fromMs: number;
  readonly toMs: number;
}

function daysBetween(days: readonly number[], fromMs: number, toMs: number): number[] {
  return days.filter((day) => day >= dayOf(fromMs) && day <= dayOf(toMs));
}
