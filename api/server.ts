import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fastify from 'fastify';
import { isLoopback } from '../core/config/load.js';
import type { Address } from '../core/domain.js';
import { formatAddress } from '../core/domain.js';
import { ForeshiftError, fail } from '../core/errors.js';
import { parseJson } from '../core/json.js';
import type { Startable } from '../core/lifecycle.js';
import type { Log } from '../core/log.js';
import { messageOf } from '../core/text.js';
import type { Asset } from './assets.js';
import type { JobsPage } from './jobs/page.js';
import { JOBS_PATH } from './jobs/page.js';
import { isExpected, problemOf } from './problem.js';
import type { ApiRoute } from './route.js';
import type { NewsStream } from './news-stream.js';

export interface ApiServerParts {
  readonly log: Log;
  readonly routes: readonly ApiRoute[];
  /** The page and what it needs, by path. */
  readonly assets: ReadonlyMap<string, Asset>;
  readonly news: NewsStream;
  readonly jobs: JobsPage;
}

export interface ApiServerOptions {
  readonly listen: Address;
  readonly bodyBytesMax: number;
  readonly requestTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly connectionsMax: number;
}

export const API_SERVER_DEFAULTS = {
  bodyBytesMax: 1 << 20,
  requestTimeoutMs: 10_000,
  idleTimeoutMs: 60_000,
  connectionsMax: 256,
} as const;

/** On every answer: nothing of it is kept, sniffed, framed, or asked for from elsewhere. */
const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

/**
 * The API of the control plane, and the page, on a listener of its own. It listens on loopback and has no login
 * yet, so it answers only requests that name a loopback host (a page elsewhere cannot be made to point a
 * browser here) and takes changes only as JSON (a form cannot send that).
 */
export class ApiServer implements Startable {
  readonly #parts: ApiServerParts;
  readonly #options: ApiServerOptions;
  readonly #app: FastifyInstance;
  #address: Address;

  constructor(parts: ApiServerParts, options: ApiServerOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#address = options.listen;
    this.#app = this.#build();
  }

  /** Where it really listens. */
  get address(): Address {
    return this.#address;
  }

  /** @throws ERR_LISTEN_FAILED */
  async start(): Promise<void> {
    const { host, port } = this.#options.listen;
    try {
      await this.#app.listen({ host, port });
    } catch (error) {
      const facts = { address: formatAddress({ host, port }), why: messageOf(error) };
      throw new ForeshiftError('ERR_LISTEN_FAILED', facts, { cause: error });
    }
    const bound = this.#app.server.address();
    if (typeof bound === 'object' && bound !== null) this.#address = { host, port: bound.port };
    this.#app.server.maxConnections = this.#options.connectionsMax;
  }

  async stop(): Promise<void> {
    this.#parts.news.close();
    await this.#app.close();
  }

  #build(): FastifyInstance {
    const { bodyBytesMax, requestTimeoutMs, idleTimeoutMs } = this.#options;
    const app = fastify({
      logger: false,
      bodyLimit: bodyBytesMax,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: idleTimeoutMs,
      forceCloseConnections: true,
      exposeHeadRoutes: true,
      // What never comes to a route: a malformed path or request line.
      frameworkErrors: (error, request, reply) => {
        void this.#failed(error, request, reply.headers(HEADERS));
      },
    });
    app.removeAllContentTypeParsers();
    app.addContentTypeParser(
      'application/json',
      { parseAs: 'string' },
      (_request, text: string, done) => {
        try {
          done(null, text === '' ? {} : parseJson(text, 'the body'));
        } catch (error) {
          done(error as Error);
        }
      },
    );
    app.addHook('onRequest', (request, reply, done) => {
      void reply.headers(HEADERS);
      done(refusalOf(request));
    });
    app.setErrorHandler((error, request, reply) => this.#failed(error, request, reply));
    app.setNotFoundHandler((request) => fail('ERR_ROUTE_UNKNOWN', { path: pathOf(request) }));
    for (const route of this.#parts.routes) this.#addRoute(app, route);
    for (const [path, asset] of this.#parts.assets) {
      app.get(path, (_request, reply) => reply.type(asset.type).send(asset.content));
    }
    app.register(this.#parts.jobs, { prefix: JOBS_PATH });
    app.get('/v1/stream', (request, reply) => {
      this.#stream(request, reply);
    });
    return app;
  }

  #addRoute(app: FastifyInstance, route: ApiRoute): void {
    app.route({
      method: route.method,
      url: route.path,
      handler: async (request, reply) => {
        const gone = new AbortController();
        request.raw.once('close', () => {
          gone.abort(new Error('the client has gone'));
        });
        const { params, query } = request;
        const body = request.body ?? {};
        const answer = await route.handle({ params, query, body, signal: gone.signal });
        return reply.type('application/json').send(JSON.stringify(answer));
      },
    });
  }

  #stream(request: FastifyRequest, reply: FastifyReply): void {
    reply.hijack();
    const { raw } = reply;
    const end = this.#parts.news.join({
      write: (text) => raw.write(text),
      end: () => raw.end(),
    });
    if (end === undefined) {
      raw.writeHead(429, HEADERS).end();
      return;
    }
    raw.writeHead(200, { ...HEADERS, 'content-type': 'text/event-stream' });
    raw.write(': foreshift\n\n');
    request.raw.once('close', end);
  }

  #failed(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const known = asCoded(error);
    if (!isExpected(known)) {
      this.#parts.log.error({ err: known, path: pathOf(request) }, 'api request failed');
    }
    const problem = problemOf(known);
    return reply
      .status(problem.status)
      .type('application/problem+json')
      .send(JSON.stringify(problem));
  }
}

/** Why a request is not even looked at; undefined: it is. */
function refusalOf(request: FastifyRequest): Error | undefined {
  const host = request.host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  if (!isLoopback(host)) return new ForeshiftError('ERR_HOST_REFUSED', {});
  if (request.method === 'GET' || request.method === 'HEAD') return undefined;
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  return type === 'application/json' ? undefined : new ForeshiftError('ERR_MEDIA_TYPE', {});
}

/** Fastify's own errors in our words. */
function asCoded(error: unknown): unknown {
  switch ((error as { code?: unknown }).code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new ForeshiftError('ERR_JSON_INVALID', { what: 'the body', why: 'too long' });
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
    case 'FST_ERR_CTP_EMPTY_TYPE':
      return new ForeshiftError('ERR_MEDIA_TYPE', {});
    case 'FST_ERR_BAD_URL':
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new ForeshiftError('ERR_REQUEST_INVALID', { where: 'the request', why: 'malformed' });
    default:
      return error;
  }
}

function pathOf(request: FastifyRequest): string {
  return (request.url.split('?')[0] ?? '').slice(0, 100).replaceAll(/[^\x20-\x7e]/g, '?');
}
