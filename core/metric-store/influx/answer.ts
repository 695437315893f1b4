import { messageOf } from '../../text.js';

/** A part of the answer to one statement: rows of one series. A long series comes in several. */
export interface Rows {
  readonly tags: Readonly<Record<string, string>>;
  readonly columns: readonly string[];
  readonly values: readonly (readonly unknown[])[];
}

/** Why an answer cannot be used. */
export class AnswerFault extends Error {
  override readonly name = 'AnswerFault';
  /** InfluxDB itself says that it could not answer. */
  readonly isOwn: boolean;

  constructor(why: string, { isOwn = false } = {}) {
    super(why);
    this.isOwn = isOwn;
  }
}

/**
 * The parts of a chunked answer, one a line, each read when it is asked for. An answer that ends while InfluxDB says that more
 * is to come, or in which it says that something failed, is no answer: what came before is then not to be used either.
 * @throws AnswerFault
 */
export function* partsOf(body: Uint8Array): Generator<Rows[]> {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  let isMore = true;
  for (let from = 0; from < bytes.length;) {
    const newline = bytes.indexOf(0x0a, from);
    const to = newline === -1 ? bytes.length : newline;
    if (to > from) {
      const part = read(bytes.toString('utf8', from, to));
      isMore = part.isMore;
      yield part.rows;
    }
    from = to + 1;
  }
  if (isMore) throw new AnswerFault('the answer is not whole');
}

function read(text: string): { readonly rows: Rows[]; readonly isMore: boolean } {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new AnswerFault('the answer is not JSON');
  }
  if (!isObject(answer)) throw new AnswerFault('the answer is no object');
  refuse(answer.error);
  if (!Array.isArray(answer.results)) throw new AnswerFault('the answer has no results');
  let isMore = false;
  const rows = answer.results.flatMap((result: unknown) => {
    if (!isObject(result)) throw new AnswerFault('a result is no object');
    refuse(result.error);
    const { series = [], partial } = result;
    if (!Array.isArray(series)) throw new AnswerFault('a result has no list of series');
    isMore = partial === true;
    return series.map(readRows);
  });
  return { rows, isMore };
}

function readRows(series: unknown): Rows {
  if (!isObject(series)) throw new AnswerFault('a series is no object');
  const { tags = {}, columns, values = [] } = series;
  const isSound =
    isObject(tags) &&
    Object.values(tags).every((tag) => typeof tag === 'string') &&
    Array.isArray(columns) &&
    columns.every((column) => typeof column === 'string') &&
    Array.isArray(values) &&
    values.every((row) => Array.isArray(row) && row.length === columns.length);
  if (!isSound) throw new AnswerFault('a series is not tags, columns and rows');
  return { tags: tags as Record<string, string>, columns, values: values as unknown[][] };
}

function refuse(error: unknown): void {
  if (error === undefined) return;
  throw new AnswerFault(typeof error === 'string' ? error : messageOf(error), { isOwn: true });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A number of a row; NaN: there is none. @throws AnswerFault */
export function numberOf(value: unknown): number {
  if (value === null || value === undefined) return NaN;
  if (typeof value === 'number') return value;
  throw new AnswerFault('a value is no number');
}
