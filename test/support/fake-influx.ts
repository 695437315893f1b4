import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What was asked of it. */
export interface Asked {
  readonly kind: 'write' | 'query' | 'administration';
  readonly body: string;
  /** Of its kind, from 0. */
  readonly number: number;
}

/** A status with a body, one that is cut off or drips without end, or none at all. */
export type Answer =
  | { readonly status: number; readonly body?: string; readonly end?: 'whole' | 'cut' | 'endless' }
  | 'silence';

export const WRITTEN: Answer = { status: 204 };
export const NOTHING: Answer = { status: 200, body: '{"results":[{"statement_id":0}]}\n' };

/** Something that listens where an InfluxDB should, and answers as it is told. */
export class FakeInflux {
  readonly asked: Asked[] = [];
  /** Lines of the writes that it said were written. */
  readonly lines: string[] = [];
  answer: (asked: Asked) => Answer = wellBehaved;
  readonly #http: Server;

  private constructor() {
    this.#http = createServer((request, response) => {
      void this.#handle(request, response);
    });
  }

  static async start(): Promise<FakeInflux> {
    const fake = new FakeInflux();
    await new Promise<void>((resolve) => fake.#http.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  count(kind: Asked['kind']): number {
    return this.asked.filter((asked) => asked.kind === kind).length;
  }

  async dispose(): Promise<void> {
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://fake');
    const statement = searchParams.get('q') ?? new URLSearchParams(body).get('q') ?? '';
    const isSelect = statement.startsWith('SELECT');
    const kind = pathname === '/write' ? 'write' : isSelect ? 'query' : 'administration';
    const asked = {
      kind,
      body: kind === 'write' ? body : statement,
      number: this.count(kind),
    } as const;
    this.asked.push(asked);
    const answer = this.answer(asked);
    if (answer === 'silence') return;
    const { status, body: text = '', end = 'whole' } = answer;
    if (kind === 'write' && status === 204) this.lines.push(...body.split('\n'));
    if (end === 'whole') {
      response.writeHead(status).end(status === 204 ? undefined : text);
      return;
    }
    response.writeHead(status, { 'content-length': String(text.length + 1000) });
    response.write(text);
    if (end === 'cut') setTimeout(() => response.destroy(), 20);
  }
}

export function wellBehaved({ kind, body }: Asked): Answer {
  if (kind === 'write') return WRITTEN;
  if (!/^show retention policies/i.test(body)) return NOTHING;
  const columns = ['name', 'duration', 'shardGroupDuration', 'replicaN', 'default'];
  const values = [['autogen', '0s', '168h0m0s', 1, true]];
  return { status: 200, body: JSON.stringify({ results: [{ series: [{ columns, values }] }] }) };
}
