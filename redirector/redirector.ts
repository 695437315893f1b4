import type { Clock } from '../core/clock/port.js';
import type {
  Address,
  DrainPolicy,
  LostSourcePolicy,
  MemberId,
  ResourceId,
  ServerId,
} from '../core/domain.js';
import { codeOf } from '../core/errors.js';
import type { Startable } from '../core/lifecycle.js';
import type { Log } from '../core/log.js';
import type { Net } from '../core/net/port.js';
import type { Rng } from '../core/rng.js';
import type { TableStore } from '../core/table-store/port.js';
import { SWITCH } from '../core/table-store/records/switch.js';
import type { TableViewOptions } from '../core/table-store/view.js';
import { TableView } from '../core/table-store/view.js';
import type { ProtocolAdapter } from './adapters/adapter.js';
import type { HttpAdapterParts } from './adapters/http/context.js';
import type { AgentClientOptions } from './agents.js';
import { AgentClient } from './agents.js';
import type { GateOptions, ResourceCounters } from './gate.js';
import { Gate } from './gate.js';
import type { HealthOptions } from './health/checker.js';
import { HealthChecker } from './health/checker.js';
import { LocalDataPlane } from './local-data-plane.js';
import type { MembershipOptions } from './membership.js';
import { Membership } from './membership.js';
import { Servers } from './servers.js';
import type { CoordinatorOptions } from './switch/coordinator.js';
import { Coordinator } from './switch/coordinator.js';
import { Participant } from './switch/participant.js';

/** How a resource wants to be treated. */
export interface ResourcePolicy {
  readonly onLostSource: LostSourcePolicy;
  readonly drain: DrainPolicy;
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
  /** Where its process tells how it is; undefined: nowhere. */
  readonly health?: () => Address;
  readonly adapters: (parts: HttpAdapterParts) => readonly ProtocolAdapter[];
}

export interface RedirectorOptions {
  readonly membership: Partial<MembershipOptions>;
  readonly gate: Partial<GateOptions>;
  readonly health: Partial<HealthOptions>;
  readonly agents: Partial<AgentClientOptions>;
  readonly coordinator: CoordinatorOptions;
  readonly view: Partial<TableViewOptions>;
  /** An open switch may keep the listeners closed so long at start; then they open with it held. */
  readonly settleTimeoutMs: number;
  readonly startRetryMs: number;
}

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
  readonly #parts: RedirectorParts;
  readonly #options: RedirectorOptions;
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
    const servers: Servers = new Servers({ view, gate: () => gate, log, suspect });
    const gate = new Gate(
      {
        clock,
        // A server that cannot refuse late requests is consistent only while this redirector is no late one.
        needsLease: (resource, server) =>
          policyOf(resource).onLostSource === 'consistency' && !servers.hasFence(server),
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
      },
      options.health,
    );
    this.#adapters = parts.adapters({
      net,
      clock,
      log,
      gate,
      servers,
      drainPolicyOf,
    });
    const dataPlane = new LocalDataPlane(
      { gate, adapters: this.#adapters, clock },
      { drainTimeoutMs: options.coordinator.limits.drainTimeoutMs },
    );
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
    membership.onLease = (untilMs) => {
      gate.setLease(untilMs);
    };
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

  /** Joins the others, settles or holds an open switch, then listens. @throws ERR_LISTEN_FAILED */
  async start(): Promise<void> {
    const { signal } = this.#stopping;
    const runs = [this.view.follow(signal)];
    this.membership.report({ health: this.#parts.health?.() ?? null });
    await this.#join(signal);
    runs.push(
      this.membership.run(signal),
      this.#participant.run(signal),
      this.health.run(signal),
      this.coordinator.run(signal),
    );
    this.#running = Promise.all(runs);
    await this.#settled(signal);
    for (const adapter of this.#adapters) {
      // Whoever was told to stop meanwhile takes no work any more.
      if (!this.#isStopping) await adapter.start();
    }
    this.#isServing = !this.#isStopping;
    this.#parts.log.info({ member: this.#parts.self }, 'redirector serves');
  }

  /** Answers what is under way, leaves the others, and stops. */
  async stop(): Promise<void> {
    this.#isServing = false;
    this.#isStopping = true;
    for (const adapter of this.#adapters) await adapter.stop();
    await this.coordinator.resign().catch(() => undefined);
    await this.membership.leave().catch(() => undefined);
    this.#stopping.abort(new Error('stopping'));
    await this.#running;
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
