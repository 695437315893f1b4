import type { ResourceId, ServerId } from '../../core/domain.js';
import { isSameGeneration } from '../../core/generation.js';
import type { Obstacle } from '../../core/table-store/records/switch.js';
import type { FollowedRecords } from '../../core/table-store/known-records.js';
import { AssignmentTable } from '../../core/table.js';
import type { VacateHow } from '../adapters/adapter.js';
import type { AttachRefusal, DataPlane, SwitchBatch } from '../data-plane.js';
import type { HoldReport, ResourceCounters } from '../gate.js';
import type { Traffic } from '../traffic.js';
import { packBatch } from './packed-batch.js';
import { packTable } from './packed-table.js';
import { ToldRecords } from './records-mirror.js';
import type { News, WorkerLink } from './worker-link.js';
import type { PoolUser, WorkersOptions, WorkersParts } from './worker-pool.js';
import { WorkerPool } from './worker-pool.js';

/** Of the redirector whose workers they are. */
export interface WorkersHome {
  readonly view: FollowedRecords;
  /** The main thread's own. */
  readonly traffic: Traffic;
  readonly unreachable: () => readonly ServerId[];
  readonly suspect: (server: ServerId) => void;
}

const REPORTED_MAX = 100;

/**
 * The data plane of several threads: the main thread's own, and workers that listen on the same sockets. A switch counts all as
 * one member: a step is done when each has done it, or is surely no more; then its connections are closed. One that begins hears
 * all that holds now before it listens.
 */
export class Workers<Settings> implements DataPlane, PoolUser<Settings> {
  readonly outlivesUs = false;
  readonly pool: WorkerPool<Settings>;
  readonly #parts: WorkersParts<Settings>;
  readonly #home: WorkersHome;
  readonly #records = new ToldRecords();
  /** Servers that a worker could not reach: it waits to hear of them. */
  readonly #suspected = new Set<ServerId>();
  #table = AssignmentTable.empty;
  #leaseUntilMs = -Infinity;
  /** Told last. */
  #batch: SwitchBatch | undefined;
  /** The batch is. */
  #isHeld = false;
  #isLeaving = false;

  constructor(
    parts: WorkersParts<Settings>,
    home: WorkersHome,
    options: Pick<WorkersOptions, 'resourcesMax'> & Partial<WorkersOptions>,
  ) {
    this.#parts = parts;
    this.#home = home;
    this.pool = new WorkerPool(parts, home.traffic, this, options);
  }

  get heldRequests(): number {
    const { shared, threads } = this.#parts.limits;
    let held = 0;
    for (let thread = 0; thread < threads; thread++) held += shared.heldRequests(thread);
    return held;
  }

  /** Looks after them, and tells them what becomes known, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const end = this.#home.view.onChange(() => {
      this.#tellRecords();
    });
    await this.pool.run(signal);
    end();
  }

  leave(): void {
    this.#isLeaving = true;
    this.pool.tell({ tell: 'leave' });
  }

  /** Resolves when the IP has no more clients in any worker. */
  async vacate(ip: string, how: VacateHow, signal: AbortSignal): Promise<void> {
    await this.pool.ask({ what: 'vacate', ip, how }, signal);
  }

  /**
   * The settings change: in the main thread first, where that may fail; then all workers take them up, and one that cannot is
   * replaced.
   */
  reconfigure(change: () => Promise<void>): Promise<void> {
    return this.pool.paused(async () => {
      await change();
      const settings = this.#parts.settings();
      await this.pool.ask({ what: 'reconfigure', settings, shared: this.pool.shared });
    });
  }

  setLease(untilMs: number): void {
    this.#leaseUntilMs = untilMs;
    this.pool.tell({ tell: 'lease', untilMs });
  }

  /** The server answers: what waits for it may go on. */
  reachable(server: ServerId): void {
    if (this.#suspected.delete(server)) this.pool.tell({ tell: 'reachable', server });
  }

  /** Servers can be reached that could not before, or the other way round. */
  verdicts(): void {
    this.pool.tell({ tell: 'unreachable', servers: this.#home.unreachable() });
  }

  /** The main thread learned it from an agent. */
  misdirected(resource: ResourceId, owner: string): void {
    this.pool.tell({ tell: 'misdirected', resource, owner });
  }

  /* ---- for the switch ---- */

  async prepare(batch: SwitchBatch): Promise<readonly Obstacle[]> {
    this.#tellBatch(batch);
    const own = this.#home.traffic.dataPlane.prepare(batch);
    const theirs = this.pool.ask<readonly Obstacle[]>({ what: 'prepare' });
    return [...(await own), ...(await theirs).flat()].slice(0, REPORTED_MAX);
  }

  async hold(batch: SwitchBatch): Promise<void> {
    this.#tellBatch(batch);
    this.#isHeld = true;
    await Promise.all([this.#home.traffic.dataPlane.hold(batch), this.pool.ask({ what: 'hold' })]);
  }

  async drain(batch: SwitchBatch, signal: AbortSignal): Promise<readonly Obstacle[]> {
    this.#tellBatch(batch);
    const [own, theirs] = await Promise.all([
      this.#home.traffic.dataPlane.drain(batch, signal),
      this.pool.ask<readonly Obstacle[]>({ what: 'drain' }, signal),
    ]);
    return [...own, ...theirs.flat()].slice(0, REPORTED_MAX);
  }

  async attach(batch: SwitchBatch, signal: AbortSignal): Promise<readonly AttachRefusal[]> {
    this.#tellBatch(batch);
    const [own, theirs] = await Promise.all([
      this.#home.traffic.dataPlane.attach(batch, signal),
      this.pool.ask<readonly AttachRefusal[]>({ what: 'attach' }, signal),
    ]);
    return [...own, ...theirs.flat()].slice(0, REPORTED_MAX);
  }

  apply(table: AssignmentTable): void {
    this.#home.traffic.dataPlane.apply(table);
    const before = this.#table;
    this.#table = table;
    const isSame =
      table.changedSince(before)?.length === 0 &&
      isSameGeneration(table.generation, before.generation);
    if (isSame || !this.pool.isAnyTold) return;
    // A table may name servers that are new.
    this.#tellRecords();
    this.pool.tell({ tell: 'table', table: packTable(table, before) });
  }

  async resume(batch: SwitchBatch, isCommitted: boolean): Promise<HoldReport> {
    this.#tellBatch(batch);
    this.#isHeld = false;
    const own = this.#home.traffic.dataPlane.resume(batch, isCommitted);
    const asked = this.pool.ask<HoldReport>({ what: 'resume', isCommitted });
    this.#batch = undefined;
    const theirs = await asked;
    return [own, ...theirs].reduce((sum, each) => ({
      holdMs: Math.max(sum.holdMs, each.holdMs),
      heldRequests: sum.heldRequests + each.heldRequests,
      failedRequests: sum.failedRequests + each.failedRequests,
    }));
  }

  /** Of all threads, those of workers that are no more too. */
  counters(from?: number, to?: number): ResourceCounters[] {
    const own = this.#home.traffic.gate.counters(from, to);
    this.pool.addCounts(own, from ?? 0);
    return own;
  }

  /* ---- from the workers ---- */

  begun(link: WorkerLink<Settings>): void {
    this.#tellRecords();
    link.tell({ tell: 'records', records: this.#records.all() });
    link.tell({ tell: 'unreachable', servers: this.#home.unreachable() });
    link.tell({ tell: 'table', table: packTable(this.#table, AssignmentTable.empty) });
    link.tell({ tell: 'lease', untilMs: this.#leaseUntilMs });
    if (this.#batch !== undefined) link.tell({ tell: 'batch', batch: packBatch(this.#batch) });
    if (this.#isHeld) void link.ask({ what: 'hold' });
    if (this.#isLeaving) link.tell({ tell: 'leave' });
  }

  noticed(news: News): void {
    const { suspect, traffic } = this.#home;
    if (news.say === 'misdirected') {
      for (const [resource, owner] of news.owners) traffic.servers.misdirected(resource, owner);
      return;
    }
    for (const server of news.servers) {
      this.#suspected.add(server);
      suspect(server);
    }
  }

  /* ---- inside ---- */

  #tellRecords(): void {
    const records = this.#records.news(this.#home.view);
    if (records.length > 0) this.pool.tell({ tell: 'records', records });
  }

  #tellBatch(batch: SwitchBatch): void {
    if (batch === this.#batch) return;
    this.#batch = batch;
    if (this.pool.isAnyTold) this.pool.tell({ tell: 'batch', batch: packBatch(batch) });
  }
}
