import type { MessageLimits } from '../../../core/net/http/message-reader.js';
import { MESSAGE_LIMITS } from '../../../core/net/http/message-reader.js';
import type { FrontLimits } from '../fronts.js';
import type { ErrorPages } from './error-pages.js';
import { NO_ERROR_PAGES } from './error-pages.js';
import type { RetryBudgetOptions } from './retry-budget.js';
import type { ForwardedMode } from '../../../core/net/http/forwarding.js';

/** Every limit of the HTTP adapter, with its default. Times that name a phase end it, wherever it hangs. */
export interface HttpOptions extends FrontLimits {
  /** From a connection's first byte of a head to its last. */
  readonly headTimeoutMs: number;
  /** Between two requests of a client. */
  readonly idleTimeoutMs: number;
  /** Without a byte of a body moving, on either side. */
  readonly stallTimeoutMs: number;
  /** From the end of a request to the head of its answer. */
  readonly answerTimeoutMs: number;
  /** Without a byte on a connection that was upgraded. */
  readonly tunnelIdleTimeoutMs: number;
  readonly connectTimeoutMs: number;
  /** Per server; work beyond waits. */
  readonly serverConnectionsMax: number;
  readonly serverQueueMax: number;
  readonly serverQueueTimeoutMs: number;
  /** A connection to a server is closed after this time without work: sooner than servers do. */
  readonly serverIdleTimeoutMs: number;
  /** A body up to this size is kept until its request is answered, so that it can be sent again. */
  readonly resendBytesMax: number;
  /** For a request that was not executed, from its first try: then it is answered 503. */
  readonly retryForMs: number;
  readonly retryPauseMs: number;
  /** A PUT or DELETE whose answer was lost waits so long for its resource to move, then is answered 502. */
  readonly resendForMs: number;
  readonly retryBudget: RetryBudgetOptions;
  /** Work older than this is an obstacle to a move. */
  readonly obstacleAgeMs: number;
  readonly errorPages: ErrorPages;
  readonly forwarded: ForwardedMode;
  /** Also as `Forwarded` (RFC 7239). */
  readonly forwardedStandard: boolean;
  /** Where each request carries a name, in lower case; undefined: it has none. */
  readonly requestIdHeader?: string | undefined;
  readonly message: MessageLimits;
}

export const HTTP_DEFAULTS: HttpOptions = {
  connectionsMax: 10_000,
  connectionsPerClientMax: 10_000,
  headTimeoutMs: 10_000,
  idleTimeoutMs: 60_000,
  stallTimeoutMs: 60_000,
  answerTimeoutMs: 60_000,
  tunnelIdleTimeoutMs: 3_600_000,
  connectTimeoutMs: 2000,
  serverConnectionsMax: 256,
  serverQueueMax: 1000,
  serverQueueTimeoutMs: 10_000,
  serverIdleTimeoutMs: 4000,
  resendBytesMax: 64 << 10,
  retryForMs: 10_000,
  retryPauseMs: 20,
  resendForMs: 2000,
  retryBudget: { share: 0.2, perSecond: 10, savedMax: 256 },
  obstacleAgeMs: 5000,
  errorPages: NO_ERROR_PAGES,
  forwarded: 'replace',
  forwardedStandard: false,
  message: MESSAGE_LIMITS,
};
