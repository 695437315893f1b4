import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RangeQuery {
  readonly query: string;
  /** Seconds. */
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

export interface RangeSeries {
  readonly labels: Readonly<Record<string, string>>;
  /** Undefined: there is none then. */
  readonly valueAt: (timeMs: number) => number | undefined;
}

export interface RangeAnswer {
  readonly status: number;
  readonly body: string;
}

const POINTS_MAX = 11_000;

/** What Prometheus' range API answers about some series, its limit of points and the form of its errors included. */
export class PrometheusRange {
  readonly asked: RangeQuery[] = [];
  readonly series: RangeSeries[];

  constructor(series: readonly RangeSeries[]) {
    this.series = [...series];
  }

  /** @param form as it is posted */
  answer(form: string): RangeAnswer {
    const given = new URLSearchParams(form);
    const number = (name: string): number => Number(given.get(name) ?? NaN);
    const query = {
      query: given.get('query') ?? '',
      ...{ start: number('start'), end: number('end'), step: number('step') },
    };
    this.asked.push(query);
    if (!(query.end >= query.start))
      return refusal('invalid parameter "end": end timestamp must not be before start time');
    const points = Math.floor((query.end - query.start) / query.step) + 1;
    if (points > POINTS_MAX) {
      return refusal(
        'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)',
      );
    }
    const result = this.series.flatMap(({ labels, valueAt }) => {
      const values = Array.from(
        { length: points },
        (_, at) => query.start + at * query.step,
      ).flatMap((second) => {
        const value = valueAt(second * 1000);
        return value === undefined ? [] : [[second, String(value)]];
      });
      return values.length === 0 ? [] : [{ metric: labels, values }];
    });
    const body = { status: 'success', data: { resultType: 'matrix', result } };
    return { status: 200, body: JSON.stringify(body) };
  }
}

function refusal(error: string): RangeAnswer {
  return { status: 400, body: JSON.stringify({ status: 'error', errorType: 'bad_data', error }) };
}

/** The same behind a listener of its own. */
export class PrometheusTwin {
  readonly range: PrometheusRange;
  /** Of each request that came. */
  readonly seen: { readonly method: string; readonly path: string }[] = [];
  readonly #http: Server;

  private constructor(range: PrometheusRange) {
    this.range = range;
    this.#http = createServer((request, response) => {
      void this.#handle(request, response);
    });
  }

  static async start(series: readonly RangeSeries[]): Promise<PrometheusTwin> {
    const twin = new PrometheusTwin(new PrometheusRange(series));
    await new Promise<void>((resolve) => twin.#http.listen(0, '127.0.0.1', resolve));
    return twin;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  async dispose(): Promise<void> {
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const { method = '', url = '' } = request;
    this.seen.push({ method, path: url });
    if (url !== '/api/v1/query_range') {
      response.writeHead(404).end('404 page not found');
      return;
    }
    const answer = this.range.answer(body);
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
  }
}
