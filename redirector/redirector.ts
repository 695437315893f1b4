import type { Clock } from '../core/clock/port.js';
import type {
  Address,
  DrainPolicy,
  LostSourcePolicy,
  MemberId,
  ResourceId,
  ServerId,
  Sharing,
} from '../core/domain.js';
import { codeOf } from '../core/errors.js';
import type { Startable } from '../core/lifecycle.js';
import type { Log } from '../core/log.js';
import type { Net } from '../core/net/port.js';
import type { Rng } from '../core/rng.js';
import type { SessionStore } from '../core/session-store/port.js';
import type { TableStore } from '../core/table-store/port.js';
import { SWITCH } from '../core/table-store/records/switch.js';
import type { TableViewOptions } from '../core/table-store/view.js';
import { TableView } from '../core/table-store/view.js';
import { within } from '../core/within.js';
import type { AccessLog } from './access-log/access-log.js';
import type { ProtocolAdapter } from './adapters/adapter.js';
import type { ServerLink } from './adapters/servers.js';
import { PLAIN_LINK } from './adapters/servers.js';
import { Addresses } from './addresses/addresses.js';
import type { AddressesPorts } from './addresses/addresses.js';
import type { AddressesOptions } from './addresses/options.js';
import { ADDRESSES_DEFAULTS } from './addresses/options.js';
import type { HttpAdapterParts } from './adapters/http/context.js';
import type { AgentClientOptions } from './agents.js';
import { AgentClient } from './agents.js';
import type { GateOptions, ResourceCounters } from './gate.js';
import { Gate } from './gate.js';
import type { HealthOptions } from './health/checker.js';
import { HealthChecker } from './health/checker.js';
import { LocalDataPlane } from './local-data-plane.js';
import type { MembershipOptions } from './membership.js';
import { MEMBERSHIP_DEFAULTS, Membership } from './membership.js';
import { Servers } from './servers.js';
import type { ServersAtWorkOptions } from './shared/servers-at-work.js';
import { AT_WORK_DEFAULTS, ServersAtWork } from './shared/servers-at-work.js';
import { Inheritance } from './sessions/inheritance.js';
import { SessionBook } from './sessions/session-book.js';
import type { CoordinatorOptions } from './switch/coordinator.js';
import { Coordinator } from './switch/coordinator.js';
import { Participant } from './switch/participant.js';

/** How a resource wants to be treated. */
export interface ResourcePolicy {
  readonly onLostSource: LostSourcePolicy;
  readonly drain: DrainPolicy;
}

/** What is there for every protocol. */
export interface AdapterParts extends HttpAdapterParts {
  /** Where it keeps its sessions, and in which scope; undefined: they last as long as this process. */
  readonly sessions: SessionKeeping | undefined;
}

export interface SessionKeeping {
  readonly book: Pick<SessionBook, 'keep' | 'end'>;
  readonly scopeOf: (ip: string) => string;
}

export interface RedirectorParts {
  readonly store: TableStore;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly net: Net;
  readonly log: Log;
  readonly self: MemberId;
  /** Names this process; no other has the same. */
  readonly boot: string;
  readonly agentTokenOf: (server: ServerId) => string;
  readonly policyOf: (resource: ResourceId) => ResourcePolicy;
  /** Which resources several servers serve at the same time; undefined: none. */
  readonly sharingOf?: ((resource: ResourceId) => Sharing | undefined) | undefined;
  /** Undefined: what clients ask for is not written down. */
  readonly accessLog?: AccessLog | undefined;
  /** Undefined: to all in the clear. */
  readonly linkOf?: (server: ServerId) => ServerLink;
  /** Where its process tells how it is; undefined: nowhere. */
  readonly health?: () => Address;
  readonly adapters: (parts: AdapterParts) => readonly ProtocolAdapter[];
  /** Where sessions rest that others may go on with; undefined: nowhere. */
  readonly sessionStore?: SessionStore | undefined;
  /** Undefined: it has to do with no address that goes from one redirector to another. */
  readonly addresses?: AddressesPorts | undefined;
}

export interface RedirectorOptions {
  readonly membership: Partial<MembershipOptions>;
  readonly gate: Partial<GateOptions>;
  readonly health: Partial<HealthOptions>;
  readonly agents: Partial<AgentClientOptions>;
  readonly atWork?: ServersAtWorkOptions;
  readonly coordinator: CoordinatorOptions;
  readonly view: Partial<TableViewOptions>;
  readonly addresses?: AddressesOptions;
  /** An open switch may keep the listeners closed so long at start; then they open with it held. */
  readonly settleTimeoutMs: number;
  readonly startRetryMs: number;
  /** It serves on for so long after it was told to stop, no longer ready, so that whoever balances over redirectors sees it. */
  readonly stopWaitMs: number;
  /** Then what is under way has so long to end; what is left is cut. */
  readonly stopTimeoutMs: number;
}

/** Sessions get so long to be written at the end. */
const FLUSH_TIMEOUT_MS = 2000;
/** What may change while it runs. */
export type RedirectorChange = Pick<
  RedirectorOptions,
  'gate' | 'health' | 'agents' | 'atWork' | 'coordinator' | 'stopWaitMs' | 'stopTimeoutMs'
>;

/**
 * One redirector, whole: its data plane, its part in switches, and a coordinator that acts when it is this
 * redirector's turn. The data plane needs none of the others to go on.
 */
export class Redirector implements Startable {
  readonly view: TableView;
  readonly gate: Gate;
  readonly health: HealthChecker;
  readonly coordinator: Coordinator;
  readonly membership: Membership;
  readonly addresses: Addresses | undefined;
  readonly atWork: ServersAtWork;
  readonly #parts: RedirectorParts;
  #options: RedirectorOptions;
  readonly #book: SessionBook | undefined;
  readonly #inheritance: Inheritance | undefined;
  readonly #agents: AgentClient;
  readonly #dataPlane: LocalDataPlane;
  readonly #participant: Participant;
  readonly #adapters: readonly ProtocolAdapter[];
  readonly #stopping = new AbortController();
  #isStopping = false;
  #running: Promise<unknown> = Promise.resolve();
  #isServing = false;

  constructor(parts: RedirectorParts, options: RedirectorOptions) {
    this.#parts = parts;
    this.#options = options;
    const { store, clock, rng, net, log, policyOf } = parts;
    const view = new TableView(parts, options.view);
    const suspect = (server: ServerId): void => {
      this.health.suspect(server);
    };
    const servers: Servers = new Servers({
      ...{ view, log, suspect },
      gate: () => gate,
      linkOf: parts.linkOf ?? (() => PLAIN_LINK),
    });
    const gate = new Gate(
      {
        clock,
        // A server that cannot refuse late requests is consistent only while this redirector is no late one.
        needsLease: (resource, server) =>
          policyOf(resource).onLostSource === 'consistency' &&
          (!servers.hasFence(server) || this.#isPastFence(resource)),
      },
      options.gate,
    );
    const membership = new Membership({ ...parts, view }, options.membership);
    const drainPolicyOf = (resource: ResourceId): DrainPolicy => policyOf(resource).drain;
    const agents = new AgentClient(
      { net, view, tokenOf: parts.agentTokenOf, drainPolicyOf },
      options.agents,
    );
    const coordinator: Coordinator = new Coordinator(
      {
        store,
        view,
        clock,
        net,
        log: log.child({ part: 'coordinator' }),
        membership,
        agents,
        lastAnswer: (server) => this.health.lastAnswer(server),
        answeredAtMs: (server) => this.health.answeredAtMs(server),
        policyOf: (resource) => policyOf(resource).onLostSource,
      },
      options.coordinator,
    );
    this.health = new HealthChecker(
      {
        view,
        clock,
        rng,
        net,
        log: log.child({ part: 'health' }),
        agents,
        membership,
        expectedDigest: (server) => coordinator.expectedDigest(server),
        onReachable: (server) => {
          gate.unstall(server);
        },
        onVerdict: () => {
          atWork.look();
        },
      },
      options.health,
    );
    const atWork: ServersAtWork = new ServersAtWork(
      {
        ...{ view, gate, clock, rng, log, suspect },
        isReachable: (server) => this.health.isReachable(server),
        sharingOf: parts.sharingOf,
      },
      options.atWork ?? AT_WORK_DEFAULTS,
    );
    const { sessionStore, self } = parts;
    const { redundancy, addresses: floating } = options.addresses ?? ADDRESSES_DEFAULTS;
    const book = sessionStore && new SessionBook({ ...parts, store: sessionStore });
    const ips = floating.map(({ ip }) => ip);
    const inheritance = book && new Inheritance(book, { self, redundancy, ips });
    this.#book = book;
    this.#inheritance = inheritance;
    this.#adapters = parts.adapters({
      net,
      clock,
      log,
      gate,
      servers,
      drainPolicyOf,
      boot: parts.boot,
      accessLog: parts.accessLog,
      work: atWork.seen,
      sessions: book && inheritance && { book, scopeOf: (ip) => inheritance.scopeOf(ip) },
    });
    const dataPlane = new LocalDataPlane(
      { gate, adapters: this.#adapters, clock },
      { drainTimeoutMs: options.coordinator.limits.drainTimeoutMs },
    );
    this.#agents = agents;
    this.#dataPlane = dataPlane;
    this.#participant = new Participant({
      ...parts,
      log: log.child({ part: 'participant' }),
      view,
      membership,
      dataPlane,
    });
    this.view = view;
    this.gate = gate;
    this.membership = membership;
    this.coordinator = coordinator;
    membership.onJoin = () => this.#participant.join();
    const addresses = this.#addressesOf(membership, view);
    membership.onLease = (untilMs) => {
      gate.setLease(untilMs);
      addresses?.setLease(untilMs);
    };
    this.addresses = addresses;
    this.atWork = atWork;
  }

  /** It listens. */
  get isServing(): boolean {
    return this.#isServing;
  }

  get adapters(): readonly ProtocolAdapter[] {
    return this.#adapters;
  }

  counters(): ResourceCounters[] {
    return this.gate.counters();
  }

  /** Joins the others, settles or holds an open switch, then listens. @throws ERR_LISTEN_FAILED: nothing of it goes on */
  async start(): Promise<void> {
    try {
      await this.#begin();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async #begin(): Promise<void> {
    const { signal } = this.#stopping;
    await this.addresses?.clear();
    const runs = [this.view.follow(signal)];
    this.membership.report({ health: this.#parts.health?.() ?? null });
    await this.#join(signal);
    runs.push(
      this.membership.run(signal),
      this.#participant.run(signal),
      this.health.run(signal),
      this.coordinator.run(signal),
      this.atWork.run(signal),
    );
    this.#running = Promise.all(runs);
    await this.#settled(signal);
    await this.#inheritance?.begin(this.#adapters).catch((err: unknown) => {
      this.#parts.log.error({ err }, 'former sessions not found');
    });
    for (const adapter of this.#adapters) {
      // Whoever was told to stop meanwhile takes no work any more.
      if (!this.#isStopping) await adapter.start();
    }
    this.#isServing = !this.#isStopping;
    // From now on it may be the one that clients find at an address.
    if (this.addresses !== undefined) {
      this.#running = Promise.all([this.#running, this.addresses.run(signal)]);
    }
    this.#parts.log.info({ member: this.#parts.self }, 'redirector serves');
  }

  #isPastFence(resource: ResourceId): boolean {
    return this.#adapters.some((adapter) => adapter.bypassesFence?.(resource) === true);
  }

  /** From now on; what is under way goes on by what was so when it began. */
  reconfigure(options: RedirectorChange): void {
    this.#options = { ...this.#options, ...options };
    const { gate, health, agents, coordinator, atWork = AT_WORK_DEFAULTS } = options;
    this.gate.reconfigure(gate);
    this.health.reconfigure(health);
    this.#agents.reconfigure(agents);
    this.coordinator.reconfigure(coordinator);
    this.atWork.reconfigure(atWork);
    this.#dataPlane.reconfigure({ drainTimeoutMs: coordinator.limits.drainTimeoutMs });
  }

  /** Is not ready at once; gives its addresses up; serves on for a moment; answers what is under way, and leaves the others. */
  async stop(): Promise<void> {
    const wasServing = this.#isServing;
    this.#isServing = false;
    this.#isStopping = true;
    const areGone = (await this.addresses?.leave()) ?? true;
    const { stopWaitMs, stopTimeoutMs } = this.#options;
    if (wasServing && stopWaitMs > 0) {
      for (const adapter of this.#adapters) adapter.leave();
      await this.#parts.clock.sleep(stopWaitMs);
    }
    await Promise.all(this.#adapters.map((adapter) => adapter.stop(stopTimeoutMs)));
    await within(this.#parts.clock, FLUSH_TIMEOUT_MS, async (signal) => this.#book?.flush(signal));
    this.#book?.close();
    await this.coordinator.resign().catch(() => undefined);
    // With an address that it could not take off it is not gone for the others, until its lease is over.
    if (areGone) await this.membership.leave().catch(() => undefined);
    this.#stopping.abort(new Error('stopping'));
    await this.#running;
  }

  #addressesOf(membership: Membership, view: TableView): Addresses | undefined {
    const { addresses: ports } = this.#parts;
    if (ports === undefined) return undefined;
    const { addresses = ADDRESSES_DEFAULTS, membership: leases } = this.#options;
    return new Addresses(
      {
        ...this.#parts,
        ...ports,
        view,
        membership,
        isServing: () => this.#isServing,
        inherit: (ip, term) =>
          this.#inheritance?.take(ip, term, this.#adapters) ?? Promise.resolve(),
        bequeath: (ip, signal) => this.#inheritance?.give(ip, signal) ?? Promise.resolve(),
        vacate: async (ip, how, signal) => {
          await Promise.all(this.#adapters.map((adapter) => adapter.vacate(ip, how, signal)));
        },
      },
      addresses,
      { ...MEMBERSHIP_DEFAULTS, ...leases },
    );
  }

  /** Without the table there is nothing to serve: waits for the store, however long. */
  async #join(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts;
    let isSaid = false;
    for (;;) {
      try {
        await this.membership.join();
        return;
      } catch (err) {
        if (codeOf(err) === undefined) throw err;
        if (!isSaid) log.error({ err }, 'waiting for the table store');
        isSaid = true;
        await clock.sleep(this.#options.startRetryMs, signal);
      }
    }
  }

  /** Until no switch is open; not longer than the timeout, since the resources in it stay held anyway. */
  #settled(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.view.get(SWITCH, 'open') !== undefined && !signal.aborted) return;
        end();
        cancel();
        resolve();
      };
      const end = this.view.onChange(look);
      const cancel = clock.after(this.#options.settleTimeoutMs, () => {
        end();
        resolve();
      });
      look();
    });
  }
}
