import type { Clock } from '../clock/port.js';
import type { Address } from '../domain.js';
import type { Startable } from '../lifecycle.js';
import type { Log } from '../log.js';
import type { HttpAnswer, HttpRequest, HttpRoute, HttpServerOptions } from './http-route.js';
import { HTTP_SERVER_DEFAULTS } from './http-route.js';
import { HttpServerConnection } from './http-server-connection.js';
import type { Connection, Listener, Net } from './port.js';

export interface HttpServerParts {
  readonly net: Net;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * A small HTTP server for the control plane: an agent's control endpoint, health, metrics. It runs on any `Net`, so in the
 * simulation too. Not for traffic of clients: bodies are held whole.
 */
export class HttpServer implements Startable {
  readonly #parts: HttpServerParts;
  readonly #at: Address;
  readonly #options: HttpServerOptions;
  /** By path, then by method. */
  readonly #routes = new Map<string, Map<string, HttpRoute>>();
  readonly #connections = new Set<HttpServerConnection>();
  #listener: Listener | undefined;

  constructor(
    parts: HttpServerParts,
    routes: readonly HttpRoute[],
    options: { readonly at: Address } & Partial<HttpServerOptions>,
  ) {
    this.#parts = parts;
    const { at, ...given } = options;
    this.#at = at;
    this.#options = { ...HTTP_SERVER_DEFAULTS, ...given };
    for (const route of routes) {
      const methods = this.#routes.get(route.path) ?? new Map<string, HttpRoute>();
      this.#routes.set(route.path, methods.set(route.method, route));
    }
  }

  /** Where it really listens. */
  get address(): Address {
    return this.#listener?.address ?? this.#at;
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** @throws ERR_LISTEN_FAILED */
  async start(): Promise<void> {
    const { net, log } = this.#parts;
    this.#listener = await net.listen(
      this.#at,
      (connection) => {
        this.#accept(connection);
      },
      {
        acceptFailed: (why) => {
          log.warn({ why }, 'connection not accepted');
        },
      },
    );
  }

  /** Answers what is under way, takes nothing new. */
  async stop(): Promise<void> {
    await this.#listener?.close();
    await Promise.all([...this.#connections].map((connection) => connection.finish()));
  }

  #accept(connection: Connection): void {
    if (this.#connections.size >= 2 * this.#options.connectionsMax) {
      connection.destroy();
      return;
    }
    const { clock, log } = this.#parts;
    const served = new HttpServerConnection(connection, {
      clock,
      log,
      options: this.#options,
      routeOf: (head) => this.#routeOf(head),
      handle: (request) => this.#handle(request),
      closed: () => {
        this.#connections.delete(served);
      },
    });
    this.#connections.add(served);
    if (this.#connections.size > this.#options.connectionsMax) served.refuseBusy();
  }

  #routeOf({ method, path }: Pick<HttpRequest, 'method' | 'path'>): HttpRoute | undefined {
    return this.#routes.get(path)?.get(method === 'HEAD' ? 'GET' : method);
  }

  #handle(request: HttpRequest): HttpAnswer | Promise<HttpAnswer> {
    const methods = this.#routes.get(request.path);
    if (methods === undefined) return { status: 404, body: 'nothing here\n' };
    const route = this.#routeOf(request);
    if (route !== undefined) return route.handler(request);
    const allow = [...methods.keys()].flatMap((name) =>
      name === 'GET' ? ['GET', 'HEAD'] : [name],
    );
    return { status: 405, headers: { allow: allow.join(', ') }, body: 'not by this method\n' };
  }
}
