import { strict as assert } from 'node:assert';
import type { Clock } from '../core/clock/port.js';
import { codeOf } from '../core/errors.js';
import type { Startable } from '../core/lifecycle.js';
import type { Log } from '../core/log.js';
import { refusedBy } from '../core/metric-store/refusals.js';
import type { MetricStore } from '../core/metric-store/port.js';
import type { Sample } from '../core/sample.js';
import type { Spool } from './spool.js';

export interface OutboxParts {
  readonly store: Pick<MetricStore, 'writeSamples'>;
  readonly spool: Spool;
  readonly clock: Clock;
  readonly log: Log;
}

export interface OutboxOptions {
  readonly batchSamplesMax: number;
  /** A store that has not answered by then is taken for one that is away. */
  readonly patienceMs: number;
  /** Between two attempts while the store is away: doubled from the first to the last. */
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
}

export const OUTBOX_DEFAULTS: OutboxOptions = {
  batchSamplesMax: 2000,
  patienceMs: 5000,
  retryMinMs: 500,
  retryMaxMs: 15_000,
};

/** What is refused sooner after the last is the same fault: it is said once. */
const REFUSING_MS = 600_000;

export interface OutboxStatus {
  readonly isSpooling: boolean;
  /** On disk, with what the store has but may not have made durable yet; and what of it waits for the store. */
  readonly spoolBytes: number;
  readonly waitingBytes: number;
  /** Wall clock; null: nothing waits. */
  readonly waitingSinceMs: number | null;
  readonly stored: number;
  /** Samples that are in no store and never will be, by why. */
  readonly lost: Readonly<Record<'beyondBound' | 'diskFailed' | 'refused', number>>;
  /** Wall clock, of the last of them; null: none is. */
  readonly lostAtMs: number | null;
}

/** Where samples went last, from well to worse. */
const SAYINGS = ['stored', 'spooled', 'dropped', 'unspooled'] as const;
type Saying = (typeof SAYINGS)[number];

interface Waiting {
  readonly samples: Iterator<Sample>;
  readonly done: () => void;
}

/**
 * The way of samples to the metric store. While it takes them they go there; once it does not, everything goes to the spool,
 * and from there to the store in the order it came, until the spool is empty:
 *
 *   direct ──store away──▶ spooling ──spool empty──▶ direct
 *
 * Whoever writes waits until its samples are in the store or on the disk, so memory holds one poll of each target at most.
 */
export class Outbox implements Startable {
  readonly #parts: OutboxParts;
  readonly #options: OutboxOptions;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;
  #draining: Promise<void> | undefined;
  /** A call to the store has not been answered; one more would help nobody. */
  #isUnderWay = false;
  /** When it last said that it will never take some samples: it may take most batches meanwhile. */
  #refusedAtMs = -Infinity;
  #stored = 0;
  #refused = 0;
  #unspooled = 0;
  #waitingSinceMs = 0;
  /** Of those that the spool never had. */
  #lostAtMs: number | null = null;
  #said: Saying = 'stored';
  /** Why the last attempt failed. */
  #fault: unknown;
  readonly #stopping = new AbortController();

  constructor(parts: OutboxParts, options: Partial<OutboxOptions> = {}) {
    this.#parts = parts;
    this.#options = { ...OUTBOX_DEFAULTS, ...options };
  }

  /** What an earlier life left on the disk goes to the store first. */
  start(): Promise<void> {
    this.#waitingSinceMs = this.#parts.clock.realtimeMs();
    this.#drain();
    return Promise.resolve();
  }

  /** Resolves when nothing that was written is in memory only. */
  async stop(): Promise<void> {
    await this.#running;
    this.#stopping.abort(new Error('stopping'));
    await this.#draining;
    await this.#parts.spool.close();
  }

  status(): OutboxStatus {
    const { isEmpty, bytes, waitingBytes, lost, lostAtMs } = this.#parts.spool;
    return {
      isSpooling: !isEmpty,
      spoolBytes: bytes,
      waitingBytes,
      waitingSinceMs: isEmpty ? null : this.#waitingSinceMs,
      stored: this.#stored,
      lost: { beyondBound: lost, diskFailed: this.#unspooled, refused: this.#refused },
      lostAtMs: latest(lostAtMs, this.#lostAtMs),
    };
  }

  /** Resolves when the samples are in the store or on the disk, or lost and counted. Never rejects. */
  write(samples: Iterable<Sample>): Promise<void> {
    return new Promise((done) => {
      this.#waiting.push({ samples: samples[Symbol.iterator](), done });
      this.#running ??= this.#run();
    });
  }

  async #run(): Promise<void> {
    // What is written in the same turn goes in one batch.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const { batch, finished } = this.#take();
      if (batch.length > 0) await this.#put(batch);
      for (const { done } of finished) done();
      if (this.#waiting.length > 0) await this.#letOthersRun();
    }
    this.#running = undefined;
  }

  #take(): { readonly batch: readonly Sample[]; readonly finished: readonly Waiting[] } {
    const batch: Sample[] = [];
    let taken = 0;
    for (const { samples } of this.#waiting) {
      for (let isOver = false; !isOver;) {
        if (batch.length === this.#options.batchSamplesMax) {
          return { batch, finished: this.#waiting.splice(0, taken) };
        }
        const next = samples.next();
        isOver = next.done === true;
        if (next.done !== true) batch.push(next.value);
      }
      taken += 1;
    }
    return { batch, finished: this.#waiting.splice(0, taken) };
  }

  async #put(batch: readonly Sample[]): Promise<void> {
    const { spool, clock } = this.#parts;
    if (spool.isEmpty && (await this.#store(batch))) {
      this.#say('stored');
      return;
    }
    if (spool.isEmpty) this.#waitingSinceMs = clock.realtimeMs();
    const lostBefore = spool.lost;
    try {
      await spool.append(batch);
      this.#say(spool.lost > lostBefore ? 'dropped' : 'spooled');
    } catch (error) {
      this.#unspooled += batch.length;
      this.#lostAtMs = clock.realtimeMs();
      this.#fault = error;
      this.#say('unspooled');
    }
    this.#drain();
  }

  /** True: the store has the batch, or will never take it. False: later. */
  async #store(batch: readonly Sample[]): Promise<boolean> {
    if (this.#isUnderWay) return false;
    const { store, clock } = this.#parts;
    this.#isUnderWay = true;
    const answer = store
      .writeSamples(batch)
      .then(
        () => {
          this.#stored += batch.length;
          return true;
        },
        (error: unknown) => this.#isRefused(error, batch),
      )
      .finally(() => {
        this.#isUnderWay = false;
      });
    return new Promise((resolve) => {
      const cancel = clock.after(this.#options.patienceMs, () => {
        this.#fault = `no answer in ${this.#options.patienceMs} ms`;
        resolve(false);
      });
      void answer.then(resolve).finally(cancel);
    });
  }

  /** A store that is away takes the batch later; one that is not, and says no, would say it for ever. */
  #isRefused(error: unknown, batch: readonly Sample[]): boolean {
    const code = codeOf(error);
    this.#fault = error;
    if (code === 'ERR_STORE_UNAVAILABLE' || code === 'ERR_STORE_AMBIGUOUS') return false;
    const refused = refusedBy(error) ?? batch.length;
    this.#refused += refused;
    this.#stored += batch.length - refused;
    const { clock, log } = this.#parts;
    this.#lostAtMs = clock.realtimeMs();
    const isNews = clock.monotonicMs() - this.#refusedAtMs > REFUSING_MS;
    this.#refusedAtMs = clock.monotonicMs();
    if (isNews) log.error({ err: error, refused }, 'samples refused by store');
    return true;
  }

  #drain(): void {
    if (this.#draining !== undefined || this.#stopping.signal.aborted) return;
    this.#draining = this.#drainAll().finally(() => {
      this.#draining = undefined;
      // What came in the turn in which it was over.
      if (!this.#parts.spool.isEmpty) this.#drain();
    });
  }

  async #drainAll(): Promise<void> {
    const { signal } = this.#stopping;
    const { retryMinMs, retryMaxMs } = this.#options;
    for (let waitMs = retryMinMs; !signal.aborted; waitMs = Math.min(2 * waitMs, retryMaxMs)) {
      if (await this.#drainSome()) return;
      await this.#parts.clock.sleep(waitMs, signal).catch(ignore);
    }
  }

  /** As much as the store takes; true if that is all. */
  async #drainSome(): Promise<boolean> {
    const { spool } = this.#parts;
    let isStored = false;
    try {
      for (let batch = await spool.peek(); batch !== undefined; batch = await spool.peek()) {
        if (this.#stopping.signal.aborted || !(await this.#store(batch))) return false;
        spool.shift(batch);
        isStored = true;
        await this.#letOthersRun();
      }
    } catch (error) {
      assert.ok(codeOf(error) !== undefined, 'a disk fails with a code');
      this.#fault = error;
      return false;
    }
    if (isStored) this.#say('stored');
    return true;
  }

  /** Between two batches: a store in memory answers at once, and a long row of them would stop this process' traffic. */
  #letOthersRun(): Promise<void> {
    return this.#parts.clock.sleep(0);
  }

  /** Says each turn for the worse once, and the return to normal. */
  #say(next: Saying): void {
    const { log, spool } = this.#parts;
    const isWorse = SAYINGS.indexOf(next) > SAYINGS.indexOf(this.#said);
    if (!isWorse && (next !== 'stored' || this.#said === 'stored')) return;
    this.#said = next;
    const fields = { err: this.#fault, spoolBytes: spool.bytes, lost: spool.lost };
    if (next === 'stored') log.info({ lost: spool.lost }, 'store takes samples again');
    else if (next === 'spooled') log.warn(fields, 'store away, samples spooled');
    else if (next === 'dropped') log.error(fields, 'spool full, oldest samples dropped');
    else log.error(fields, 'samples lost, not spooled');
  }
}

function latest(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}

function ignore(): void {
  // stopping
}
