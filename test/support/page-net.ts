import { ForeshiftError } from '../../core/errors.js';
import type { HttpRoute } from '../../core/net/http-route.js';
import { NO_HEADERS } from '../../core/net/http/header-list.js';
import type { CallAnswer, Connection, Listener, Net, OutboundCall } from '../../core/net/port.js';

export type PageAnswer =
  | { readonly type?: string; readonly status?: number; readonly body: string | Uint8Array }
  | ForeshiftError;

/** A network that is made of pages only: each URL answers what it was given last. */
export class PageNet implements Net {
  readonly calls: OutboundCall[] = [];
  readonly #pages = new Map<string, (request: OutboundCall) => Promise<PageAnswer>>();

  /** @param type default Prometheus text */
  put(url: string, body: string | Uint8Array, type = 'text/plain; version=0.0.4'): void {
    this.answer(url, () => Promise.resolve({ body, type }));
  }

  answer(url: string, handler: (request: OutboundCall) => Promise<PageAnswer>): void {
    this.#pages.set(url, handler);
  }

  /** A route of our own server, at that origin. */
  mount(origin: string, { path, handler }: HttpRoute): void {
    this.answer(`${origin}${path}`, async ({ method, url }) => {
      const query = url.includes('?') ? url.slice(url.indexOf('?')) : '';
      const remote = { host: 'collector', port: 1 };
      const body = new Uint8Array(0);
      const answer = await handler({ method, path, query, headers: NO_HEADERS, body, remote });
      const type = answer.headers?.['content-type'] ?? '';
      return { status: answer.status, type, body: answer.body ?? '' };
    });
  }

  remove(url: string): void {
    this.#pages.delete(url);
  }

  async call(request: OutboundCall): Promise<CallAnswer> {
    this.calls.push(request);
    const page = this.#pages.get(request.url.replace(/\?.*$/, ''));
    if (page === undefined) throw new ForeshiftError('ERR_CALL_REFUSED', { url: request.url });
    const answer = await page(request);
    if (answer instanceof Error) throw answer;
    const { status = 200, type = '', body } = answer;
    return { status, headers: new Map([['content-type', type]]), body: Buffer.from(body) };
  }

  connect(): Connection {
    throw new Error('pages only');
  }

  afterArrivals(): void {
    throw new Error('pages only');
  }

  listen(): Promise<Listener> {
    throw new Error('pages only');
  }
}
