import { strict as assert } from 'node:assert';
import { fail } from '../../core/errors.js';
import type { Rows } from '../../core/metric-store/influx/answer.js';
import { AnswerFault, numberOf, partsOf } from '../../core/metric-store/influx/answer.js';
import { nameOf, quoted } from '../../core/metric-store/influx/names.js';
import { loadOf } from '../../core/metric-store/influx/schema.js';
import { buckets, during } from '../../core/metric-store/influx/statements.js';
import type { Grid } from '../../core/panel.js';
import { clip } from '../../core/text.js';
import type { Trace } from '../../core/trace/trace.js';
import type { Credentials, HistoryCall } from './call.js';
import { VALUES_MAX, asked, headersOf } from './call.js';
import { chunksOf } from './chunks.js';
import type { HistoryOptions } from './history.js';
import { History } from './history.js';

export interface InfluxHistoryOptions extends Omit<HistoryOptions, 'source'> {
  /** `http://host:8086` of an InfluxDB 1.x. */
  readonly url: string;
  readonly database: string;
  /** Undefined: what a Foreshift wrote there. */
  readonly mapping: InfluxMapping | undefined;
  readonly credentials: Credentials;
}

/** Where loads stand in a database that somebody else fills. */
export interface InfluxMapping {
  readonly measurement: string;
  readonly field: string;
  /** Whose value is the name of a resource. Of several series with one value the mean is taken. */
  readonly tag: string;
  /** Undefined: the database's default. */
  readonly retention: string | undefined;
  /** InfluxQL that narrows it, without a `;`: `"cpu" = 'cpu-total'`. */
  readonly where: string | undefined;
  /** The field only grows: what counts is by how much a second. */
  readonly isCounter: boolean;
}

/** One `SELECT` after the other; what an earlier one said stays. */
interface Place extends InfluxMapping {
  readonly nameOf: (tag: string) => string | undefined;
}

const STEPS_MAX = 100_000;

/**
 * A load from an InfluxDB 1.x: means per step. It is asked by `SELECT` and `SHOW` alone; what a user wrote stands in them as a name in
 * quotes, or as a condition without a `;`, so that nothing is changed there.
 * @throws ERR_HISTORY_…
 */
export async function influxHistory(
  grid: Grid,
  options: InfluxHistoryOptions,
  call: HistoryCall,
): Promise<Trace> {
  const source = `InfluxDB at ${clip(options.url)}`;
  const influx = new Influx(call, { ...options, source });
  const history = new History(grid, { ...options, source });
  const limits = { stepsMax: STEPS_MAX, valuesMax: VALUES_MAX };
  for (const place of placesOf(options)) {
    for (const chunk of chunksOf(grid, limits, () => history.resources)) {
      for (const { tags, values } of await influx.rows(statementOf(place, chunk))) {
        const name = place.nameOf(tags[place.tag] ?? '');
        if (name === undefined) continue;
        for (const [timeMs, value] of values) history.add(name, numberIn(timeMs), numberIn(value));
      }
    }
  }
  if (history.resources === 0 && options.mapping !== undefined) {
    await influx.explainNothing(options.mapping);
  }
  return history.trace();

  function numberIn(cell: unknown): number {
    try {
      return numberOf(cell);
    } catch {
      return fail('ERR_HISTORY_INVALID', { source, why: 'a value is no number' });
    }
  }
}

/** Of our own: samples as they came, then the means that are kept of older ones. */
function placesOf({ mapping, dimension }: InfluxHistoryOptions): Place[] {
  if (mapping !== undefined) {
    // A series without the tag is of nobody.
    return [{ ...mapping, nameOf: (tag) => (tag === '' ? undefined : tag) }];
  }
  return ['raw', 'means'].map((retention) => ({
    ...{ measurement: loadOf('resource'), field: dimension, tag: 'resource', retention },
    ...{ where: undefined, isCounter: false, nameOf },
  }));
}

function statementOf(place: Place, { startMs, stepMs, steps }: Grid): string {
  const { field, tag, where, isCounter } = place;
  const mean = `mean(${quoted(field)})`;
  const value = isCounter ? `non_negative_derivative(${mean}, 1s)` : mean;
  // What a counter grew by within a step is known from the step before it.
  const span = { fromMs: startMs - (isCounter ? stepMs : 0), toMs: startMs + steps * stepMs };
  assert.ok(where?.includes(';') !== true, 'a condition is no second statement');
  const narrowed = where === undefined ? '' : ` AND (${where})`;
  return `SELECT ${value} FROM ${tableOf(place)} WHERE ${during(span)}${narrowed} GROUP BY ${buckets(stepMs, startMs)}, ${quoted(tag)} fill(none)`;
}

/** As it stands after FROM. */
function tableOf({
  measurement,
  retention,
}: Pick<InfluxMapping, 'measurement' | 'retention'>): string {
  return `${retention === undefined ? '' : `${quoted(retention)}.`}${quoted(measurement)}`;
}

class Influx {
  readonly #call: HistoryCall;
  readonly #options: InfluxHistoryOptions & { readonly source: string };

  constructor(call: HistoryCall, options: InfluxHistoryOptions & { readonly source: string }) {
    this.#call = call;
    this.#options = options;
  }

  async rows(statement: string): Promise<Rows[]> {
    const { url, database, credentials, source } = this.#options;
    const query = new URLSearchParams({
      ...{ db: database, epoch: 'ms', chunked: 'true', chunk_size: '10000' },
      q: statement,
    });
    const { status, body } = await asked(this.#call, source, {
      method: 'GET',
      url: `${url.replace(/\/+$/, '')}/query?${query.toString()}`,
      headers: headersOf(credentials),
    });
    try {
      return [...partsOf(body)].flat();
    } catch (error) {
      if (!(error instanceof AnswerFault)) throw error;
      return this.#refuse(error, status);
    }
  }

  /** It answers alike where there is nothing and where there is no such thing: which, it says when asked. */
  async explainNothing(mapping: InfluxMapping): Promise<void> {
    const { measurement, field, tag } = mapping;
    const from = tableOf(mapping);
    await this.#mustKnow('measurement', measurement, 'SHOW MEASUREMENTS');
    await this.#mustKnow('field', field, `SHOW FIELD KEYS FROM ${from}`);
    await this.#mustKnow('tag', tag, `SHOW TAG KEYS FROM ${from}`);
  }

  async #mustKnow(what: string, name: string, statement: string): Promise<void> {
    const known = (await this.rows(statement))
      .flatMap(({ values }) => values)
      .map(([value]) => String(value));
    if (known.includes(name)) return;
    const { source } = this.#options;
    const shown = known.slice(0, 20).map(clip).join(', ');
    fail('ERR_HISTORY_UNKNOWN', {
      ...{ source, what, name: clip(name) },
      known: shown === '' ? 'there is none' : shown,
    });
  }

  #refuse({ isOwn, message }: AnswerFault, status: number): never {
    const { source, database } = this.#options;
    if (!isOwn) return fail('ERR_HISTORY_INVALID', { source, why: `status ${status}, ${message}` });
    if (message.startsWith('database not found')) {
      const known = '`SHOW DATABASES` in `influx` lists them';
      return fail('ERR_HISTORY_UNKNOWN', { source, what: 'database', name: clip(database), known });
    }
    const fix = 'Try the same in `influx`; look at its limits if it says that there is too much.';
    return fail('ERR_HISTORY_REFUSED', { source, why: clip(message), fix });
  }
}
