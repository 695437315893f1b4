import type { SeriesKey } from '../../sample.js';
import { parseSeries } from '../../sample.js';
import { fail } from '../../errors.js';
import { pathOf } from '../../forecast.js';
import type { Clock } from '../../clock/port.js';
import { endMsOf } from '../../panel.js';
import { counted } from '../../text.js';
import type { MetricStoreLimits } from '../limits.js';
import type { ForecastRun, ManySaidQuery, Said, SaidQuery, Score } from '../port.js';
import { saidIn, saidName } from '../said.js';
import type { Rows } from './answer.js';
import { numberOf } from './answer.js';
import type { InfluxDatabase } from './database.js';
import type { LatestForecast } from './latest-forecast.js';
import { lineHead, lineOf } from './line.js';
import { nameOf } from './names.js';
import type { Retention, Subject } from './schema.js';
import { GRACE_MS, SUBJECTS, horizonOf, leadMsOf, seriesTags } from './schema.js';
import type { Span } from './statements.js';
import { during } from './statements.js';

export interface OutlooksParts {
  readonly database: InfluxDatabase;
  readonly latest: LatestForecast;
  readonly clock: Clock;
}

/** Of the latest forecast so many series are drawn, servers first: dashboards show no more. */
const DRAWN_SERIES_MAX = 2000;
/** Scores of one answer. */
const PAGE_ROWS = 100_000;

/** What was said, for dashboards and for scoring, and how it turned out. */
export class Outlooks {
  readonly #database: InfluxDatabase;
  readonly #latest: LatestForecast;
  readonly #clock: Clock;
  readonly #retention: Retention;

  constructor({ database, latest, clock }: OutlooksParts, retention: Retention) {
    this.#database = database;
    this.#latest = latest;
    this.#clock = clock;
    this.#retention = retention;
  }

  async write(run: ForecastRun): Promise<void> {
    await this.#database.write('forecasts', this.#saidLines(run));
    if (await this.#latest.write(run)) {
      await this.#database.write('forecasts', [...drawnLines(run), runLine(run)]);
    }
  }

  async readSaid({ series, leadMs, ...span }: SaidQuery): Promise<Said[]> {
    const tags = [...seriesTags(series), ['horizon', horizonOf(leadMs)]];
    const is = tags.map(([key, tag]) => `"${key}" = '${tag}'`).join(' AND ');
    const said: Said[] = [];
    await this.#database.query(
      `SELECT "p10", "p50", "p90" FROM "forecasts"."forecast" WHERE ${during(span)} AND ${is}`,
      ({ values }) => {
        for (const [timeMs, p10, p50, p90] of values) {
          said.push({
            timeMs: numberOf(timeMs),
            p10: Math.fround(numberOf(p10)),
            p50: Math.fround(numberOf(p50)),
            p90: Math.fround(numberOf(p90)),
          });
        }
      },
    );
    return said;
  }

  /** One series after the other, by their index: nothing else is scanned for one. */
  async readSaidOfMany({ series, leadsMs, ...span }: ManySaidQuery): Promise<Said[][][]> {
    const said: Said[][][] = [];
    for (const one of series) {
      said.push(
        await Promise.all(leadsMs.map((leadMs) => this.readSaid({ series: one, leadMs, ...span }))),
      );
    }
    return said;
  }

  async writeScores(scores: readonly Score[]): Promise<void> {
    const lines: string[] = [];
    for (const { series, timeMs, leadMs, inBand, absoluteError, pinball } of scores) {
      if (timeMs < this.#oldestMs) continue;
      const tags = [...seriesTags(series), ['horizon', horizonOf(leadMs)] as const];
      const fields = { in_band: inBand, abs_err: absoluteError, pinball };
      lines.push(lineOf(lineHead('forecast_score', tags), fields, Math.floor(timeMs)));
    }
    await this.#database.write('forecasts', lines);
  }

  /** In pages, by time: of a page that is full, its last time is read again with the next. */
  async readScores(span: Span, { scoresMax }: MetricStoreLimits): Promise<Score[]> {
    const scores = new Map<string, Score>();
    for (let { fromMs } = span; ;) {
      let rows = 0;
      let lastMs = fromMs;
      await this.#database.query(
        `SELECT * FROM "forecasts"."forecast_score" WHERE ${during({ ...span, fromMs })} LIMIT ${PAGE_ROWS}`,
        (page) => {
          rows += page.values.length;
          lastMs = Math.max(lastMs, numberOf(page.values.at(-1)?.[0]));
          for (const score of scoresIn(page)) {
            scores.set(`${saidName(score.series, score.leadMs)} ${score.timeMs}`, score);
          }
        },
      );
      if (scores.size > scoresMax) {
        fail('ERR_LIMIT_REACHED', { limit: scoresMax, what: 'scores a read' });
      }
      if (rows < PAGE_ROWS) break;
      // A page of a single time cannot be read on from.
      if (lastMs === fromMs) {
        fail('ERR_LIMIT_REACHED', { limit: PAGE_ROWS, what: 'scores of one time' });
      }
      fromMs = lastMs;
    }
    return [...scores.values()].sort(byTimeAndName);
  }

  get #oldestMs(): number {
    return this.#clock.realtimeMs() - this.#retention.forecastRetentionMs - GRACE_MS;
  }

  #saidLines(run: ForecastRun): string[] {
    const { series } = run.block;
    return saidIn(run)
      .filter(({ timeMs }) => timeMs >= this.#oldestMs)
      .flatMap(({ timeMs, leadMs, quantilesOf }) =>
        series.map((key, at) => {
          const [p10, p50, p90] = quantilesOf(at);
          const tags = [...seriesTags(key), ['horizon', horizonOf(leadMs)] as const];
          return lineOf(lineHead('forecast', tags), { p10, p50, p90 }, Math.floor(timeMs));
        }),
      );
  }
}

function* drawnLines({ block }: ForecastRun): Generator<string> {
  const { grid, series } = block;
  const rows = [...series.keys()].sort((a, b) => rankOf(series[a]!) - rankOf(series[b]!));
  for (const row of rows.slice(0, DRAWN_SERIES_MAX)) {
    const head = lineHead('forecast_latest', seriesTags(series[row]!));
    const [low, middle, high] = [0.1, 0.5, 0.9].map((quantile) => pathOf(block, row, quantile));
    for (let step = 0; step < grid.steps; step++) {
      const fields = { p10: low![step]!, p50: middle![step]!, p90: high![step]! };
      yield lineOf(head, fields, Math.floor(grid.startMs + step * grid.stepMs));
    }
  }
}

function rankOf({ subject }: SeriesKey): number {
  return subject === 'server' ? 0 : 1;
}

/** A region for dashboards, from when it was made to the end of what it says. */
function runLine({ madeAtMs, block }: ForecastRun): string {
  const text = `forecast of ${counted(block.series.length, 'series')}, ${counted(block.grid.steps, 'step')}`;
  const fields = { end_ms: endMsOf(block.grid), text };
  return lineOf(lineHead('forecast_run'), fields, Math.floor(madeAtMs));
}

function* scoresIn({ columns, values }: Rows): Generator<Score> {
  const at = (name: string): number => columns.indexOf(name);
  for (const row of values) {
    const series = seriesOf(row, at);
    const leadMs = leadMsOf(textOf(row[at('horizon')]));
    if (series === undefined || leadMs === undefined) continue;
    yield {
      series,
      timeMs: numberOf(row[0]),
      leadMs,
      inBand: numberOf(row[at('in_band')]) === 0 ? 0 : 1,
      absoluteError: Math.fround(numberOf(row[at('abs_err')])),
      pinball: Math.fround(numberOf(row[at('pinball')])),
    };
  }
}

/** Undefined: a foreign point. */
function seriesOf(row: readonly unknown[], at: (name: string) => number): SeriesKey | undefined {
  const subject = SUBJECTS.find((one: Subject) => textOf(row[at(one)]) !== '');
  const name = subject === undefined ? undefined : nameOf(textOf(row[at(subject)]));
  if (subject === undefined || name === undefined) return undefined;
  try {
    return parseSeries(`${subject}/${name}/${textOf(row[at('metric')])}`);
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function byTimeAndName(a: Score, b: Score): number {
  if (a.timeMs !== b.timeMs) return a.timeMs - b.timeMs;
  const [first, second] = [a, b].map(({ series, leadMs }) => saidName(series, leadMs));
  return first! < second! ? -1 : 1;
}
