import type { Address } from '../domain.js';
import type { HeaderList } from './http/header-list.js';
import type { HeadLimits } from './http/limits.js';
import { HEAD_LIMITS } from './http/limits.js';

/* What the small HTTP server and those who answer on it have to do with each other. */

/** A request as a handler sees it: read whole, its path canonical. */
export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  /** Empty, or with its question mark. */
  readonly query: string;
  readonly headers: HeaderList;
  readonly body: Uint8Array;
  readonly remote: Address;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** What it throws becomes an answer too: a coded error with its status, anything else 500. */
export type HttpHandler = (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer>;

export interface HttpRoute {
  /** GET answers HEAD as well. */
  readonly method: string;
  /** Compared whole. */
  readonly path: string;
  readonly handler: HttpHandler;
  /** Left out: whoever asks may send a whole body. */
  readonly admits?: Admission;
}

/**
 * Whether the sender of a request may send a long body. Asked with the head, and if that does not tell, once more when the body
 * is longer than `strangerBytesMax`, of which `begun` is what came. What it throws is the answer, and no more is read.
 */
type Admission = (headers: HeaderList, begun: Uint8Array) => boolean;

export interface HttpServerOptions {
  readonly connectionsMax: number;
  readonly head: HeadLimits;
  readonly bodyBytesMax: number;
  /** Of the body of a sender that its route has not admitted. All connections together hold so much of such bodies each. */
  readonly strangerBytesMax: number;
  /** From the first byte of a request to its last. */
  readonly requestTimeoutMs: number;
  /** Between requests. Longer than our own clients keep a connection. */
  readonly idleTimeoutMs: number;
  /** For a handler, and for the client to take the answer. */
  readonly answerTimeoutMs: number;
  /** After a refusal the rest of the request is read and thrown away for so long, or the refusal would not arrive. */
  readonly lingerMs: number;
}

export const HTTP_SERVER_DEFAULTS: HttpServerOptions = {
  connectionsMax: 256,
  head: HEAD_LIMITS,
  bodyBytesMax: 1 << 20,
  strangerBytesMax: 16 << 10,
  requestTimeoutMs: 10_000,
  idleTimeoutMs: 60_000,
  answerTimeoutMs: 30_000,
  lingerMs: 1000,
};
