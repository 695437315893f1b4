import type { LeaseAnswer } from '../../core/agent-protocol.js';
import type { Clock } from '../../core/clock/port.js';
import type { LostSourcePolicy, ResourceId, ServerId } from '../../core/domain.js';
import { codeOf } from '../../core/errors.js';
import { every } from '../../core/every.js';
import type { Log } from '../../core/log.js';
import type { Net } from '../../core/net/port.js';
import type { TableStore } from '../../core/table-store/port.js';
import { PLAN } from '../../core/table-store/records/plan.js';
import { LOST } from '../../core/table-store/records/server.js';
import { ACK, MEMBER, SWITCH } from '../../core/table-store/records/switch.js';
import { COPY } from '../../core/table-store/records/table.js';
import type { TableView } from '../../core/table-store/view.js';
import { Acquaintance } from './acquaintance.js';
import { CoordinatorLease } from './coordinator-lease.js';
import { SwitchDriver } from './driver.js';
import type { FailoverOptions } from './failover.js';
import { failoverPlan } from './failover.js';
import { SwitchLedger } from './ledger.js';
import type { LostServersOptions } from './lost-servers.js';
import { LostServers } from './lost-servers.js';
import type { Agents, Members } from './peers.js';
import type { NextWork, PlanQueueOptions } from './plan-queue.js';
import { nextWork } from './plan-queue.js';
import type { SwitchLimits } from './protocol.js';
import { Reconciler } from './reconciler.js';
import type { SwitchTally } from './tally.js';

export interface CoordinatorParts {
  readonly store: TableStore;
  readonly view: TableView;
  readonly clock: Clock;
  readonly net: Pick<Net, 'call'>;
  readonly log: Log;
  readonly membership: Members;
  readonly agents: Agents;
  readonly lastAnswer: (server: ServerId) => LeaseAnswer | undefined;
  /** When it came (monotonic); −Infinity: never. */
  readonly answeredAtMs: (server: ServerId) => number;
  readonly policyOf: (resource: ResourceId) => LostSourcePolicy;
}

export interface CoordinatorOptions {
  /** Deadlines are looked at this often; news from the store are looked at once. */
  readonly tickMs: number;
  /** A lost server's resources wait so long for a plan before they go to their standbys. */
  readonly standbyAfterMs: number;
  /** First placements wait so long after the start for agents that know better: longer than they announce. */
  readonly placeAfterMs: number;
  readonly limits: SwitchLimits;
  readonly queue: PlanQueueOptions;
  readonly failover: FailoverOptions;
  readonly lostServers: LostServersOptions;
}

const FAILOVER_PAUSE_MAX_MS = 30_000;

/** So many steps in a row before the loop looks at its clock and its neighbours again. */
const STEPS_MAX = 1000;

/**
 * Carries plans out, one switch at a time, and takes care of lost servers. Every redirector runs one; that
 * which holds the coordinator's lease acts. It keeps nothing that matters in memory: what it decides on is in
 * the table store, and a successor goes on from there.
 */
export class Coordinator {
  readonly #parts: CoordinatorParts;
  #options: CoordinatorOptions;
  readonly #lease: CoordinatorLease;
  readonly #ledger: SwitchLedger;
  readonly #lostServers: LostServers;
  readonly #driver: SwitchDriver;
  readonly #reconciler: Reconciler;
  readonly #acquaintance: Acquaintance;
  /** Monotonic: when a lost server's resources go to their standbys; each try waits twice as long. */
  readonly #failoverAtMs = new Map<ServerId, { readonly atMs: number; readonly pauseMs: number }>();
  readonly #startedAtMs: number;
  #working: Promise<void> | undefined;
  #isNews = false;

  constructor(parts: CoordinatorParts, options: CoordinatorOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#startedAtMs = parts.clock.monotonicMs();
    const lease = new CoordinatorLease(parts);
    const lostServers = new LostServers({ ...parts, lease }, options.lostServers);
    const isLost = (server: ServerId): boolean => lostServers.isLost(server);
    this.#lease = lease;
    this.#lostServers = lostServers;
    this.#ledger = new SwitchLedger({ ...parts, lease });
    this.#driver = new SwitchDriver(
      { ...parts, ledger: this.#ledger, lostServers },
      options.limits,
    );
    this.#reconciler = new Reconciler({
      ...parts,
      lease,
      isLost,
      isUnclaimed: (resource) =>
        this.#acquaintance.wasMade &&
        [...parts.view.all(LOST).keys()].every((server) => lostServers.isGone(server, resource)),
      mayActThoughLost: (server, resource) =>
        isLost(server) && !lostServers.isGone(server, resource),
    });
    this.#acquaintance = new Acquaintance({
      ...parts,
      isStillLost: (server) => lostServers.isStillLost(server),
      reconciler: this.#reconciler,
    });
  }

  /** From now on; an open switch goes on by what was so when it was last looked at. */
  reconfigure(options: CoordinatorOptions): void {
    this.#options = options;
    this.#lostServers.reconfigure(options.lostServers);
    this.#driver.reconfigure(options.limits);
  }

  get isCoordinating(): boolean {
    return this.#lease.term !== undefined;
  }

  /** How the switches ended that it coordinated. */
  get tally(): SwitchTally {
    return this.#driver.tally;
  }

  /** What an agent that agrees with the table answers to a health check. */
  expectedDigest(server: ServerId): number {
    return this.#reconciler.expectedDigest(server);
  }

  /** This process may speak for the table: renew serving leases, and confirm what an agent owns. */
  mayVouch(): boolean {
    return this.#acquaintance.mayVouch();
  }

  /** Works until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { view, clock } = this.#parts;
    const end = view.onChange(() => {
      this.#wake(signal);
    });
    try {
      await every(clock, { everyMs: this.#options.tickMs, signal }, () => {
        this.#wake(signal);
      });
    } finally {
      end();
      await this.#working;
    }
  }

  /** Hands the lease over. */
  resign(): Promise<void> {
    return this.#lease.resign();
  }

  #wake(signal: AbortSignal): void {
    this.#isNews = true;
    this.#working ??= this.#work(signal).finally(() => {
      this.#working = undefined;
    });
  }

  async #work(signal: AbortSignal): Promise<void> {
    while (this.#isNews && !signal.aborted) {
      this.#isNews = false;
      try {
        for (let steps = 0; steps < STEPS_MAX; steps++) {
          if (!(await this.#step())) break;
        }
      } catch (err) {
        // The store or an agent failed: the next tick looks at what became of it and decides again.
        this.#parts.log.warn({ err, code: codeOf(err) }, 'coordinator step failed');
      }
    }
  }

  /** One step; true: there may be more to do at once. */
  async #step(): Promise<boolean> {
    const { view } = this.#parts;
    await view.sync();
    this.#acquaintance.note();
    this.#lostServers.note();
    if (view.regressed || !(await this.#lease.acquire())) return false;
    if (!this.#acquaintance.mayMissMembers() && (await this.#lostServers.update())) return true;
    if (!(await this.#acquaintance.isMade())) return false;
    const open = view.get(SWITCH, 'open')?.value;
    if (open !== undefined) return this.#driver.step(open);
    if (await this.#failOver()) return true;
    if (await this.#reconciler.step()) return true;
    if (await this.#runPlans()) return true;
    if (await this.#welcomeBack()) return true;
    return this.#tidy();
  }

  /** Makes a plan of the standbys for a lost server that nobody planned for. */
  async #failOver(): Promise<boolean> {
    const { store, view, clock, policyOf } = this.#parts;
    const nowMs = clock.monotonicMs();
    const lost = view.all(LOST);
    for (const server of this.#failoverAtMs.keys()) {
      if (!lost.has(server)) this.#failoverAtMs.delete(server);
    }
    for (const server of lost.keys()) {
      const pauseMs = this.#options.standbyAfterMs;
      const due = this.#failoverAtMs.get(server) ?? { atMs: nowMs + pauseMs, pauseMs };
      this.#failoverAtMs.set(server, due);
      if (nowMs < due.atMs || this.#lostServers.isSpared(server)) continue;
      const options = this.#options.failover;
      const record = failoverPlan(server, view, { nowMs: clock.realtimeMs(), policyOf, options });
      if (record === undefined) continue;
      const nextMs = Math.min(2 * due.pauseMs, FAILOVER_PAUSE_MAX_MS);
      this.#failoverAtMs.set(server, { atMs: nowMs + nextMs, pauseMs: nextMs });
      const draft = this.#lease
        .draft()
        .expect(view, PLAN, record.plan.id)
        .put(PLAN, record.plan.id, record);
      await store.transact(draft.transaction);
      await view.sync();
      return true;
    }
    return false;
  }

  async #runPlans(): Promise<boolean> {
    const { view, clock } = this.#parts;
    const work = nextWork(view, clock.realtimeMs(), this.#options.queue);
    if (work.kind === 'none' || !this.#mayBegin(work)) return false;
    await this.#carryOut(work);
    return true;
  }

  /**
   * A resource that the table does not know may be owned all the same, if the store was lost: it is placed only
   * when agents have had time to announce themselves, and all have been heard. And nothing is taken from servers
   * that are silent as most others are.
   */
  #mayBegin(work: Exclude<NextWork, { kind: 'none' }>): boolean {
    const moves = work.kind === 'batch' ? (work.record.plan.batches[work.batch]?.moves ?? []) : [];
    const isSpared = moves.some(
      ({ source }) => source !== null && this.#lostServers.isSpared(source),
    );
    if (isSpared) return false;
    if (moves.every(({ source }) => source !== null)) return true;
    const isEarly =
      this.#parts.clock.monotonicMs() < this.#startedAtMs + this.#options.placeAfterMs;
    return !isEarly && this.#acquaintance.hasHeardAll();
  }

  async #carryOut(work: Exclude<NextWork, { kind: 'none' }>): Promise<void> {
    const { record } = work;
    const { plan } = record;
    const { clock, log } = this.#parts;
    if (work.kind === 'finish') {
      // Those of a plan that came too late are too late as well.
      const counts = work.status === 'applied' || work.status === 'partly-applied';
      if (counts && Object.keys(plan.standbys).length > 0) {
        await this.#ledger.setStandbys(plan.standbys);
      }
      log.info({ plan: plan.id, status: work.status }, 'plan ended');
      const finishedAtMs = clock.realtimeMs();
      await this.#ledger.updatePlan(record, { ...record, status: work.status, finishedAtMs });
      return;
    }
    if (work.kind === 'void') {
      await this.#ledger.voidBatch(record, work.batch, work.why);
      return;
    }
    const moves = plan.batches[work.batch]?.moves ?? [];
    const sources = moves.flatMap(({ source }) => (source === null ? [] : [source]));
    const lost = [...new Set(sources)].filter((source) => this.#lostServers.isLost(source));
    const standbys = Object.fromEntries(
      moves.flatMap(({ resource }) => {
        const standby = plan.standbys[resource];
        return standby === undefined ? [] : [[resource, standby] as const];
      }),
    );
    await this.#ledger.open({ plan: plan.id, batch: work.batch, moves, lost, standbys }, record);
  }

  /** A lost server that answers again first gives up what is not its own any more. */
  async #welcomeBack(): Promise<boolean> {
    for (const server of this.#lostServers.returning()) {
      await this.#reconciler.settle(server);
      await this.#lostServers.welcome(server);
      return true;
    }
    return false;
  }

  /**
   * Takes members out of the books once their leases are over, and the serving leases that they renewed; and
   * what is left of offers to restore a store that has been restored.
   */
  async #tidy(): Promise<boolean> {
    const { store, view, membership } = this.#parts;
    const { servingLeaseMs, servingMarginMs } = this.#options.lostServers;
    const [dead] = membership.deadMembers(servingLeaseMs + servingMarginMs);
    const copies = [...view.all(COPY).keys()];
    if (dead === undefined && copies.length === 0) return false;
    const draft = this.#lease.draft();
    for (const copy of copies) draft.remove(COPY, copy);
    if (dead !== undefined) {
      draft.expect(view, MEMBER, dead).remove(MEMBER, dead).remove(ACK, dead);
    }
    await store.transact(draft.transaction);
    await view.sync();
    return true;
  }
}
