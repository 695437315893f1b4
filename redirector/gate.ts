import { strict as assert } from 'node:assert';
import { SHARED_SINCE } from '../core/agent-protocol.js';
import type { Clock } from '../core/clock/port.js';
import type { ResourceId, ServerId } from '../core/domain.js';
import type { Generation } from '../core/generation.js';
import { compareGenerations, formatGeneration } from '../core/generation.js';
import { Indices } from '../core/indices.js';
import type { Placement } from '../core/table.js';
import { AssignmentTable } from '../core/table.js';
import type { CountColumns, WorkCounts } from './counted-work.js';
import { CountedWork } from './counted-work.js';
import { DrainWaiters } from './drain-waiters.js';
import type { Held, HeldBeside, HeldLimits, Ticket } from './held-work.js';
import { HeldWork } from './held-work.js';
import type { Waiting } from './hold-queue.js';
import { RowIndices } from './row-indices.js';

/*
 * The entry of every resource: which server serves it, how much is under way, and who waits. All adapters
 * share it. It knows nothing of protocols, stores or plans. What lies on the way of a request is
 * synchronous and does not allocate; resources and servers are small integers there.
 */

/** `enter`'s answers that are not a server: wait (`park`), or be refused for one of three reasons. */
export const HELD = -1;
/** The resource has no server yet. */
export const UNASSIGNED = -2;
/** Its server could not be reached from here for longer than work waits. */
export const UNREACHABLE = -3;
/** This redirector's own lease is over, and the resource is not served without one. */
export const LEASE_OVER = -4;

/** The index of a server, entered: `leave` or `withdraw` must follow. Or one of the four above. */
export type Entrance = number;

export interface GateOptions extends HeldLimits {
  readonly resourcesMax: number;
  /** Work parked for a switch is given up after this. */
  readonly holdTimeoutMs: number;
  /** Work parked since its server does not answer is given up after this. */
  readonly stallTimeoutMs: number;
  /** So much waiting work starts at once at resume, so that the target is not stampeded. */
  readonly resumeBurst: number;
  readonly resumePauseMs: number;
  /** Of a burst, so much starts before others that have arrived have their turn: what waits is not theirs to pay for. */
  readonly resumeSlice: number;
}

export const GATE_DEFAULTS: GateOptions = {
  resourcesMax: 100_000,
  heldPerResourceMax: 1000,
  heldMax: 10_000,
  heldBytesMax: 64 << 20,
  holdTimeoutMs: 10_000,
  stallTimeoutMs: 3000,
  resumeBurst: 64,
  resumePauseMs: 1,
  resumeSlice: 32,
};

export interface ResourceCounters extends WorkCounts {
  readonly resource: ResourceId;
}

/** What a hold did to the work that met it. */
export interface HoldReport {
  /** From the first held request on. */
  readonly holdMs: number;
  readonly heldRequests: number;
  readonly failedRequests: number;
}

/** A switch is under way: everything new waits. */
const HOLD = 1;
/** The server does not answer: everything new waits. */
const STALL = 2;
/** Work still waits from a hold or a stall that is over: new work goes behind it. */
const QUEUE = 4;
/** Served only while this redirector's own lease lives. */
const LEASED = 8;
/** Served by several servers at the same time: each piece of work is given one. */
const SHARED = 16;
const WAITING = HOLD | STALL | QUEUE;

/** There is room for so many, until there are more. */
const RESOURCES_AT_FIRST = 64;

/** Gives each piece of work for a shared resource one of the servers that serve it. */
export interface Chooser {
  /** The index of a server, another than `avoid` if there is one; −1: there is none at all. Does not allocate. */
  choose(avoid: number): number;
}

export interface GateParts {
  readonly clock: Clock;
  /** Calls back once all that has arrived was heard; undefined: at once. */
  readonly afterArrivals?: (run: () => void) => void;
  /** Where it counts, as long as there may be resources, and all 0; undefined: it has its own. */
  readonly counts?: CountColumns | undefined;
  /** Gates with the same limits; undefined: there are none. */
  readonly heldBeside?: HeldBeside | undefined;
  /** The resource is not served by that server unless this redirector's own lease lives. */
  readonly needsLease: (resource: ResourceId, server: ServerId) => boolean;
}

export class Gate {
  readonly #clock: Clock;
  readonly #needsLease: GateParts['needsLease'];
  readonly #afterArrivals: (run: () => void) => void;
  #options: GateOptions;

  readonly #resources = new Indices<ResourceId>();
  readonly #rows = new RowIndices((resource) => this.#intern(resource));
  readonly #placements: (Placement | undefined)[] = [];
  readonly #sinceTexts: string[] = [];
  #lastSince: Generation | undefined;
  #lastSinceText = '';
  #servers = new Int32Array(RESOURCES_AT_FIRST).fill(UNASSIGNED);
  #flags = new Uint8Array(RESOURCES_AT_FIRST);
  readonly #counted: CountedWork;

  readonly #serverIndices = new Indices<ServerId>();

  /** What agents said of resources, ahead of the table. */
  readonly #corrected = new Set<number>();
  /** Of shared resources. */
  readonly #choosers = new Map<number, Chooser>();
  readonly #waiting: HeldWork;
  readonly #stalledAtMs = new Map<number, number>();
  readonly #drains = new DrainWaiters();
  /** What waits goes on in a moment. */
  #isPaced = false;
  #leaseUntilMs = Infinity;
  /** As last applied. Single placements may be ahead of it, by corrections. */
  #table = AssignmentTable.empty;

  constructor(
    { clock, needsLease, counts, heldBeside, afterArrivals = atOnce }: GateParts,
    options: Partial<GateOptions> = {},
  ) {
    this.#clock = clock;
    this.#waiting = new HeldWork(clock, heldBeside);
    this.#counted = new CountedWork(RESOURCES_AT_FIRST, counts);
    this.#needsLease = needsLease;
    this.#afterArrivals = afterArrivals;
    this.#options = { ...GATE_DEFAULTS, ...options };
  }

  /**
   * From now on; what is held stays held as it was promised. Its limit of resources stays: a table may be there already.
   * Which resources need the lease is asked anew.
   */
  reconfigure(options: Omit<Partial<GateOptions>, 'resourcesMax'>): void {
    this.#options = { ...this.#options, ...options };
    for (const [at, placement] of this.#placements.entries()) {
      if (placement !== undefined) this.#place(at, placement);
    }
  }

  /* ---- on the way of a request ---- */

  /** −1 for a resource that no table has named. */
  indexOf(resource: ResourceId): number {
    return this.#resources.of(resource);
  }

  /**
   * Enters the resource, unless it is held, stalled, unassigned or closed. `avoid`: a server that just failed, for a resource
   * that others serve as well.
   */
  enter(at: number, avoid = -1): Entrance {
    if (this.#flags[at] !== 0) return this.#enterMarked(at, avoid);
    const server = this.#servers[at]!;
    if (server >= 0) this.#counted.entered(at);
    return server;
  }

  /** Enters all parts of a composite in one step, or none: else two moves could wait for each other. */
  enterAll(parts: readonly number[]): boolean {
    const isOpen = (at: number): boolean =>
      (this.#flags[at]! & WAITING) === 0 && !this.isLeaseOver(at) && this.#servers[at]! >= 0;
    if (!parts.every(isOpen)) return false;
    for (const at of parts) this.#counted.entered(at);
    return true;
  }

  /** Several servers serve it at the same time: nobody owns it, nothing moves it. */
  isShared(at: number): boolean {
    return (this.#flags[at]! & SHARED) !== 0;
  }

  /** The resource needs this redirector's own lease, which is over: nothing more may be sent, entered or not. */
  isLeaseOver(at: number): boolean {
    return (this.#flags[at]! & LEASED) !== 0 && this.#clock.monotonicMs() >= this.#leaseUntilMs;
  }

  /** What was entered has ended: `bytes` went through in both directions, in `serviceMs`. */
  leave(at: number, bytes: number, serviceMs: number): void {
    this.#counted.served(at, bytes, serviceMs);
    this.#depart(at);
  }

  /** Of what is entered and goes on for long: so much went through so far, beside what `leave` will say. */
  carry(at: number, bytes: number): void {
    this.#counted.carried(at, bytes);
  }

  /** What was entered was never sent: it does not count as a hit. */
  withdraw(at: number): void {
    this.#depart(at);
  }

  /**
   * Waits for the entry after `enter` said HELD; undefined if no more can wait. `run` is called exactly
   * once, later, unless the ticket is cancelled. Waiting work of one resource keeps its order.
   */
  park(at: number, bytes: number, run: Waiting['run']): Ticket | undefined {
    const { holdTimeoutMs, stallTimeoutMs } = this.#options;
    const isHeld = (this.#flags[at]! & HOLD) !== 0;
    const waitMs = isHeld ? holdTimeoutMs : stallTimeoutMs;
    return this.#waiting.park(at, { bytes, waitMs, run }, this.#options);
  }

  resourceId(at: number): ResourceId {
    return this.#resources.idOf(at);
  }

  /** The index that `enter` answers with for this server, now or later. */
  serverIndexOf(server: ServerId): number {
    return this.#serverIndices.give(server);
  }

  serverId(server: number): ServerId {
    return this.#serverIndices.idOf(server);
  }

  /** The generation that gave the resource to its server, as it is written in a header. */
  sinceText(at: number): string {
    return this.#sinceTexts[at] ?? '';
  }

  /** The server does not answer and nothing was sent: new work for the resource waits, for a while. */
  stall(at: number): void {
    if ((this.#flags[at]! & STALL) !== 0) return;
    this.#flags[at]! |= STALL;
    this.#stalledAtMs.set(at, this.#clock.monotonicMs());
  }

  /* ---- for shared resources ---- */

  /**
   * From now on the chooser says who serves these: work that waited for one goes on. Undefined: they are not shared any more.
   * Returns those of which nothing was changed, since the table gives them to a server, which counts on being alone; or there
   * are too many resources.
   */
  share(resources: Iterable<ResourceId>, chooser: Chooser | undefined): ResourceId[] {
    const refused = [...resources].filter((resource) => !this.#share(resource, chooser));
    this.#release();
    return refused;
  }

  /** How many resources are shared. */
  get shared(): number {
    return this.#choosers.size;
  }

  /* ---- for the switch, health and membership ---- */

  get generation(): Generation {
    return this.#table.generation;
  }

  /** Takes a table over. Work that waits stays where it is until `resume`, unless it only stalled. */
  apply(table: AssignmentTable): void {
    assert.ok(
      compareGenerations(table.generation, this.generation) >= 0,
      'generations never fall at an observer',
    );
    const changed = table.changedSince(this.#table);
    this.#rows.follow(table.rows);
    if (changed === undefined) this.#placeAll(table);
    else for (const row of changed) this.#takeOver(this.#rows.of(row), table.placementAt(row));
    this.#table = table;
    this.#release();
  }

  placementOf(resource: ResourceId): Placement | undefined {
    return this.#placements[this.indexOf(resource)];
  }

  /** One resource, learned from the server's agent while the table store is out of reach. */
  correct(resource: ResourceId, placement: Placement): void {
    const at = this.#intern(resource);
    this.#place(at, placement);
    this.#corrected.add(at);
    this.#unstall(at);
    this.#release();
  }

  /**
   * The server denies that it has the resource. If it was named by a correction, that is over: what was learned of a store that went
   * back may never be in a table, and so never be followed by a newer row.
   */
  denied(resource: ResourceId, by: ServerId): void {
    const at = this.indexOf(resource);
    if (!this.#corrected.has(at) || this.#placements[at]?.server !== by) return;
    const placement = this.#table.placementOf(resource);
    this.#corrected.delete(at);
    if (placement !== undefined) this.#place(at, placement);
  }

  /** The indices of these, which they have from now on. */
  indicesOf(resources: readonly ResourceId[]): Int32Array {
    const indices = new Int32Array(resources.length);
    for (let at = 0; at < resources.length; at++) indices[at] = this.#intern(resources[at]!);
    return indices;
  }

  /** From now on all new work for these waits. */
  hold(resources: readonly ResourceId[]): void {
    this.holdAt(this.indicesOf(resources));
  }

  /** The same by their indices: who holds and resumes many need not look them up twice. */
  holdAt(indices: Int32Array): void {
    for (const at of indices) this.#flags[at]! |= HOLD;
  }

  isHeld(resource: ResourceId): boolean {
    const at = this.indexOf(resource);
    return at >= 0 && (this.#flags[at]! & HOLD) !== 0;
  }

  /** Ends a hold: what waits goes on in its order, to the server that is then the resource's. */
  resume(resources: readonly ResourceId[]): HoldReport {
    return this.resumeAt(this.indicesOf(resources));
  }

  /** The same by their indices. */
  resumeAt(indices: Int32Array): HoldReport {
    const nowMs = this.#clock.monotonicMs();
    const report = { holdMs: 0, heldRequests: 0, failedRequests: 0 };
    for (const at of indices) {
      if ((this.#flags[at]! & HOLD) === 0) continue;
      this.#flags[at]! &= ~HOLD;
      const waited = this.#waiting.of(at);
      // Of many that move at once few are asked for meanwhile.
      if (waited === undefined) continue;
      report.holdMs = Math.max(report.holdMs, nowMs - waited.firstAtMs);
      report.heldRequests += waited.held;
      report.failedRequests += waited.failed;
      this.#open(at);
    }
    this.#release();
    return report;
  }

  /** The server answers again: work that stalled on it goes on. */
  unstall(server: ServerId): void {
    const index = this.#serverIndices.of(server);
    for (const at of [...this.#stalledAtMs.keys()]) {
      if (this.#servers[at] === index) this.#unstall(at);
    }
    this.#release();
  }

  /** Work entered and not yet left. */
  inFlight(resource: ResourceId): number {
    const at = this.indexOf(resource);
    return at < 0 ? 0 : this.#counted.inFlight(at);
  }

  /** Resolves when nothing of these is under way any more; rejects with the signal's reason. */
  async drained(resources: readonly ResourceId[], signal: AbortSignal): Promise<void> {
    for (const resource of resources) {
      const at = this.#intern(resource);
      if (this.#counted.inFlight(at) !== 0) await this.#drains.wait(at, signal);
    }
  }

  /** The own lease lives until then (monotonic). */
  setLease(untilMs: number): void {
    this.#leaseUntilMs = untilMs;
  }

  /** Of all resources ever named by a table, or of some of them; each keeps its place in the list. */
  counters(from = 0, to = this.size): ResourceCounters[] {
    return this.#resources.ids
      .slice(from, to)
      .map((resource, index) => ({ resource, ...this.#counted.of(from + index) }));
  }

  /** The index of the resource, which it has from now on. */
  name(resource: ResourceId): number {
    return this.#intern(resource);
  }

  /** What went through another gate, which is no more. */
  inherit(at: number, counted: Omit<WorkCounts, 'inFlight'>): void {
    this.#counted.add(at, counted);
  }

  /** How many resources tables have named so far. */
  get size(): number {
    return this.#resources.ids.length;
  }

  get heldRequests(): number {
    return this.#waiting.requests;
  }

  /** What waits now: against its limits. */
  held(): Held {
    return this.#waiting.held();
  }

  /* ---- inside ---- */

  #enterMarked(at: number, avoid: number): Entrance {
    const flags = this.#flags[at] ?? 0;
    if (this.isLeaseOver(at)) return LEASE_OVER;
    if ((flags & (HOLD | QUEUE)) !== 0) return HELD;
    if ((flags & STALL) !== 0) {
      const nowMs = this.#clock.monotonicMs();
      const sinceMs = this.#stalledAtMs.get(at) ?? nowMs;
      return nowMs - sinceMs < this.#options.stallTimeoutMs ? HELD : UNREACHABLE;
    }
    if ((flags & SHARED) !== 0) return this.#enterShared(at, avoid);
    const server = this.#servers[at] ?? UNASSIGNED;
    if (server >= 0) this.#counted.entered(at);
    return server;
  }

  /** None of its servers may be used: it waits for one, as an exclusive resource does for its own. */
  #enterShared(at: number, avoid: number): Entrance {
    const server = this.#choose(at, avoid);
    if (server < 0) {
      this.stall(at);
      return HELD;
    }
    this.#counted.entered(at);
    return server;
  }

  /** Apart from the entering: compiled into it, the numbers that are compared were boxed, as was measured. */
  #choose(at: number, avoid: number): number {
    return this.#choosers.get(at)?.choose(avoid) ?? -1;
  }

  #share(resource: ResourceId, chooser: Chooser | undefined): boolean {
    const isNew = this.indexOf(resource) < 0;
    if (isNew && this.size >= this.#options.resourcesMax) return false;
    if (chooser !== undefined && this.placementOf(resource) !== undefined) return false;
    const at = this.#intern(resource);
    if (chooser === undefined) {
      this.#choosers.delete(at);
      this.#flags[at]! &= ~SHARED;
      return true;
    }
    this.#choosers.set(at, chooser);
    this.#sinceTexts[at] = SHARED_SINCE;
    this.#flags[at]! |= SHARED;
    // The lease is for owners, which count on being alone.
    this.#flags[at]! &= ~LEASED;
    this.#unstall(at);
    return true;
  }

  #place(at: number, placement: Placement): void {
    this.#placements[at] = placement;
    if (this.#choosers.size > 0) this.#choosers.delete(at);
    this.#flags[at]! &= ~SHARED;
    this.#servers[at] = this.#serverIndices.give(placement.server);
    this.#sinceTexts[at] = this.#textOf(placement.since);
    if (this.#needsLease(this.resourceId(at), placement.server)) this.#flags[at]! |= LEASED;
    else this.#flags[at]! &= ~LEASED;
  }

  /** What one batch moved shares one text. */
  #textOf(since: Generation): string {
    if (since !== this.#lastSince) {
      this.#lastSince = since;
      this.#lastSinceText = formatGeneration(since);
    }
    return this.#lastSinceText;
  }

  #depart(at: number): void {
    const isEmpty = this.#counted.left(at);
    if (isEmpty && this.#drains.isAny) this.#drains.emptied(at);
  }

  #unstall(at: number): void {
    if (this.#stalledAtMs.size === 0 || !this.#stalledAtMs.delete(at)) return;
    this.#flags[at]! &= ~STALL;
    this.#open(at);
  }

  /** No hold and no stall: what waits is on its way, in front of what comes. */
  #open(at: number): void {
    if ((this.#flags[at]! & (HOLD | STALL)) !== 0) return;
    // Whoever waited may have gone meanwhile.
    if (this.#waiting.goLast(at)) this.#flags[at]! |= QUEUE;
    else this.#flags[at]! &= ~QUEUE;
  }

  #placeAll(table: AssignmentTable): void {
    for (let row = 0; row < table.rows.ids.length; row++) {
      const placement = table.placementAt(row);
      if (placement !== undefined) this.#takeOver(this.#rows.of(row), placement);
    }
    for (const [at, resource] of this.#resources.ids.entries()) {
      if (table.placementOf(resource) === undefined) this.#takeOver(at, undefined);
    }
  }

  #takeOver(at: number, placement: Placement | undefined): void {
    const former = this.#placements[at];
    if (former === placement) return;
    if (placement === undefined) {
      this.#corrected.delete(at);
      this.#placements[at] = undefined;
      this.#servers[at] = UNASSIGNED;
      return;
    }
    // A correction may be ahead of the table that arrives: no observer goes back.
    if (former !== undefined && compareGenerations(placement.since, former.since) < 0) return;
    this.#corrected.delete(at);
    this.#place(at, placement);
    if (former?.server !== placement.server) this.#unstall(at);
  }

  /** Starts waiting work, one of each resource in turn, a burst at a time, and that in slices. */
  #release(): void {
    if (!this.#isPaced) this.#releaseBurst(this.#options.resumeBurst);
  }

  #releaseBurst(count: number): void {
    const { resumeSlice, resumePauseMs, resumeBurst } = this.#options;
    const slice = Math.min(count, resumeSlice);
    if (this.#releaseSlice(slice) < slice) return;
    const left = count - slice;
    const goOn = (): void => {
      this.#isPaced = false;
      this.#releaseBurst(left > 0 ? left : resumeBurst);
    };
    this.#isPaced = true;
    if (left > 0) this.#afterArrivals(goOn);
    else this.#clock.after(resumePauseMs, goOn);
  }

  /** @returns how many started: fewer than `count` if no more wait */
  #releaseSlice(count: number): number {
    let left = count;
    // One that has more comes once more, behind the others.
    for (const at of this.#waiting.resources()) {
      if (left === 0) break;
      if ((this.#flags[at]! & (HOLD | STALL)) !== 0 || (this.#flags[at]! & QUEUE) === 0) continue;
      if (this.#releaseOne(at)) left -= 1;
    }
    return count - left;
  }

  #releaseOne(at: number): boolean {
    // The flag stands for those behind the first one; it must not keep that one out.
    this.#flags[at]! &= ~QUEUE;
    if (!this.#waiting.isAny(at)) return false;
    const entrance = this.enter(at);
    this.#flags[at]! |= QUEUE;
    if (entrance === HELD) return false;
    this.#waiting.take(at)?.run(entrance);
    this.#open(at);
    return true;
  }

  #intern(resource: ResourceId): number {
    const known = this.indexOf(resource);
    if (known >= 0) return known;
    assert.ok(this.size < this.#options.resourcesMax, 'the table keeps to the limit of resources');
    const at = this.#resources.give(resource);
    this.#placements.push(undefined);
    this.#sinceTexts.push('');
    if (at === this.#servers.length) this.#grow();
    return at;
  }

  #grow(): void {
    const length = Math.min(2 * this.#servers.length, this.#options.resourcesMax);
    const servers = new Int32Array(length).fill(UNASSIGNED);
    servers.set(this.#servers);
    this.#servers = servers;
    const flags = new Uint8Array(length);
    flags.set(this.#flags);
    this.#flags = flags;
    this.#counted.grow(length);
  }
}

function atOnce(run: () => void): void {
  run();
}
