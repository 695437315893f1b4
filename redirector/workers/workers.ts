import type { Clock } from '../../core/clock/port.js';
import type { ResourceId, ServerId } from '../../core/domain.js';
import { every } from '../../core/every.js';
import { isSameGeneration } from '../../core/generation.js';
import type { Log } from '../../core/log.js';
import type { Obstacle } from '../../core/table-store/records/switch.js';
import type { FollowedRecords } from '../../core/table-store/known-records.js';
import { AssignmentTable } from '../../core/table.js';
import { within } from '../../core/within.js';
import type { VacateHow } from '../adapters/adapter.js';
import type { AttachRefusal, DataPlane, SwitchBatch } from '../data-plane.js';
import type { HoldReport, ResourceCounters } from '../gate.js';
import type { Traffic } from '../traffic.js';
import { SharedLimits, countsMemory } from './memory.js';
import type { Asked, Said, Told, WorkerHost } from './messages.js';
import { packBatch } from './packed-batch.js';
import { packTable } from './packed-table.js';
import { ToldRecords } from './records-mirror.js';
import { WorkerCounts } from './worker-counts.js';
import type { LinkUser } from './worker-link.js';
import { WorkerLink } from './worker-link.js';
import type { WorkerStats } from './worker-stats.js';
import { pastStats } from './worker-stats.js';

export interface WorkersParts<Settings> {
  readonly host: WorkerHost<Settings>;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: WorkersLimits;
  /** As they are now. */
  readonly settings: () => Settings;
}

/** What all threads count together: made before the main thread's own traffic, which counts there too. */
export interface WorkersLimits {
  readonly memory: SharedArrayBuffer;
  readonly shared: SharedLimits;
  /** The main thread among them. */
  readonly threads: number;
}

export function workersLimits(threads: number): WorkersLimits {
  const memory = SharedLimits.memory(threads);
  return { memory, shared: new SharedLimits(memory, threads), threads };
}

/** Of the redirector whose workers they are. */
export interface WorkersHome {
  readonly view: FollowedRecords;
  /** The main thread's own. */
  readonly traffic: Traffic;
  readonly unreachable: () => readonly ServerId[];
  readonly suspect: (server: ServerId) => void;
}

export interface WorkersOptions {
  /** Of one gate, as of all. */
  readonly resourcesMax: number;
  /** From its beginning a worker has so long to be told things. */
  readonly beginTimeoutMs: number;
  /** A worker that was not heard for so long is ended. */
  readonly silentMaxMs: number;
  /** After its end the next one begins after this; longer and longer if they end soon. */
  readonly againAfterMs: number;
  readonly againAfterMaxMs: number;
}

const WORKERS_DEFAULTS: Omit<WorkersOptions, 'resourcesMax'> = {
  beginTimeoutMs: 20_000,
  silentMaxMs: 5000,
  againAfterMs: 100,
  againAfterMaxMs: 10_000,
};

const LOOK_MS = 500;
/** Whoever looks that late was away itself, and may have heard nobody for that. */
const LATE_MS = 2000;
/** A worker that lived so long did not end for how it began. */
const LONG_LIFE_MS = 10_000;
/** Told to stop, a worker may say so for so long beyond the time that its work has. */
const STOP_MARGIN_MS = 3000;
const REPORTED_MAX = 100;

/**
 * The data plane of several threads: the main thread's own, and workers that listen on the same sockets. A switch counts all as
 * one member: a step is done when each has done it, or is surely no more; then its connections are closed. One that ends,
 * or says nothing, is replaced; its follower hears all that holds now before it listens.
 */
export class Workers<Settings> implements DataPlane, LinkUser<Settings> {
  readonly outlivesUs = false;
  /** Workers that ended of themselves, ever; and what they had: connections of clients, work in the gate. */
  deaths = 0;
  lostConnections = 0;
  lostWork = 0;
  readonly #parts: WorkersParts<Settings>;
  readonly #home: WorkersHome;
  readonly #options: WorkersOptions;
  readonly #links = new Map<number, WorkerLink<Settings>>();
  readonly #counts = new Map<WorkerLink<Settings>, WorkerCounts>();
  readonly #records = new ToldRecords();
  /** Servers that a worker could not reach: it waits to hear of them. */
  readonly #suspected = new Set<ServerId>();
  readonly #onSettled = new Set<() => void>();
  #past: WorkerStats | undefined;
  #table = AssignmentTable.empty;
  #leaseUntilMs = -Infinity;
  /** Told last. */
  #batch: SwitchBatch | undefined;
  /** The batch is. */
  #isHeld = false;
  #lives = 0;
  #shortLives = 0;
  /** None begins before that (monotonic). */
  #fillFromMs = -Infinity;
  #state: 'outside' | 'running' | 'stopping' = 'outside';
  #isLeaving = false;
  /** As many changes are under way during which none may begin. */
  #pauses = 0;

  constructor(
    parts: WorkersParts<Settings>,
    home: WorkersHome,
    options: Pick<WorkersOptions, 'resourcesMax'> & Partial<WorkersOptions>,
  ) {
    this.#parts = parts;
    this.#home = home;
    this.#options = { ...WORKERS_DEFAULTS, ...options };
  }

  /** Those that listen. */
  get serving(): number {
    return [...this.#links.values()].filter(({ isServing }) => isServing).length;
  }

  get heldRequests(): number {
    const { shared, threads } = this.#parts.limits;
    let held = 0;
    for (let thread = 0; thread < threads; thread++) held += shared.heldRequests(thread);
    return held;
  }

  /** Of all workers, those that are no more too. */
  get stats(): readonly WorkerStats[] {
    const now = [...this.#links.values()].flatMap(({ stats }) =>
      stats === undefined ? [] : [stats],
    );
    return this.#past === undefined ? now : [this.#past, ...now];
  }

  /** The main thread listens: workers begin, and listen there too. Resolves when each does, or could not at first. */
  async start(): Promise<void> {
    this.#state = 'running';
    this.#fill();
    await this.#settled();
  }

  /** Looks after them until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    const end = this.#home.view.onChange(() => {
      this.#tellRecords();
    });
    let lookedAtMs = clock.monotonicMs();
    await every(clock, { everyMs: LOOK_MS, signal }, () => {
      const nowMs = clock.monotonicMs();
      const wasAway = nowMs - lookedAtMs > LATE_MS;
      lookedAtMs = nowMs;
      for (const link of this.#links.values()) {
        if (wasAway) link.forgiveSilence();
        else this.#look(link, nowMs);
      }
      this.#fill();
    });
    end();
  }

  leave(): void {
    this.#isLeaving = true;
    this.#tell({ tell: 'leave' });
  }

  /** None begins any more, and none is beginning: the main thread's listeners may close. */
  async close(): Promise<void> {
    this.#state = 'stopping';
    for (const link of this.#links.values()) {
      if (!link.isServing) link.end('the redirector stops');
    }
    await this.#settled();
  }

  /** After `close`: takes nothing more, and ends what is under way; what is left after `graceMs` is cut. */
  async stop(graceMs: number): Promise<void> {
    const links = [...this.#links.values()];
    await within(this.#parts.clock, graceMs + STOP_MARGIN_MS, (signal) => {
      signal.addEventListener('abort', () => {
        for (const link of links) link.end('it did not stop in time');
      });
      return Promise.all(
        links.map(async (link) => {
          await link.ask({ what: 'stop', graceMs });
          link.end('it stopped');
        }),
      );
    });
    await this.#until(() => this.#links.size === 0);
  }

  /** Resolves when the IP has no more clients in any worker. */
  async vacate(ip: string, how: VacateHow, signal: AbortSignal): Promise<void> {
    await this.#ask({ what: 'vacate', ip, how }, signal);
  }

  /**
   * The settings change: in the main thread first, where that may fail; then all workers take them up, and one that cannot is
   * replaced. Meanwhile none begins: it would be given a descriptor that is closed by then.
   */
  async reconfigure(change: () => Promise<void>): Promise<void> {
    this.#pauses += 1;
    try {
      await this.#settled();
      await change();
      const settings = this.#parts.settings();
      await this.#ask({ what: 'reconfigure', settings, shared: this.#shared() });
    } finally {
      this.#pauses -= 1;
      this.#fill();
    }
  }

  setLease(untilMs: number): void {
    this.#leaseUntilMs = untilMs;
    this.#tell({ tell: 'lease', untilMs });
  }

  /** The server answers: what waits for it may go on. */
  reachable(server: ServerId): void {
    if (this.#suspected.delete(server)) this.#tell({ tell: 'reachable', server });
  }

  /** Servers can be reached that could not before, or the other way round. */
  verdicts(): void {
    this.#tell({ tell: 'unreachable', servers: this.#home.unreachable() });
  }

  /** The main thread learned it from an agent. */
  misdirected(resource: ResourceId, owner: string): void {
    this.#tell({ tell: 'misdirected', resource, owner });
  }

  /* ---- for the switch ---- */

  async prepare(batch: SwitchBatch): Promise<readonly Obstacle[]> {
    this.#tellBatch(batch);
    const own = this.#home.traffic.dataPlane.prepare(batch);
    const theirs = this.#ask<readonly Obstacle[]>({ what: 'prepare' });
    return [...(await own), ...(await theirs).flat()].slice(0, REPORTED_MAX);
  }

  async hold(batch: SwitchBatch): Promise<void> {
    this.#tellBatch(batch);
    this.#isHeld = true;
    await Promise.all([this.#home.traffic.dataPlane.hold(batch), this.#ask({ what: 'hold' })]);
  }

  async drain(batch: SwitchBatch, signal: AbortSignal): Promise<readonly Obstacle[]> {
    this.#tellBatch(batch);
    const [own, theirs] = await Promise.all([
      this.#home.traffic.dataPlane.drain(batch, signal),
      this.#ask<readonly Obstacle[]>({ what: 'drain' }, signal),
    ]);
    return [...own, ...theirs.flat()].slice(0, REPORTED_MAX);
  }

  async attach(batch: SwitchBatch, signal: AbortSignal): Promise<readonly AttachRefusal[]> {
    this.#tellBatch(batch);
    const [own, theirs] = await Promise.all([
      this.#home.traffic.dataPlane.attach(batch, signal),
      this.#ask<readonly AttachRefusal[]>({ what: 'attach' }, signal),
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
    if (isSame || !this.#isAnyTold()) return;
    // A table may name servers that are new.
    this.#tellRecords();
    this.#tell({ tell: 'table', table: packTable(table, before) });
  }

  async resume(batch: SwitchBatch, isCommitted: boolean): Promise<HoldReport> {
    this.#tellBatch(batch);
    this.#isHeld = false;
    const own = this.#home.traffic.dataPlane.resume(batch, isCommitted);
    const asked = this.#ask<HoldReport>({ what: 'resume', isCommitted });
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
    for (const counts of this.#counts.values()) counts.addTo(own, from ?? 0);
    return own;
  }

  /* ---- from the workers ---- */

  ready(link: WorkerLink<Settings>): void {
    this.#tellRecords();
    link.tell({ tell: 'records', records: this.#records.all() });
    link.tell({ tell: 'unreachable', servers: this.#home.unreachable() });
    link.tell({ tell: 'table', table: packTable(this.#table, AssignmentTable.empty) });
    link.tell({ tell: 'lease', untilMs: this.#leaseUntilMs });
    if (this.#batch !== undefined) link.tell({ tell: 'batch', batch: packBatch(this.#batch) });
    if (this.#isHeld) void link.ask({ what: 'hold' });
    if (this.#isLeaving) link.tell({ tell: 'leave' });
    void this.#listen(link);
  }

  named(link: WorkerLink<Settings>, from: number, names: readonly ResourceId[]): void {
    const { gate } = this.#home.traffic;
    for (const [at, name] of names.entries()) {
      this.#counts.get(link)?.name(gate.name(name), from + at);
    }
  }

  noticed(
    _link: WorkerLink<Settings>,
    news: Extract<Said, { readonly say: 'suspect' | 'misdirected' }>,
  ): void {
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

  ended(link: WorkerLink<Settings>, why: string): void {
    const { thread, life } = link.birth;
    const { limits, log, clock } = this.#parts;
    const counts = this.#counts.get(link);
    const connections = limits.shared.connections(thread);
    const work = counts?.inFlight ?? 0;
    this.#links.delete(thread);
    this.#counts.delete(link);
    counts?.bequeath(this.#home.traffic.gate);
    limits.shared.clear(thread);
    if (link.stats !== undefined) this.#past = pastStats(link.stats, this.#past);
    if (this.#state !== 'stopping') {
      this.deaths += 1;
      this.lostConnections += connections;
      this.lostWork += work;
      log.error({ thread, life, why, connections, work }, 'worker ended');
      this.#again(clock.monotonicMs() - link.bornAtMs);
    }
    this.#tellSettled();
  }

  /* ---- inside ---- */

  async #listen(link: WorkerLink<Settings>): Promise<void> {
    await link.ask({ what: 'listen', shared: this.#shared() });
    if (link.isOver) return;
    link.serves();
    const { thread, life } = link.birth;
    this.#parts.log.info({ thread, life }, 'worker serves');
    this.#tellSettled();
  }

  /** One worker for each place that has none. */
  #fill(): void {
    if (this.#state !== 'running' || this.#pauses > 0) return;
    if (this.#parts.clock.monotonicMs() < this.#fillFromMs) return;
    for (let thread = 1; thread < this.#parts.limits.threads; thread++) {
      if (!this.#links.has(thread)) this.#begin(thread);
    }
  }

  #again(livedMs: number): void {
    const { againAfterMs, againAfterMaxMs } = this.#options;
    const { clock } = this.#parts;
    this.#shortLives = livedMs < LONG_LIFE_MS ? this.#shortLives + 1 : 1;
    const afterMs = Math.min(againAfterMaxMs, againAfterMs * 2 ** (this.#shortLives - 1));
    this.#fillFromMs = clock.monotonicMs() + afterMs;
    clock.after(afterMs, () => {
      this.#fill();
    });
  }

  #begin(thread: number): void {
    const { host, clock, limits, settings } = this.#parts;
    this.#lives += 1;
    const counts = countsMemory(this.#options.resourcesMax);
    const link = new WorkerLink<Settings>(
      { host, clock, user: this },
      {
        ...{ thread, counts, life: this.#lives },
        settings: settings(),
        limits: limits.memory,
        threads: limits.threads,
      },
    );
    this.#links.set(thread, link);
    this.#counts.set(link, new WorkerCounts(counts));
  }

  #look(link: WorkerLink<Settings>, nowMs: number): void {
    const { beginTimeoutMs, silentMaxMs } = this.#options;
    const maxMs = link.isTold ? silentMaxMs : beginTimeoutMs;
    if (nowMs - link.heardAtMs > maxMs) link.end('it says nothing any more');
  }

  #shared() {
    return this.#home.traffic.adapters.flatMap(({ shared = [] }) => shared);
  }

  #tellRecords(): void {
    const records = this.#records.news(this.#home.view);
    if (records.length > 0) this.#tell({ tell: 'records', records });
  }

  #tellBatch(batch: SwitchBatch): void {
    if (batch === this.#batch) return;
    this.#batch = batch;
    if (this.#isAnyTold()) this.#tell({ tell: 'batch', batch: packBatch(batch) });
  }

  #tell(message: Told<Settings>): void {
    for (const link of this.#links.values()) link.tell(message);
  }

  /** The answers of those that are there to answer. */
  async #ask<Answer>(ask: Asked<Settings>, signal?: AbortSignal): Promise<Answer[]> {
    const links = [...this.#links.values()];
    const answers = await Promise.all(links.map((link) => link.ask<Answer>(ask, signal)));
    return answers.filter((answer): answer is Awaited<Answer> & {} => answer !== undefined);
  }

  #isAnyTold(): boolean {
    for (const { isTold } of this.#links.values()) if (isTold) return true;
    return false;
  }

  /** None is beginning. */
  #settled(): Promise<void> {
    return this.#until(() => [...this.#links.values()].every(({ isServing }) => isServing));
  }

  #until(holds: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!holds()) return;
        this.#onSettled.delete(look);
        resolve();
      };
      this.#onSettled.add(look);
      look();
    });
  }

  #tellSettled(): void {
    for (const look of this.#onSettled) look();
  }
}
