import { DAY_MS, dayOf } from '../day.js';
import type { Metric } from '../../sample.js';
import { METRICS } from '../../sample.js';
import type { Shard } from './administration.js';
import { numberOf } from './answer.js';
import type { InfluxDatabase } from './database.js';
import { lineHead, lineOf } from './line.js';
import { nameOf } from './names.js';
import type { Reading } from './reading.js';
import { visitCells } from './reading.js';
import type { Retention, Subject } from './schema.js';
import { SUBJECTS, countOf, loadOf } from './schema.js';
import type { Span } from './statements.js';
import { anyOf, buckets, during } from './statements.js';

/** So much of a day is rolled up at once. */
const PART_MS = 3_600_000;

/**
 * Means of days past their raw retention. They are made by the compaction job, not by continuous queries: those look at
 * the last few intervals only, by InfluxDB's clock, and would never see what comes late, as from the spool after an outage or from
 * an import; and they would write the means of a repeated part over those of the whole.
 *
 * A day counts as rolled up once its point of `rollup_day` is there, which is written after all its means; then the shard of
 * its samples goes. So whatever breaks off in between, a day is read from whole samples or from whole means. Samples that come
 * after that make a shard again; they count where the day has no mean, and the next compaction takes them in. One that comes
 * days late in the very moment between means and drop is lost.
 */
export class Rollups {
  readonly #database: InfluxDatabase;
  readonly #retention: Retention;

  constructor(database: InfluxDatabase, retention: Retention) {
    this.#database = database;
    this.#retention = retention;
  }

  /** The days that are rolled up, each with the step of its means. */
  async days({ fromMs, toMs }: Span): Promise<Map<number, number>> {
    const days = new Map<number, number>();
    const whole = { fromMs: dayOf(fromMs) * DAY_MS, toMs };
    await this.#database.query(
      `SELECT "step_ms" FROM "means"."rollup_day" WHERE ${during(whole)}`,
      ({ values }) => {
        for (const [timeMs, stepMs] of values) days.set(dayOf(numberOf(timeMs)), numberOf(stepMs));
      },
    );
    return days;
  }

  /** Adds a stretch of days that are rolled up. */
  async addTo(reading: Reading, days: ReadonlyMap<number, number>): Promise<void> {
    const { means, stretch } = reading;
    const { startMs, stepMs } = means.grid;
    const span = { fromMs: dayOf(stretch.fromMs) * DAY_MS, toMs: stretch.toMs };
    const stepOf = (timeMs: number): number => days.get(dayOf(timeMs)) ?? NaN;
    const late = await this.#late(reading, days, span);
    const add = (row: number, fromMs: number, mean: number, weight: number): void => {
      means.addSpan(row, { fromMs, toMs: fromMs + stepOf(fromMs) }, { mean, weight });
    };
    // Of steps that are the means' own, weights tell nothing.
    const isSameGrid =
      startMs % stepMs === 0 && [...days.values()].every((rollupMs) => rollupMs === stepMs);
    await this.#read(
      'means',
      isSameGrid,
      { ...reading, stretch: span },
      (row, timeMs, mean, count) => {
        late.delete(keyOf(row, timeMs));
        add(row, timeMs, mean, count);
      },
    );
    for (const { row, timeMs, mean, count } of late.values()) add(row, timeMs, mean, count);
  }

  /** @throws ERR_STORE_UNAVAILABLE, ERR_STORE_AMBIGUOUS, ERR_STORE_REFUSED; what was done by then stays done */
  async compact(nowMs: number): Promise<void> {
    const { administration } = this.#database;
    await this.#database.prepared();
    const { rawRetentionMs, rollupRetentionMs } = this.#retention;
    const firstRaw = dayOf(nowMs - rawRetentionMs);
    const firstKept = dayOf(nowMs - rollupRetentionMs);
    const shards = await administration.shards('raw');
    for (const shard of shards.sort((a, b) => a.startMs - b.startMs)) {
      if (shard.endMs > firstRaw * DAY_MS) continue;
      if (shard.endMs > firstKept * DAY_MS) await this.#rollUp(shard);
      await administration.dropShard(shard);
    }
  }

  async #rollUp({ startMs, endMs }: Shard): Promise<void> {
    for (let day = dayOf(startMs); day * DAY_MS < endMs; day++) {
      const span = { fromMs: day * DAY_MS, toMs: (day + 1) * DAY_MS };
      const known = (await this.days(span)).get(day);
      const stepMs = known ?? this.#retention.rollupMs;
      for (const part of partsOf(span, stepMs)) {
        for (const subject of SUBJECTS) {
          if (known === undefined) await this.#makeMeans(subject, part, stepMs);
          else await this.#takeIn(subject, part, stepMs);
        }
      }
      const mark = lineOf(lineHead('rollup_day'), { step_ms: stepMs }, span.fromMs);
      await this.#database.write('means', [mark]);
    }
  }

  async #makeMeans(subject: Subject, part: Span, stepMs: number): Promise<void> {
    const load = loadOf(subject);
    const { database } = this.#database;
    await this.#database.command(
      `SELECT ${meansAndCounts(METRICS)} INTO "${database}"."means"."${load}" FROM "${database}"."raw"."${load}" WHERE ${during(part)} GROUP BY time(${stepMs}ms), "${subject}" fill(none)`,
    );
  }

  /** What came late, where the day has no mean. */
  async #takeIn(subject: Subject, part: Span, stepMs: number): Promise<void> {
    const known = new Set<string>();
    const fields = METRICS.map((metric) => `"${metric}"`).join(', ');
    await this.#database.query(
      `SELECT ${fields} FROM "means"."${loadOf(subject)}" WHERE ${during(part)} GROUP BY "${subject}"`,
      ({ tags, columns, values }) => {
        for (const row of values) {
          row.forEach((value, at) => {
            if (value !== null)
              known.add(`${tags[subject] ?? ''} ${columns[at]!} ${String(row[0])}`);
          });
        }
      },
    );
    const lines: string[] = [];
    await this.#database.query(
      `SELECT ${meansAndCounts(METRICS)} FROM "raw"."${loadOf(subject)}" WHERE ${during(part)} GROUP BY time(${stepMs}ms), "${subject}" fill(none)`,
      ({ tags, columns, values }) => {
        const tag = tags[subject] ?? '';
        // Foreign points may have tags that are none of ours.
        if (nameOf(tag) === undefined) return;
        for (const row of values) {
          const timeMs = numberOf(row[0]);
          for (const metric of METRICS) {
            const mean = numberOf(row[columns.indexOf(metric)]);
            if (Number.isNaN(mean) || known.has(`${tag} ${metric} ${timeMs}`)) continue;
            const count = numberOf(row[columns.indexOf(countOf(metric))]);
            const fieldsOfMean = { [metric]: mean, [countOf(metric)]: BigInt(count) };
            lines.push(lineOf(lineHead(loadOf(subject), [[subject, tag]]), fieldsOfMean, timeMs));
          }
        }
      },
    );
    await this.#database.write('means', lines);
  }

  /** Samples of rolled up days, as means of the days' steps. */
  async #late(
    reading: Reading,
    days: ReadonlyMap<number, number>,
    span: Span,
  ): Promise<Map<string, { row: number; timeMs: number; mean: number; count: number }>> {
    const late = new Map<string, { row: number; timeMs: number; mean: number; count: number }>();
    for (const stepMs of new Set(days.values())) {
      await this.#read(
        'raw',
        false,
        { ...reading, stretch: span },
        (row, timeMs, mean, count) => {
          if (days.get(dayOf(timeMs)) !== stepMs) return;
          late.set(keyOf(row, timeMs), { row, timeMs, mean, count });
        },
        stepMs,
      );
    }
    return late;
  }

  async #read(
    policy: 'raw' | 'means',
    isWithoutCounts: boolean,
    { question, wanted, stretch }: Reading,
    visit: (row: number, timeMs: number, mean: number, count: number) => void,
    stepMs?: number,
  ): Promise<void> {
    const { subject, metrics, tags } = question;
    const plain = metrics.flatMap((metric) =>
      isWithoutCounts ? [`"${metric}"`] : [`"${metric}"`, `"${countOf(metric)}"`],
    );
    const fields = policy === 'raw' ? meansAndCounts(metrics) : plain.join(', ');
    const groups = stepMs === undefined ? '' : `${buckets(stepMs, 0)}, `;
    const fill = stepMs === undefined ? '' : ' fill(none)';
    await this.#database.query(
      `SELECT ${fields} FROM "${policy}"."${loadOf(subject)}" WHERE ${during(stretch)} AND ${anyOf(subject, tags)} GROUP BY ${groups}"${subject}"${fill}`,
      (rows) => {
        visitCells(rows, question, wanted, visit);
      },
    );
  }
}

function meansAndCounts(metrics: readonly Metric[]): string {
  return metrics
    .map((metric) => `mean("${metric}") AS "${metric}", count("${metric}") AS "${countOf(metric)}"`)
    .join(', ');
}

function keyOf(row: number, timeMs: number): string {
  return `${row} ${timeMs}`;
}

/** Of whole steps, about an hour long each. */
function* partsOf({ fromMs, toMs }: Span, stepMs: number): Generator<Span> {
  const partMs = stepMs * Math.max(1, Math.floor(PART_MS / stepMs));
  for (let startMs = fromMs; startMs < toMs; startMs += partMs) {
    yield { fromMs: startMs, toMs: Math.min(toMs, startMs + partMs) };
  }
}
