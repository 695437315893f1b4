import type { Clock } from '../core/clock/port.js';
import type { Address, MemberId, ResourceId, ServerId, Sharing } from '../core/domain.js';
import { codeOf } from '../core/errors.js';
import type { Startable } from '../core/lifecycle.js';
import type { Log } from '../core/log.js';
import type { Net } from '../core/net/port.js';
import type { Rng } from '../core/rng.js';
import type { SessionStore } from '../core/session-store/port.js';
import type { TableStore } from '../core/table-store/port.js';
import { SERVER } from '../core/table-store/records/server.js';
import { SWITCH } from '../core/table-store/records/switch.js';
import type { TableViewOptions } from '../core/table-store/view.js';
import { TableView } from '../core/table-store/view.js';
import { within } from '../core/within.js';
import type { AccessLog } from './access-log/access-log.js';
import type { ProtocolAdapter } from './adapters/adapter.js';
import type { ServerLink } from './adapters/servers.js';
import { Addresses } from './addresses/addresses.js';
import type { AddressesPorts } from './addresses/addresses.js';
import type { AddressesOptions } from './addresses/options.js';
import { ADDRESSES_DEFAULTS } from './addresses/options.js';
import type { AgentClientOptions } from './agents.js';
import { AgentClient } from './agents.js';
import type { GateOptions, ResourceCounters } from './gate.js';
import type { Gate } from './gate.js';
import type { HealthOptions } from './health/checker.js';
import { HealthChecker } from './health/checker.js';
import type { MembershipOptions } from './membership.js';
import { MEMBERSHIP_DEFAULTS, Membership } from './membership.js';
import type { AtWorkSeen } from './shared/metrics.js';
import type { ServersAtWork, ServersAtWorkOptions } from './shared/servers-at-work.js';
import { AT_WORK_DEFAULTS } from './shared/servers-at-work.js';
import { Inheritance } from './sessions/inheritance.js';
import { SessionBook } from './sessions/session-book.js';
import type { CoordinatorOptions } from './switch/coordinator.js';
import { Coordinator } from './switch/coordinator.js';
import { Participant } from './switch/participant.js';
import type { AdapterParts, ResourcePolicy, TrafficOptions } from './traffic.js';
import { Traffic } from './traffic.js';
import type { WorkersLimits } from './workers/worker-pool.js';
import type { Workers, WorkersHome } from './workers/workers.js';

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
  /** Other threads that carry its traffic, too; undefined: this one carries all. */
  readonly workers?: RedirectorWorkersParts | undefined;
  /** Undefined: it has to do with no address that goes from one redirector to another. */
  readonly addresses?: AddressesPorts | undefined;
}

export interface RedirectorWorkersParts {
  readonly limits: WorkersLimits;
  readonly make: (home: WorkersHome) => RedirectorWorkers;
}

/** What a redirector does with its workers, whatever they are told by those who build them. */
export type RedirectorWorkers = Omit<
  Workers<unknown>,
  'reconfigure' | 'ready' | 'named' | 'noticed' | 'ended'
>;

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
  readonly health: HealthChecker;
  readonly coordinator: Coordinator;
  readonly membership: Membership;
  readonly addresses: Addresses | undefined;
  readonly #parts: RedirectorParts;
  #options: RedirectorOptions;
  readonly #book: SessionBook | undefined;
  readonly #inheritance: Inheritance | undefined;
  readonly #agents: AgentClient;
  readonly #participant: Participant;
  readonly #traffic: Traffic;
  readonly #workers: RedirectorWorkers | undefined;
  readonly #stopping = new AbortController();
  #isStopping = false;
  #running: Promise<unknown> = Promise.resolve();
  #isServing = false;

  constructor(parts: RedirectorParts, options: RedirectorOptions) {
    this.#parts = parts;
    this.#options = options;
    const { store, clock, rng, net, log, policyOf } = parts;
    const view = new TableView(parts, options.view);
    const membership = new Membership({ ...parts, view }, options.membership);
    const agents = new AgentClient(
      {
        net,
        view,
        tokenOf: parts.agentTokenOf,
        drainPolicyOf: (resource) => policyOf(resource).drain,
      },
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
        mayVouch: () => coordinator.mayVouch(),
        onReachable: (server) => {
          this.gate.unstall(server);
          this.#workers?.reachable(server);
        },
        onVerdict: () => {
          this.atWork.look();
          this.#workers?.verdicts();
        },
      },
      options.health,
    );
    const { sessionStore, self } = parts;
    const { redundancy, addresses: floating } = options.addresses ?? ADDRESSES_DEFAULTS;
    const book = sessionStore && new SessionBook({ ...parts, store: sessionStore });
    const ips = floating.map(({ ip }) => ip);
    const inheritance = book && new Inheritance(book, { self, redundancy, ips });
    this.#book = book;
    this.#inheritance = inheritance;
    const suspect = (server: ServerId): void => {
      this.health.suspect(server);
    };
    this.#traffic = new Traffic(
      {
        ...parts,
        view,
        sessions: book && inheritance && { book, scopeOf: (ip) => inheritance.scopeOf(ip) },
        isReachable: (server) => this.health.isReachable(server),
        suspect,
        beside: parts.workers?.limits.shared.of(0),
        misdirected: (resource, owner, isLearned) => {
          if (isLearned) this.#workers?.misdirected(resource, owner);
          void view.sync().catch((err: unknown) => {
            log.debug({ err }, 'table store not read');
          });
        },
      },
      trafficOptions(options),
    );
    this.#workers = parts.workers?.make({
      ...{ view, suspect, traffic: this.#traffic },
      unreachable: () =>
        [...view.all(SERVER).keys()].filter((server) => !this.health.isReachable(server)),
    });
    this.#agents = agents;
    this.#participant = new Participant({
      ...parts,
      log: log.child({ part: 'participant' }),
      view,
      membership,
      dataPlane: this.#workers ?? this.#traffic.dataPlane,
    });
    this.view = view;
    this.membership = membership;
    this.coordinator = coordinator;
    membership.onJoin = () => this.#participant.join();
    const addresses = this.#addressesOf(membership, view);
    membership.onLease = (untilMs) => {
      this.gate.setLease(untilMs);
      this.#workers?.setLease(untilMs);
      addresses?.setLease(untilMs);
    };
    this.addresses = addresses;
  }

  get gate(): Gate {
    return this.#traffic.gate;
  }

  get atWork(): ServersAtWork {
    return this.#traffic.atWork;
  }

  /** It listens. */
  get isServing(): boolean {
    return this.#isServing;
  }

  get adapters(): readonly ProtocolAdapter[] {
    return this.#traffic.adapters;
  }

  /** Undefined: it has none. */
  get workers(): RedirectorWorkers | undefined {
    return this.#workers;
  }

  /** Of all threads. */
  counters(from?: number, to?: number): ResourceCounters[] {
    return (this.#workers ?? this.gate).counters(from, to);
  }

  /** How many resources there are counters of. */
  get size(): number {
    return this.gate.size;
  }

  /** At all gates. */
  get heldRequests(): number {
    return (this.#workers ?? this.gate).heldRequests;
  }

  /** What other threads see of servers at work. */
  get seenElsewhere(): readonly AtWorkSeen[] {
    return this.#workers?.pool.stats.map(({ atWork }) => atWork) ?? [];
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
    await this.#inheritance?.begin(this.adapters).catch((err: unknown) => {
      this.#parts.log.error({ err }, 'former sessions not found');
    });
    for (const adapter of this.adapters) {
      // Whoever was told to stop meanwhile takes no work any more.
      if (!this.#isStopping) await adapter.start();
    }
    if (this.#workers !== undefined && !this.#isStopping) {
      this.#running = Promise.all([this.#running, this.#workers.run(signal)]);
      await this.#workers.pool.start();
    }
    this.#isServing = !this.#isStopping;
    // From now on it may be the one that clients find at an address.
    if (this.addresses !== undefined) {
      this.#running = Promise.all([this.#running, this.addresses.run(signal)]);
    }
    this.#parts.log.info({ member: this.#parts.self }, 'redirector serves');
  }

  /** From now on; what is under way goes on by what was so when it began. */
  reconfigure(options: RedirectorChange): void {
    this.#options = { ...this.#options, ...options };
    const { health, agents, coordinator } = options;
    this.#traffic.reconfigure(trafficOptions(options));
    this.health.reconfigure(health);
    this.#agents.reconfigure(agents);
    this.coordinator.reconfigure(coordinator);
  }

  /** Is not ready at once; gives its addresses up; serves on for a moment; answers what is under way, and leaves the others. */
  async stop(): Promise<void> {
    const wasServing = this.#isServing;
    this.#isServing = false;
    this.#isStopping = true;
    const areGone = (await this.addresses?.leave()) ?? true;
    const { stopWaitMs, stopTimeoutMs } = this.#options;
    if (wasServing && stopWaitMs > 0) {
      for (const adapter of this.adapters) adapter.leave();
      this.#workers?.leave();
      await this.#parts.clock.sleep(stopWaitMs);
    }
    await this.#workers?.pool.close();
    await Promise.all([
      this.#workers?.pool.stop(stopTimeoutMs),
      ...this.adapters.map((adapter) => adapter.stop(stopTimeoutMs)),
    ]);
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
          this.#inheritance?.take(ip, term, this.adapters) ?? Promise.resolve(),
        bequeath: (ip, signal) =>
          this.#inheritance?.give(ip, this.adapters, signal) ?? Promise.resolve(),
        vacate: async (ip, how, signal) => {
          await Promise.all([
            this.#workers?.vacate(ip, how, signal),
            ...this.adapters.map((adapter) => adapter.vacate(ip, how, signal)),
          ]);
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

function trafficOptions({
  gate,
  atWork = AT_WORK_DEFAULTS,
  coordinator,
}: Pick<RedirectorOptions, 'gate' | 'atWork' | 'coordinator'>): TrafficOptions {
  return { gate, atWork, drainTimeoutMs: coordinator.limits.drainTimeoutMs };
}
