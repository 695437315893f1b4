import type { Clock } from '../../core/clock/port.js';
import type { ResourceId } from '../../core/domain.js';
import { every } from '../../core/every.js';
import type { Log } from '../../core/log.js';
import { within } from '../../core/within.js';
import type { ResourceCounters } from '../gate.js';
import type { Traffic } from '../traffic.js';
import { SharedLimits, countsMemory } from './memory.js';
import type { Asked, Told, WorkerHost } from './messages.js';
import { WorkerCounts } from './worker-counts.js';
import type { LinkUser, News } from './worker-link.js';
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

/** What the workers of a pool are for. */
export interface PoolUser<Settings> {
  /** It hears what all hear from now on: what holds now comes first. Then it listens. */
  begun(link: WorkerLink<Settings>): void;
  noticed(news: News): void;
}

/**
 * Threads beside the main one, each in its place: one that ends, or says nothing, is replaced. What it counted stays counted, and
 * what it had open is counted as lost. What they do is somebody else's (workers.ts).
 */
export class WorkerPool<Settings> implements LinkUser<Settings> {
  /** Workers that ended of themselves, ever; and what they had: connections of clients, work in the gate. */
  deaths = 0;
  lostConnections = 0;
  lostWork = 0;
  readonly #parts: WorkersParts<Settings>;
  /** The main thread's own. */
  readonly #traffic: Traffic;
  readonly #user: PoolUser<Settings>;
  readonly #options: WorkersOptions;
  readonly #links = new Map<number, WorkerLink<Settings>>();
  readonly #counts = new Map<WorkerLink<Settings>, WorkerCounts>();
  readonly #onSettled = new Set<() => void>();
  #past: WorkerStats | undefined;
  #lives = 0;
  #shortLives = 0;
  /** None begins before that (monotonic). */
  #fillFromMs = -Infinity;
  #state: 'outside' | 'running' | 'stopping' = 'outside';
  /** As many changes are under way during which none may begin. */
  #pauses = 0;

  constructor(
    parts: WorkersParts<Settings>,
    traffic: Traffic,
    user: PoolUser<Settings>,
    options: Pick<WorkersOptions, 'resourcesMax'> & Partial<WorkersOptions>,
  ) {
    this.#parts = parts;
    this.#traffic = traffic;
    this.#user = user;
    this.#options = { ...WORKERS_DEFAULTS, ...options };
  }

  /** Those that listen. */
  get serving(): number {
    return [...this.#links.values()].filter(({ isServing }) => isServing).length;
  }

  /** Of all workers, those that are no more too. */
  get stats(): readonly WorkerStats[] {
    const now = [...this.#links.values()].flatMap(({ stats }) =>
      stats === undefined ? [] : [stats],
    );
    return this.#past === undefined ? now : [this.#past, ...now];
  }

  /** Some hear already what all hear. */
  get isAnyTold(): boolean {
    for (const { isTold } of this.#links.values()) if (isTold) return true;
    return false;
  }

  /** The main thread listens: workers begin, and listen there too. Resolves when each does, or could not at first. */
  async start(): Promise<void> {
    this.#state = 'running';
    this.#fill();
    await this.#settled();
  }

  /** Looks after them until the signal aborts. */
  run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    let lookedAtMs = clock.monotonicMs();
    return every(clock, { everyMs: LOOK_MS, signal }, () => {
      const nowMs = clock.monotonicMs();
      const wasAway = nowMs - lookedAtMs > LATE_MS;
      lookedAtMs = nowMs;
      for (const link of this.#links.values()) {
        if (wasAway) link.forgiveSilence();
        else this.#look(link, nowMs);
      }
      this.#fill();
    });
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

  /** None begins meanwhile: it would be given what is going to change. */
  async paused(change: () => Promise<void>): Promise<void> {
    this.#pauses += 1;
    try {
      await this.#settled();
      await change();
    } finally {
      this.#pauses -= 1;
      this.#fill();
    }
  }

  /** Sockets of the main thread that they listen on, too. */
  get shared() {
    return this.#traffic.adapters.flatMap(({ shared = [] }) => shared);
  }

  tell(message: Told<Settings>): void {
    for (const link of this.#links.values()) link.tell(message);
  }

  /** The answers of those that are there to answer. */
  async ask<Answer>(ask: Asked<Settings>, signal?: AbortSignal): Promise<Answer[]> {
    const links = [...this.#links.values()];
    const answers = await Promise.all(links.map((link) => link.ask<Answer>(ask, signal)));
    return answers.filter((answer): answer is Awaited<Answer> & {} => answer !== undefined);
  }

  /** Adds what they count, and those did that are no more. @param own of the resources from this index on */
  addCounts(own: ResourceCounters[], from: number): void {
    for (const counts of this.#counts.values()) counts.addTo(own, from);
  }

  /* ---- from the workers ---- */

  ready(link: WorkerLink<Settings>): void {
    this.#user.begun(link);
    void this.#listen(link);
  }

  named(link: WorkerLink<Settings>, from: number, names: readonly ResourceId[]): void {
    const { gate } = this.#traffic;
    for (const [at, name] of names.entries()) {
      this.#counts.get(link)?.name(gate.name(name), from + at);
    }
  }

  noticed(news: News): void {
    this.#user.noticed(news);
  }

  ended(link: WorkerLink<Settings>, why: string): void {
    const { thread, life } = link.birth;
    const { limits, log, clock } = this.#parts;
    const counts = this.#counts.get(link);
    const connections = limits.shared.connections(thread);
    const work = counts?.inFlight ?? 0;
    this.#links.delete(thread);
    this.#counts.delete(link);
    counts?.bequeath(this.#traffic.gate);
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
    await link.ask({ what: 'listen', shared: this.shared });
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
