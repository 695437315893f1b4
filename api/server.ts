import type { SecureContextOptions } from 'node:tls';
import { Server as TlsServer } from 'node:tls';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import fastify from 'fastify';
import type { Clock } from '../core/clock/port.js';
import type { Address } from '../core/domain.js';
import { formatAddress } from '../core/domain.js';
import { ForeshiftError, fail } from '../core/errors.js';
import { parseJson } from '../core/json.js';
import type { Startable } from '../core/lifecycle.js';
import type { Log } from '../core/log.js';
import type { Certificate } from '../core/net/tls/server-tls.js';
import { ownServerOptions } from '../core/net/tls/server-tls.js';
import { messageOf } from '../core/text.js';
import type { Access, Identity } from './access/access.js';
import { assertRole } from './access/access.js';
import { refusalOf, shownBy } from './access/requests.js';
import { sessionRoutes } from './access/session.js';
import type { Asset } from './assets.js';
import { EncodedAnswers } from './encoded-answers.js';
import { IdempotentAnswers } from './idempotency.js';
import type { JobsPage } from './jobs/page.js';
import { JOBS_PATH } from './jobs/page.js';
import { OPENAPI_PATH, openApiOf } from './openapi.js';
import { PROBLEMS_PATH, problemPage } from './problem-pages.js';
import { isExpected, problemOf } from './problem.js';
import type { ApiRoute } from './route.js';
import type { NewsStream } from './news-stream.js';
import { SlowReaders } from './slow-readers.js';

export interface ApiServerParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly routes: readonly ApiRoute[];
  /** The page and what it needs, by path. */
  readonly assets: ReadonlyMap<string, Asset>;
  readonly news: NewsStream;
  readonly jobs: JobsPage;
  readonly access: Access;
  readonly version: string;
  /** Somebody who is known asked for what its role does not allow. */
  readonly onForbidden: (identity: Identity, what: string) => void;
}

export interface ApiServerOptions {
  readonly listen: Address;
  /** Undefined: in the clear, for this machine alone. */
  readonly tls: Certificate | undefined;
  readonly bodyBytesMax: number;
  readonly requestTimeoutMs: number;
  readonly idleTimeoutMs: number;
  /** For the client to take all that waits for it. */
  readonly answerTimeoutMs: number;
  readonly connectionsMax: number;
}

export const API_SERVER_DEFAULTS = {
  tls: undefined,
  bodyBytesMax: 1 << 20,
  requestTimeoutMs: 10_000,
  idleTimeoutMs: 60_000,
  answerTimeoutMs: 60_000,
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
 * The API of the control plane, and the page, on a listener of its own. Without a login it listens on loopback and answers
 * only requests that name a loopback host: a page elsewhere cannot be made to point a browser here. With one, everything
 * but the page itself and what documents the API wants a token or a session. Changes are taken only as JSON, and from no
 * page of another site.
 */
export class ApiServer implements Startable {
  readonly #parts: ApiServerParts;
  readonly #options: ApiServerOptions;
  readonly #app: FastifyInstance;
  readonly #answers = new IdempotentAnswers();
  readonly #encoded = new EncodedAnswers();
  readonly #slowReaders: SlowReaders;
  #address: Address;

  constructor(parts: ApiServerParts, options: ApiServerOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#address = options.listen;
    this.#slowReaders = new SlowReaders(parts.clock, options.answerTimeoutMs);
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
    this.#slowReaders.watch(this.#app.server);
  }

  async stop(): Promise<void> {
    this.#slowReaders.stop();
    this.#parts.news.close();
    await this.#app.close();
  }

  /** Another certificate, from the next handshake on: what `ownServerOptions` made of it. */
  renew(context: SecureContextOptions): void {
    const { server } = this.#app;
    if (server instanceof TlsServer) server.setSecureContext(context);
  }

  #build(): FastifyInstance {
    const { bodyBytesMax, requestTimeoutMs, idleTimeoutMs, tls } = this.#options;
    const app = fastify({
      ...(tls !== undefined && { https: ownServerOptions(tls) }),
      logger: false,
      bodyLimit: bodyBytesMax,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: idleTimeoutMs,
      forceCloseConnections: true,
      exposeHeadRoutes: true,
      schemaController: {
        compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas },
      },
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
    const { access, version } = this.#parts;
    app.addHook('onRequest', (request, reply, done) => {
      void reply.headers(HEADERS);
      done(refusalOf(request, access.hasLogin));
    });
    app.setErrorHandler((error, request, reply) => this.#failed(error, request, reply));
    app.setNotFoundHandler((request) => fail('ERR_ROUTE_UNKNOWN', { path: pathOf(request) }));
    // What anybody may see: the page, how to log in, and what documents the API.
    for (const [path, asset] of this.#parts.assets) {
      app.get(path, (request, reply) => sendAsset(asset, request, reply));
    }
    app.register(sessionRoutes(access, tls !== undefined));
    // Made for whoever asks first: it takes 0.1 s, of which a start has no use.
    let documentation: string | undefined;
    app.get(OPENAPI_PATH, (_request, reply) => {
      documentation ??= JSON.stringify(
        openApiOf(this.#parts.routes, { version, hasLogin: access.hasLogin }),
      );
      return reply.type('application/json').send(documentation);
    });
    app.get<{ Params: { name: string } }>(`${PROBLEMS_PATH}/:name`, (request, reply) => {
      const page = problemPage(request.params.name);
      if (page === undefined) return fail('ERR_ROUTE_UNKNOWN', { path: pathOf(request) });
      return reply.type('text/plain; charset=utf-8').send(page);
    });
    // And what only those may who are known.
    app.register((known, _options, done) => {
      known.decorateRequest('identity');
      known.addHook('onRequest', (request, _reply, next) => {
        request.setDecorator('identity', access.identify(shownBy(request)));
        next();
      });
      for (const route of this.#parts.routes) this.#addRoute(known, route);
      known.register(this.#parts.jobs, { prefix: JOBS_PATH });
      known.get('/v1/stream', (request, reply) => {
        this.#stream(request, reply);
      });
      done();
    });
    return app;
  }

  #addRoute(app: FastifyInstance, route: ApiRoute): void {
    const { onForbidden } = this.#parts;
    app.route({
      method: route.method,
      url: route.path,
      // Before the body is read.
      onRequest: (request, _reply, done) => {
        const identity = request.getDecorator<Identity>('identity');
        try {
          assertRole(identity, route.role);
        } catch (error) {
          onForbidden(identity, `${route.method} ${pathOf(request)}`);
          throw error;
        }
        done();
      },
      handler: async (request, reply) => {
        const answer = await this.#answer(route, request, goneOf(reply));
        void reply.type('application/json');
        const { bytes, tag } = this.#encoded.of(answer, route.isTagged);
        if (tag === undefined) return reply.send(bytes);
        void reply.header('etag', tag);
        const isKnown = request.headers['if-none-match'] === tag;
        return isKnown ? reply.status(304).send() : reply.send(bytes);
      },
    });
  }

  #answer(route: ApiRoute, request: FastifyRequest, gone: AbortSignal): Promise<unknown> {
    const { params, query, url } = request;
    const identity = request.getDecorator<Identity>('identity');
    const body = actedBy(identity, request.body ?? {});
    const act = (signal: AbortSignal): Promise<unknown> =>
      route.handle({ params, query, body, signal });
    const key = request.headers['idempotency-key'];
    if (route.method === 'GET' || key === undefined) return act(gone);
    // Its client may go and ask again for the same answer.
    const { signal } = new AbortController();
    return this.#answers.once(String(key), { by: identity.name, path: url, body }, () =>
      act(signal),
    );
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
    raw.once('close', end);
  }

  #failed(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const known = asCoded(error);
    if (!isExpected(known) && !(known instanceof ClientGone)) {
      this.#parts.log.error({ err: known, path: pathOf(request) }, 'api request failed');
    }
    const problem = problemOf(known);
    if (problem.status === 401) void reply.header('www-authenticate', 'Bearer realm="foreshift"');
    return reply
      .status(problem.status)
      .type('application/problem+json')
      .send(JSON.stringify(problem));
  }
}

class ClientGone extends Error {
  constructor() {
    super('the client has gone');
  }
}

/** Of the answer, not of the request: that one closes as soon as its body is read. */
function goneOf({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  raw.once('close', () => {
    gone.abort(new ClientGone());
  });
  return gone.signal;
}

/** What comes is read by schemas of ours: those that fastify would compile, and the 200 modules of their compilers, are not loaded. */
function noSchemas(): never {
  throw new Error('no route has a schema of fastify');
}

/** Who acts is who is known, whatever the request says; where nobody is known, what it says. */
function actedBy({ name, isProven }: Identity, body: unknown): unknown {
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  return isProven && isObject ? { ...body, by: name } : body;
}

function sendAsset(
  { type, content, gzipped }: Asset,
  { headers }: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  void reply.type(type).header('vary', 'accept-encoding');
  const isGzipTaken = /\bgzip\b/.test(headers['accept-encoding'] ?? '');
  if (gzipped === undefined || !isGzipTaken) return reply.send(content);
  return reply.header('content-encoding', 'gzip').send(gzipped);
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
