import type { Clock } from '../core/clock/port.js';
import type {
  DrainPolicy,
  LostSourcePolicy,
  ResourceId,
  ServerId,
  Sharing,
} from '../core/domain.js';
import type { Log } from '../core/log.js';
import type { Net } from '../core/net/port.js';
import type { Rng } from '../core/rng.js';
import type { FollowedRecords } from '../core/table-store/known-records.js';
import type { AccessLog } from './access-log/access-log.js';
import type { ProtocolAdapter } from './adapters/adapter.js';
import type { HttpAdapterParts } from './adapters/http/context.js';
import type { ServerLink } from './adapters/servers.js';
import { PLAIN_LINK } from './adapters/servers.js';
import type { OtherFronts } from './adapters/fronts.js';
import type { CountColumns } from './counted-work.js';
import type { GateOptions } from './gate.js';
import type { HeldBeside } from './held-work.js';
import { Gate } from './gate.js';
import { LocalDataPlane } from './local-data-plane.js';
import type { ServersParts } from './servers.js';
import { Servers } from './servers.js';
import type { SessionBook } from './sessions/session-book.js';
import type { ServersAtWorkOptions } from './shared/servers-at-work.js';
import { ServersAtWork } from './shared/servers-at-work.js';

/** How a resource wants to be treated. */
export interface ResourcePolicy {
  readonly onLostSource: LostSourcePolicy;
  readonly drain: DrainPolicy;
}

/** What is there for every protocol. */
export interface AdapterParts extends Omit<HttpAdapterParts, 'others'> {
  readonly othersOf: (protocol: Protocol) => OtherFronts | undefined;
  /** Where it keeps its sessions, and in which scope; undefined: they last as long as this process. */
  readonly sessions: SessionKeeping | undefined;
}

export interface SessionKeeping {
  readonly book: Pick<SessionBook, 'keep' | 'end' | 'flush'>;
  readonly scopeOf: (ip: string) => string;
}

export interface TrafficParts {
  readonly view: FollowedRecords;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly net: Net;
  readonly log: Log;
  /** Names whoever carries this traffic; nobody else has the same. */
  readonly boot: string;
  readonly policyOf: (resource: ResourceId) => ResourcePolicy;
  /** Which resources several servers serve at the same time; undefined: none. */
  readonly sharingOf?: ((resource: ResourceId) => Sharing | undefined) | undefined;
  /** Undefined: what clients ask for is not written down. */
  readonly accessLog?: AccessLog | undefined;
  /** Undefined: to all in the clear. */
  readonly linkOf?: ((server: ServerId) => ServerLink) | undefined;
  readonly adapters: (parts: AdapterParts) => readonly ProtocolAdapter[];
  readonly sessions: SessionKeeping | undefined;
  /** Find out whether it is lost. */
  readonly suspect: (server: ServerId) => void;
  readonly misdirected: ServersParts['misdirected'];
  readonly isReachable: (server: ServerId) => boolean;
  /** Other threads with the same limits; undefined: there are none. */
  readonly beside?: TrafficBeside | undefined;
}

/** What all threads of a redirector count together. */
export interface TrafficBeside {
  /** Where this thread counts; undefined: where nobody else looks. */
  readonly counts?: CountColumns | undefined;
  readonly held: HeldBeside;
  readonly frontsOf: (protocol: Protocol) => OtherFronts;
}

export const PROTOCOLS = ['http', 'tcp'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

export interface TrafficOptions {
  readonly gate: Partial<GateOptions>;
  readonly atWork: ServersAtWorkOptions;
  /** Work under way may take so long to end, from the hold on. */
  readonly drainTimeoutMs: number;
}

/** All that carries the traffic of one thread: the gate, its adapters, and how servers do at the work that goes through. */
export class Traffic {
  readonly gate: Gate;
  readonly servers: Servers;
  readonly atWork: ServersAtWork;
  readonly adapters: readonly ProtocolAdapter[];
  readonly dataPlane: LocalDataPlane;

  constructor(parts: TrafficParts, { gate: gateOptions, atWork, drainTimeoutMs }: TrafficOptions) {
    const { clock, policyOf, linkOf = () => PLAIN_LINK } = parts;
    const servers: Servers = new Servers({ ...parts, gate: () => gate, linkOf });
    const gate = new Gate(
      {
        clock,
        afterArrivals: (run) => {
          parts.net.afterArrivals(run);
        },
        counts: parts.beside?.counts,
        heldBeside: parts.beside?.held,
        // A server that cannot refuse late requests is consistent only while this redirector is no late one.
        needsLease: (resource, server) =>
          policyOf(resource).onLostSource === 'consistency' &&
          (!servers.hasFence(server) || this.#isPastFence(resource)),
      },
      gateOptions,
    );
    this.servers = servers;
    this.gate = gate;
    this.atWork = new ServersAtWork({ ...parts, gate, sharingOf: parts.sharingOf }, atWork);
    this.adapters = parts.adapters({
      ...parts,
      ...{ gate, servers },
      drainPolicyOf: (resource) => policyOf(resource).drain,
      work: this.atWork.seen,
      othersOf: (protocol) => parts.beside?.frontsOf(protocol),
    });
    this.dataPlane = new LocalDataPlane(
      { gate, adapters: this.adapters, clock },
      { drainTimeoutMs },
    );
  }

  /** From now on; what is under way goes on by what was so when it began. */
  reconfigure({ gate, atWork, drainTimeoutMs }: TrafficOptions): void {
    this.gate.reconfigure(gate);
    this.atWork.reconfigure(atWork);
    this.dataPlane.reconfigure({ drainTimeoutMs });
  }

  #isPastFence(resource: ResourceId): boolean {
    return this.adapters.some((adapter) => adapter.bypassesFence?.(resource) === true);
  }
}
