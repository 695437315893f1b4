import type { Clock } from '../../../core/clock/port.js';
import type { DrainPolicy, ResourceId, ServerId } from '../../../core/domain.js';
import type { Log } from '../../../core/log.js';
import type { Net } from '../../../core/net/port.js';
import type { AccessLog } from '../../access-log/access-log.js';
import type { Gate } from '../../gate.js';
import type { OtherFronts } from '../fronts.js';
import type { AdapterServers, ServerWork } from '../servers.js';
import type { WorkUnderWay } from '../under-way.js';
import type { HttpCounters } from './counters.js';
import type { HttpOptions } from './options.js';
import type { RequestIds } from './request-ids.js';
import type { RetryBudgets } from './retry-budget.js';
import type { UpstreamPool } from './upstream-pool.js';

/** What all exchanges of one adapter share. */
export interface HttpContext {
  readonly clock: Clock;
  readonly gate: Gate;
  readonly counters: HttpCounters;
  readonly accessLog: AccessLog | undefined;
  /** As they are now. */
  readonly options: HttpOptions;
  /** Undefined: the server's address is not known here. */
  readonly poolOf: (server: number) => UpstreamPool | undefined;
  /** The server's agent compares `since` on each request. */
  readonly hasFence: (server: number) => boolean;
  /** No connection to the server: find out whether it is lost. */
  readonly suspect: (server: number) => void;
  /** The server refused a request that was not executed: it owns the resource no more. */
  readonly misdirected: (resource: number, owner: string, by: number) => void;
  readonly requestIds: RequestIds;
  readonly retries: RetryBudgets;
  readonly work: ServerWork;
  readonly underWay: WorkUnderWay;
}

export interface HttpAdapterParts {
  readonly net: Net;
  readonly clock: Clock;
  readonly log: Log;
  readonly gate: Gate;
  readonly servers: HttpServers;
  readonly drainPolicyOf: (resource: ResourceId) => DrainPolicy;
  /** Names this process, and with it the requests that came here; undefined: their names are unique here only. */
  readonly boot?: string | undefined;
  /** Undefined: nothing is written down. */
  readonly accessLog?: AccessLog | undefined;
  /** Undefined: nobody sees what servers do with their work. */
  readonly work?: ServerWork | undefined;
  /** Undefined: there are no others. */
  readonly others?: OtherFronts | undefined;
}

/** What the adapter needs to know of servers. */
export interface HttpServers extends AdapterServers {
  hasFence(server: ServerId): boolean;
  /** `owner`: what the agent of `by`, which refuses, says of the new one (core/agent-protocol.ts, OWNER_HEADER). */
  misdirected(resource: ResourceId, owner: string, by: ServerId): void;
}
