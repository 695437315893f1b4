import { fail } from '../../core/errors.js';
import type { Json, JsonObject } from '../../core/json.js';
import { parseJson } from '../../core/json.js';
import type { Grid } from '../../core/panel.js';
import { clip, messageOf } from '../../core/text.js';
import type { Trace } from '../../core/trace/trace.js';
import type { Credentials, HistoryAnswer, HistoryCall } from './call.js';
import { VALUES_MAX, asked, headersOf } from './call.js';
import { chunksOf } from './chunks.js';
import type { HistoryOptions } from './history.js';
import { History } from './history.js';

export interface PrometheusHistoryOptions extends Omit<HistoryOptions, 'source'> {
  /** `http://host:9090`, or whatever else has Prometheus' API below it. */
  readonly url: string;
  /** PromQL whose answer has one series a resource. */
  readonly query: string;
  /** By which a series says whose it is. */
  readonly label: string;
  readonly credentials: Credentials;
}

/** Prometheus refuses to answer with more of one series. */
const POINTS_MAX = 11_000;
const ANSWER_JSON = { bytesMax: 96 << 20, depthMax: 8 };

/**
 * A load from Prometheus' range API, in as many queries as its limit of points asks for. What a query says of a moment is of the
 * step that ends then, as a rate or a mean over the time before it is. Nothing is changed there.
 * @throws ERR_HISTORY_…
 */
export async function prometheusHistory(
  grid: Grid,
  options: PrometheusHistoryOptions,
  call: HistoryCall,
): Promise<Trace> {
  const source = `Prometheus at ${clip(options.url)}`;
  const history = new History(grid, { ...options, source });
  const limits = { stepsMax: POINTS_MAX, valuesMax: VALUES_MAX };
  for (const chunk of chunksOf(grid, limits, () => history.resources)) {
    const seen = new Set<string>();
    for (const { labels, values } of await rangeOf(chunk, { ...options, source }, call)) {
      const name = nameIn(labels, { ...options, source });
      if (seen.has(name)) {
        fail('ERR_HISTORY_DOUBLE', { source, label: options.label, name: clip(name) });
      }
      seen.add(name);
      for (const [second, text] of values) {
        history.add(name, 1000 * second - grid.stepMs, Number(text));
      }
    }
  }
  return history.trace();
}

interface Asked extends PrometheusHistoryOptions {
  readonly source: string;
}

interface RangeSeries {
  readonly labels: Readonly<Record<string, Json | undefined>>;
  readonly values: readonly (readonly [second: number, value: string])[];
}

async function rangeOf(
  { startMs, stepMs, steps }: Grid,
  { url, query, credentials, source }: Asked,
  call: HistoryCall,
): Promise<RangeSeries[]> {
  const form = new URLSearchParams({
    query,
    start: String((startMs + stepMs) / 1000),
    end: String((startMs + steps * stepMs) / 1000),
    step: String(stepMs / 1000),
  });
  const answer = await asked(call, source, {
    method: 'POST',
    url: `${url.replace(/\/+$/, '')}/api/v1/query_range`,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...headersOf(credentials),
    },
    body: form.toString(),
  });
  return seriesIn(answer, source);
}

function seriesIn({ status, body }: HistoryAnswer, source: string): RangeSeries[] {
  const invalid = (why: string): never => fail('ERR_HISTORY_INVALID', { source, why });
  let answer: Json;
  try {
    const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();
    answer = parseJson(text, 'the answer', ANSWER_JSON);
  } catch (error) {
    return invalid(`status ${status}, ${messageOf(error)}`);
  }
  if (!isObject(answer)) return invalid(`status ${status}, and no object`);
  if (answer.status !== 'success') {
    const why = typeof answer.error === 'string' ? clip(answer.error) : `status ${status}`;
    const fix =
      'Try the query in its own page; look at its limits if it says that there is too much.';
    return fail('ERR_HISTORY_REFUSED', { source, why, fix });
  }
  const data = isObject(answer.data) ? answer.data : {};
  if (data.resultType !== 'matrix' || !Array.isArray(data.result)) {
    return invalid('the answer is no matrix');
  }
  return data.result.map((series: Json) => {
    if (!isObject(series) || !isObject(series.metric) || !Array.isArray(series.values)) {
      return invalid('a series is not labels and values');
    }
    if (!series.values.every(isPoint)) return invalid('a value is not a time and a text');
    return { labels: series.metric, values: series.values };
  });
}

function nameIn(labels: RangeSeries['labels'], { label, source }: Asked): string {
  const name = labels[label];
  if (typeof name === 'string') return name;
  const known = Object.keys(labels).filter((key) => key !== '__name__');
  const shown = known.slice(0, 20).map(clip).join(', ');
  return fail('ERR_HISTORY_UNKNOWN', {
    ...{ source, what: 'label', name: clip(label) },
    known: shown === '' ? 'none, so let the query keep some: sum by (label) (…)' : shown,
  });
}

function isPoint(value: Json): value is readonly [number, string] {
  return Array.isArray(value) && typeof value[0] === 'number' && typeof value[1] === 'string';
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
