import type { Clock } from '../../clock/port.js';
import { DAY_MS, dayOf } from '../day.js';
import { Means } from '../means.js';
import type { PanelQuery } from '../port.js';
import type { Grid, Panel } from '../../panel.js';
import { endMsOf } from '../../panel.js';
import type { Metric, Sample, SeriesKey } from '../../sample.js';
import { METRICS, formatSeries, parseSeries } from '../../sample.js';
import type { Rows } from './answer.js';
import { numberOf } from './answer.js';
import type { InfluxDatabase } from './database.js';
import { Lanes } from './lanes.js';
import { lineHead, lineOf } from './line.js';
import { nameOf, tagOf } from './names.js';
import type { Rollups } from './rollups.js';
import type { Retention, Subject } from './schema.js';
import { GRACE_MS, SUBJECTS, countOf, loadOf } from './schema.js';
import type { Span } from './statements.js';
import { anyOf, buckets, during, since } from './statements.js';
import type { Reading } from './reading.js';
import { visitCells } from './reading.js';
import { Wanted } from './wanted.js';

export interface SamplesParts {
  readonly database: InfluxDatabase;
  readonly rollups: Rollups;
  readonly clock: Clock;
}

/** Values of one question: each takes some 30 bytes of answer. */
const VALUES_MAX = 1 << 20;
/** Of one panel. */
const QUESTIONS_AT_ONCE = 2;
/** InfluxDB makes means of so many samples in a second or two: a question of more could last too long. */
const SAMPLES_MAX = 2_000_000;
/** Below so many samples a step they are read as they are: InfluxDB takes longer to make means than to tell them. */
const SPARSE_SAMPLES = 2;
/** Fewer steps are never worth the question how many samples there are. */
const SPARSE_STEPS = 64;

/** Days that are rolled up, or not: the panel is read from means, or from samples. */
interface Stretch extends Span {
  readonly isRolledUp: boolean;
}

/** Samples, as they came or as the means that rollups.ts made of them. */
export class InfluxSamples {
  readonly #database: InfluxDatabase;
  readonly #rollups: Rollups;
  readonly #clock: Clock;
  readonly #retention: Retention;

  constructor({ database, rollups, clock }: SamplesParts, retention: Retention) {
    this.#database = database;
    this.#rollups = rollups;
    this.#clock = clock;
    this.#retention = retention;
  }

  /** One line for all metrics of one subject and time: a poll is few lines. */
  async write(samples: readonly Sample[]): Promise<void> {
    const oldestMs = this.#clock.realtimeMs() - this.#retention.rollupRetentionMs - GRACE_MS;
    const points = new Map<string, { timeMs: number; head: string; fields: Fields }>();
    for (const { series, timeMs, value } of samples) {
      if (timeMs < oldestMs) continue;
      const { subject, id, metric } = series;
      const wholeMs = Math.floor(timeMs);
      const key = `${subject}/${id} ${wholeMs}`;
      let point = points.get(key);
      if (point === undefined) {
        const head = lineHead(loadOf(subject), [[subject, tagOf(id)]]);
        points.set(key, (point = { timeMs: wholeMs, head, fields: {} }));
      }
      point.fields[metric] = value;
    }
    const lines = [...points.values()].map(({ head, fields, timeMs }) =>
      lineOf(head, fields, timeMs),
    );
    await this.#database.write('raw', lines);
  }

  /**
   * A day may be rolled up, and its samples dropped, while it is read from them: it is then read again, from its means. Days
   * that are not past their raw retention never are.
   */
  async readPanel(query: PanelQuery): Promise<Panel> {
    const { startMs } = query;
    const span = { fromMs: startMs, toMs: endMsOf(query) };
    const isStable = startMs >= this.#clock.realtimeMs() - this.#retention.rawRetentionMs;
    for (let days = await this.#rollups.days(span); ;) {
      const panel = await this.#panelFrom(days, query);
      const daysAfter = isStable ? days : await this.#rollups.days(span);
      if (daysAfter.size === days.size) return panel;
      days = daysAfter;
    }
  }

  async #panelFrom(
    days: ReadonlyMap<number, number>,
    { series, startMs, stepMs, steps }: PanelQuery,
  ): Promise<Panel> {
    const grid = { startMs, stepMs, steps };
    const wanted = new Wanted(series);
    const means = new Means(wanted.size, grid);
    const lanes = new Lanes({ lanesMax: QUESTIONS_AT_ONCE, waitingMax: Infinity });
    const readings: Promise<void>[] = [];
    for (const stretch of stretchesOf(grid, days)) {
      const stretchSteps = Math.ceil((stretch.toMs - stretch.fromMs) / stepMs);
      for (const question of wanted.questions(stretchSteps, VALUES_MAX)) {
        const reading = { question, wanted, means, stretch };
        const work = stretch.isRolledUp
          ? () => this.#rollups.addTo(reading, days)
          : () => this.#addSamples(reading, stretchSteps);
        readings.push(lanes.run(work));
      }
    }
    await all(readings);
    return { series, grid, values: means.valuesOf(wanted.rows) };
  }

  /** Of days that are rolled up, series are told by the beginnings of their means. */
  async list(sinceMs: number): Promise<SeriesKey[]> {
    const found = new Map<string, SeriesKey>();
    const last = METRICS.map((metric) => `last("${metric}") AS "${metric}"`).join(', ');
    const { rollupMs } = this.#retention;
    for (const [policy, fromMs] of [
      ['raw', sinceMs],
      ['means', sinceMs - rollupMs + 1],
    ] as const) {
      for (const subject of SUBJECTS) {
        const statement = `SELECT ${last} FROM "${policy}"."${loadOf(subject)}" WHERE ${since(fromMs)} GROUP BY "${subject}"`;
        await this.#database.query(statement, (rows) => {
          for (const series of seriesIn(subject, rows)) found.set(formatSeries(series), series);
        });
      }
    }
    return [...found.keys()].sort().map((name) => found.get(name)!);
  }

  async #addSamples(reading: Reading, steps: number): Promise<void> {
    const { question } = reading;
    const perStep = steps < SPARSE_STEPS ? 0 : await this.#samplesAStep(reading, steps);
    if (perStep > 0 && perStep <= SPARSE_SAMPLES) {
      await this.#addAsTheyCame(reading);
      return;
    }
    const perTag = Math.max(1, perStep * steps * question.metrics.length);
    const size = Math.max(1, Math.floor(SAMPLES_MAX / perTag));
    for (let from = 0; from < question.tags.length; from += size) {
      const tags = question.tags.slice(from, from + size);
      await this.#addMeans({ ...reading, question: { ...question, tags } });
    }
  }

  /** Of one subject, judged by a few from all over; 0: these have none. */
  async #samplesAStep({ question, stretch }: Reading, steps: number): Promise<number> {
    const { subject, metrics } = question;
    const tags = fewOf(question.tags, 4);
    let count = 0;
    const counts = metrics.map((metric) => `count("${metric}")`).join(', ');
    await this.#database.query(
      `SELECT ${counts} FROM "raw"."${loadOf(subject)}" WHERE ${during(stretch)} AND ${anyOf(subject, tags)}`,
      ({ values }) => {
        for (const [, ...row] of values)
          count += Math.max(...row.map((cell) => numberOf(cell) || 0));
      },
    );
    return count / (tags.length * steps);
  }

  async #addAsTheyCame({ question, wanted, means, stretch }: Reading): Promise<void> {
    const { subject, metrics, tags } = question;
    const fields = metrics.map((metric) => `"${metric}"`).join(', ');
    await this.#database.query(
      `SELECT ${fields} FROM "raw"."${loadOf(subject)}" WHERE ${during(stretch)} AND ${anyOf(subject, tags)} GROUP BY "${subject}"`,
      (rows) => {
        visitCells(rows, question, wanted, (row, timeMs, value) => {
          means.add(row, timeMs, value);
        });
      },
    );
  }

  /** Whole steps as means; what of the first and the last step lies in this stretch, as sums and counts. */
  async #addMeans({ question, wanted, means, stretch }: Reading): Promise<void> {
    const { startMs, stepMs, steps } = means.grid;
    const first = Math.ceil((stretch.fromMs - startMs) / stepMs);
    const last = Math.min(steps, Math.floor((stretch.toMs - startMs) / stepMs));
    const whole = { fromMs: startMs + first * stepMs, toMs: startMs + last * stepMs };
    const { subject, metrics, tags } = question;
    if (first < last) {
      const fields = metrics.map((metric) => `mean("${metric}") AS "${metric}"`).join(', ');
      await this.#database.query(
        `SELECT ${fields} FROM "raw"."${loadOf(subject)}" WHERE ${during(whole)} AND ${anyOf(subject, tags)} GROUP BY ${buckets(stepMs, startMs)}, "${subject}" fill(none)`,
        (rows) => {
          visitCells(rows, question, wanted, (row, timeMs, mean) => {
            means.set(row, Math.round((timeMs - startMs) / stepMs), { mean, weight: 1 });
          });
        },
      );
    }
    const edges =
      first < last
        ? [
            { fromMs: stretch.fromMs, toMs: whole.fromMs },
            { fromMs: whole.toMs, toMs: stretch.toMs },
          ]
        : edgesAround(stretch, startMs + first * stepMs);
    for (const edge of edges) {
      if (edge.fromMs < edge.toMs) await this.#addEdge(edge, { question, wanted, means, stretch });
    }
  }

  async #addEdge(edge: Span, { question, wanted, means }: Reading): Promise<void> {
    const { subject, metrics, tags } = question;
    const step = means.stepOf(edge.fromMs);
    const fields = metrics
      .map(
        (metric) => `sum("${metric}") AS "${metric}", count("${metric}") AS "${countOf(metric)}"`,
      )
      .join(', ');
    await this.#database.query(
      `SELECT ${fields} FROM "raw"."${loadOf(subject)}" WHERE ${during(edge)} AND ${anyOf(subject, tags)} GROUP BY "${subject}"`,
      (rows) => {
        visitCells(rows, question, wanted, (row, _timeMs, sum, weight) => {
          const span = {
            fromMs: means.grid.startMs + step * means.grid.stepMs,
            toMs: means.grid.startMs + (step + 1) * means.grid.stepMs,
          };
          means.addSpan(row, span, { mean: sum / weight, weight });
        });
      },
    );
  }
}

type Fields = Partial<Record<Metric, number>>;

function fewOf(tags: readonly string[], few: number): string[] {
  const every = Math.ceil(tags.length / few);
  return tags.filter((_, at) => at % every === 0);
}

/** A stretch within one step, or over the border of two, has no whole step. */
function edgesAround({ fromMs, toMs }: Span, borderMs: number): Span[] {
  if (borderMs >= toMs) return [{ fromMs, toMs }];
  return [
    { fromMs, toMs: borderMs },
    { fromMs: borderMs, toMs },
  ];
}

function stretchesOf(grid: Grid, rolledUp: ReadonlyMap<number, number>): Stretch[] {
  const stretches: Stretch[] = [];
  const endMs = endMsOf(grid);
  for (let fromMs = grid.startMs; fromMs < endMs;) {
    const isRolledUp = rolledUp.has(dayOf(fromMs));
    let toMs = fromMs;
    while (toMs < endMs && rolledUp.has(dayOf(toMs)) === isRolledUp) {
      toMs = Math.min(endMs, (dayOf(toMs) + 1) * DAY_MS);
    }
    stretches.push({ fromMs, toMs, isRolledUp });
    fromMs = toMs;
  }
  return stretches;
}

/** Foreign points may have names that are none of ours: they are left out. */
function seriesIn(subject: Subject, { tags, columns, values }: Rows): SeriesKey[] {
  const name = nameOf(tags[subject] ?? '');
  return METRICS.flatMap((metric) => {
    const column = columns.indexOf(metric);
    const isThere = column !== -1 && values.some((row) => !Number.isNaN(numberOf(row[column])));
    if (!isThere || name === undefined) return [];
    try {
      return [parseSeries(`${subject}/${name}/${metric}`)];
    } catch {
      return [];
    }
  });
}

/** Waits for all, also if one fails: nothing goes on behind the caller's back. */
async function all(readings: readonly Promise<void>[]): Promise<void> {
  const over = await Promise.allSettled(readings);
  const failure = over.find(({ status }) => status === 'rejected');
  if (failure?.status === 'rejected') throw failure.reason;
}
