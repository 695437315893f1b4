import type { Clock } from '../../../core/clock/port.js';
import type { Address, DrainPolicy, ResourceId } from '../../../core/domain.js';
import type { Net } from '../../../core/net/port.js';
import type { Tally } from '../../../core/tally.js';
import type { AccessLog } from '../../access-log/access-log.js';
import type { Gate } from '../../gate.js';
import type { OtherFronts } from '../fronts.js';
import type { AdapterServers, ServerLink, ServerWork } from '../servers.js';
import type { WorkUnderWay } from '../under-way.js';
import type { TcpCounters } from './counters.js';
import type { TcpOptions } from './options.js';

export interface TcpAdapterParts {
  readonly net: Net;
  readonly clock: Clock;
  readonly gate: Gate;
  readonly servers: AdapterServers;
  readonly drainPolicyOf: (resource: ResourceId) => DrainPolicy;
  /** Undefined: nothing is written down. */
  readonly accessLog?: AccessLog | undefined;
  /** Undefined: nobody sees what servers do with their work. */
  readonly work?: ServerWork | undefined;
  /** Undefined: there are no others. */
  readonly others?: OtherFronts | undefined;
}

/** What all connections of one adapter share. */
export interface TcpContext {
  readonly net: Net;
  readonly clock: Clock;
  readonly gate: Gate;
  readonly counters: TcpCounters;
  readonly accessLog: AccessLog | undefined;
  /** As they are now. */
  readonly options: TcpOptions;
  /** Undefined: the server's address is not known here. */
  readonly addressOf: (server: number) => Address | undefined;
  readonly linkOf: (server: number) => ServerLink;
  /** No connection to the server: find out whether it is lost. */
  readonly suspect: (server: number) => void;
  /** Connections to each server, those that are being opened too. */
  readonly perServer: Tally<number>;
  readonly work: ServerWork;
  readonly underWay: WorkUnderWay;
}
