import type { Metric, SeriesKey } from '../../sample.js';
import { namedSeries } from '../named-series.js';
import { tagOf } from './names.js';
import type { Subject } from './schema.js';
import { SUBJECTS } from './schema.js';

/** The series of a panel, as InfluxDB is asked for them: by subject, then by the tag of who they are of. */
export class Wanted {
  /** Of each series of the panel, its row: the same series has one row, however often it is asked for. */
  readonly rows: readonly number[];
  readonly #tags: Readonly<Record<Subject, Map<string, Map<Metric, number>>>> = {
    server: new Map(),
    resource: new Map(),
  };
  readonly size: number;

  constructor(series: readonly SeriesKey[]) {
    const { rowByName, rowOf } = namedSeries(series).rows;
    this.rows = rowOf;
    this.size = rowByName.size;
    for (const [at, key] of series.entries()) this.#add(key, rowOf[at]!);
  }

  /** The row of a series in an answer; undefined: nobody asked for it. */
  rowOf(subject: Subject, tag: string | undefined, metric: Metric): number | undefined {
    return this.#tags[subject].get(tag ?? '')?.get(metric);
  }

  /** Questions about so many values at most, all of much the same size. */
  *questions(steps: number, valuesMax: number): Generator<Question> {
    for (const subject of SUBJECTS) {
      const tags = [...this.#tags[subject].keys()];
      const metrics = this.#metricsOf(subject);
      const tagsMax = Math.max(1, Math.floor(valuesMax / (steps * Math.max(1, metrics.length))));
      const count = Math.ceil(tags.length / Math.min(tagsMax, TAGS_MAX));
      const size = Math.ceil(tags.length / count);
      for (let from = 0; from < tags.length; from += size) {
        yield { subject, metrics, tags: tags.slice(from, from + size) };
      }
    }
  }

  #metricsOf(subject: Subject): Metric[] {
    const metrics = new Set<Metric>();
    for (const rows of this.#tags[subject].values()) {
      for (const metric of rows.keys()) metrics.add(metric);
    }
    return [...metrics];
  }

  #add({ subject, id, metric }: SeriesKey, row: number): void {
    const tag = tagOf(id);
    const rows = this.#tags[subject].get(tag) ?? new Map<Metric, number>();
    this.#tags[subject].set(tag, rows.set(metric, row));
  }
}

/** Of one question: so that its text stays short. */
const TAGS_MAX = 500;

/** What is asked of one measurement at once. */
export interface Question {
  readonly subject: Subject;
  readonly metrics: readonly Metric[];
  readonly tags: readonly string[];
}
