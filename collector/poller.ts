import { setMaxListeners } from 'node:events';
import type { Clock } from '../core/clock/port.js';
import type { ErrorCode } from '../core/errors.js';
import { codeOf } from '../core/errors.js';
import { every } from '../core/every.js';
import type { Log } from '../core/log.js';
import type { Rng } from '../core/rng.js';
import type { Sample } from '../core/sample.js';
import { messageOf } from '../core/text.js';
import type { Slots } from './slots.js';
import type { Drop, Harvest, Poll, Source } from './source.js';
import type { Target } from './target.js';

export interface PollerParts {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly slots: Slots;
  /** Those whose last poll failed wait here first: servers that hang must not keep the others waiting. */
  readonly failingSlots: Slots;
  /** Takes the samples; resolves when they are safe. */
  readonly write: (samples: Iterable<Sample>) => Promise<void>;
}

export interface PollerOptions {
  readonly everyMs: number;
  readonly timeoutMs: number;
}

/** How one target fares. */
export interface TargetStatus {
  readonly name: string;
  readonly kind: Target['kind'];
  readonly polls: number;
  readonly failures: number;
  /** In a row, up to now. */
  readonly failuresInRow: number;
  /** Periods that passed without a poll, since the one before was not over or waited for its turn. */
  readonly overruns: number;
  /** Wall clock; null: never. */
  readonly lastSuccessMs: number | null;
  readonly samples: number;
  /** How long the last poll took that was not called off; null: none yet. */
  readonly pollMs: number | null;
  /** Of a server, by its last poll; null: that failed, or did not say enough. */
  readonly utilization: number | null;
  /** By metric and reason (`cpu reset`), since it is polled. */
  readonly dropped: ReadonlyMap<string, number>;
  /** What the last poll dropped, in the same words. */
  readonly dropsNow: readonly string[];
  /** Of the last poll, if it failed. */
  readonly fault: { readonly code: ErrorCode | null; readonly message: string } | null;
}

/** The wall clock may drift from the monotonic one, by so much between two polls; more is a jump. */
const DRIFT_MAX_MS = 1000;
const DRIFT_MAX_RATIO = 0.05;

/** Polls one target on its own schedule, until it is told to stop. */
export class Poller {
  readonly #target: Target;
  readonly #parts: PollerParts;
  readonly #options: PollerOptions;
  readonly #log: Log;
  readonly #source: Source;
  readonly #stopping = new AbortController();
  readonly #dropped = new Map<string, number>();
  #dropsNow: readonly string[] = [];
  #polls = 0;
  #failures = 0;
  #failuresInRow = 0;
  #overruns = 0;
  #samples = 0;
  #pollMs: number | null = null;
  #utilization: number | null = null;
  #lastSuccessMs: number | null = null;
  #fault: TargetStatus['fault'] = null;
  #before: Pick<Poll, 'timeMs' | 'monotonicMs'> | undefined;

  constructor(target: Target, parts: PollerParts, options: PollerOptions) {
    this.#target = target;
    this.#parts = parts;
    this.#options = options;
    this.#log = parts.log.child({ target: target.name });
    this.#source = target.open();
    // One poll may call every redirector at once, and all of them listen.
    setMaxListeners(0, this.#stopping.signal);
  }

  get version(): string {
    return this.#target.version;
  }

  /** The first poll is at a random time of the period, so that targets do not all come at once. */
  run(): Promise<void> {
    const { clock, rng } = this.#parts;
    const { everyMs } = this.#options;
    const overrun = (periods: number): void => {
      this.#overruns += periods;
    };
    const { signal } = this.#stopping;
    const firstMs = everyMs * rng.next();
    return every(clock, { everyMs, firstMs, signal, overrun }, () => this.#turn());
  }

  /** The poll under way is called off. */
  stop(): void {
    this.#stopping.abort(new Error('stopping'));
  }

  status(): TargetStatus {
    return {
      name: this.#target.name,
      kind: this.#target.kind,
      polls: this.#polls,
      failures: this.#failures,
      failuresInRow: this.#failuresInRow,
      overruns: this.#overruns,
      lastSuccessMs: this.#lastSuccessMs,
      samples: this.#samples,
      pollMs: this.#pollMs,
      utilization: this.#utilization,
      dropped: this.#dropped,
      dropsNow: this.#dropsNow,
      fault: this.#fault,
    };
  }

  #isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #turn(): Promise<void> {
    const { slots, failingSlots, write } = this.#parts;
    const poll = (): Promise<Harvest | undefined> => slots.run(() => this.#poll());
    const harvest = await (this.#failuresInRow > 0 ? failingSlots.run(poll) : poll());
    if (harvest !== undefined) await write(this.#counted(harvest.samples));
  }

  /** Undefined: nothing was to be had. */
  async #poll(): Promise<Harvest | undefined> {
    if (this.#isStopped()) return undefined;
    const { clock } = this.#parts;
    const poll: Poll = {
      timeMs: clock.realtimeMs(),
      monotonicMs: clock.monotonicMs(),
      timeoutMs: this.#options.timeoutMs,
      signal: this.#stopping.signal,
    };
    const isJump = isClockJump(this.#before, poll);
    this.#before = poll;
    this.#polls += 1;
    try {
      const harvest = await this.#source.poll(poll);
      this.#pollMs = clock.monotonicMs() - poll.monotonicMs;
      this.#succeeded(poll, isJump ? CLOCK_JUMP : harvest);
      return isJump ? undefined : harvest;
    } catch (error) {
      // Called off: that says nothing about the target.
      if (this.#isStopped()) return undefined;
      this.#utilization = null;
      this.#pollMs = clock.monotonicMs() - poll.monotonicMs;
      this.#failed(error);
      return undefined;
    }
  }

  #succeeded({ timeMs }: Poll, { drops }: Pick<Harvest, 'drops'>): void {
    if (this.#failuresInRow > 0) {
      this.#log.info({ failures: this.#failuresInRow }, 'target answers again');
    }
    this.#failuresInRow = 0;
    this.#fault = null;
    this.#lastSuccessMs = timeMs;
    this.#say(drops);
  }

  /** Said once, and again when it fails for another reason. */
  #failed(error: unknown): void {
    const code = codeOf(error) ?? null;
    this.#failures += 1;
    this.#failuresInRow += 1;
    const isSaid = this.#fault?.code === code;
    this.#fault = { code, message: messageOf(error) };
    if (isSaid) return;
    // Without a code it is a bug of ours, which must not end the polls of the others.
    if (code === null) this.#log.error({ err: error }, 'poll failed unexpectedly');
    else this.#log.warn({ err: error }, 'target not polled');
  }

  /** What is dropped is said when it changes, not with each poll. */
  #say(drops: readonly Drop[]): void {
    const before = this.#dropsNow;
    this.#dropsNow = drops.map(({ what, reason }) => `${what} ${reason}`).sort();
    for (const { what, reason, count } of drops) {
      const key = `${what} ${reason}`;
      this.#dropped.set(key, (this.#dropped.get(key) ?? 0) + count);
    }
    if (before.join() === this.#dropsNow.join()) return;
    if (drops.length > 0) this.#log.warn({ drops: this.#dropsNow }, 'samples dropped');
    else this.#log.info({ before }, 'samples whole again');
  }

  *#counted(samples: Iterable<Sample>): Generator<Sample, undefined> {
    let utilization: number | null = null;
    for (const sample of samples) {
      this.#samples += 1;
      if (sample.series.metric === 'utilization') utilization = sample.value;
      yield sample;
    }
    // Only now: whoever asks meanwhile hears of the poll before.
    this.#utilization = utilization;
  }
}

const CLOCK_JUMP: Pick<Harvest, 'drops'> = {
  drops: [{ what: 'all', reason: 'clock-jump', count: 1 }],
};

/** Our own wall clock jumped between two polls: which time the second one's samples are of is in doubt. */
function isClockJump(before: Pick<Poll, 'timeMs' | 'monotonicMs'> | undefined, now: Poll): boolean {
  if (before === undefined) return false;
  const elapsedMs = now.monotonicMs - before.monotonicMs;
  const driftMs = Math.abs(now.timeMs - before.timeMs - elapsedMs);
  return driftMs > Math.max(DRIFT_MAX_MS, DRIFT_MAX_RATIO * elapsedMs);
}
