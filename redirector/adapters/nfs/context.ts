import type { Clock } from '../../../core/clock/port.js';
import type { DrainPolicy, ResourceId } from '../../../core/domain.js';
import type { Log } from '../../../core/log.js';
import type { Net } from '../../../core/net/port.js';
import type { SessionStore } from '../../../core/session-store/port.js';
import type { Gate } from '../../gate.js';
import type { EntryContext } from '../entry.js';
import type { AdapterServers, ServerWork } from '../servers.js';
import type { NfsCounters } from './counters.js';
import type { Exports, NfsExport } from './exports.js';
import type { HandleTable } from './handle-table.js';
import type { Marks } from './marks.js';
import type { Mounts } from './mounts.js';
import type { NfsOptions } from './options.js';
import type { RecentCalls } from './recent-calls.js';
import type { Resolver } from './resolver.js';
import type { XdrCursor } from '../../../core/onc-rpc/xdr.js';
import type { ServersCalled } from './servers-called.js';
import type { Sizes } from './sizes.js';
import type { Stability } from './stability.js';

export interface NfsAdapterParts {
  readonly net: Net;
  readonly clock: Clock;
  readonly log: Log;
  readonly gate: Gate;
  readonly servers: AdapterServers;
  readonly drainPolicyOf: (resource: ResourceId) => DrainPolicy;
  /** Undefined: nobody sees what servers do with their work. */
  readonly work?: ServerWork | undefined;
  /** Where file handles rest; undefined: they are good as long as this process lives. */
  readonly handles: SessionStore | undefined;
  /** Bytes that nobody can guess. */
  readonly randomBytes: (length: number) => Uint8Array;
}

/** What all calls of one adapter share. */
export interface NfsContext extends EntryContext {
  readonly net: Net;
  readonly counters: NfsCounters;
  /** As they are now. */
  readonly options: NfsOptions;
  readonly exports: Exports;
  /** Whether a client at that host may use it at all. */
  readonly mayUse: (served: NfsExport, host: string) => boolean;
  readonly table: HandleTable;
  readonly servers: ServersCalled;
  readonly resolver: Resolver;
  readonly stability: Stability;
  readonly sizes: Sizes;
  readonly mounts: Mounts;
  readonly recentCalls: RecentCalls;
  /** For walks, which end in the turn that they begin in. */
  readonly scratch: { readonly cursor: XdrCursor; readonly marks: Marks };
  /** That clients are told of when they ask the portmapper. */
  readonly port: () => number;
}
