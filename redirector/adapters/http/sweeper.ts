import type { Cancel, Clock } from '../../../core/clock/port.js';

/** Something that must not last for ever. */
export interface Timed {
  /** Monotonic; Infinity: no deadline now. */
  deadlineMs: number;
  /** The deadline has passed. */
  overdue(): void;
}

const SWEEP_MS = 500;

/**
 * Looks at all deadlines twice a second: a timer of its own for each phase of each request would cost more
 * than the request. Deadlines are therefore kept within half a second, never early.
 */
export class Sweeper {
  readonly #clock: Clock;
  readonly #watched = new Set<Timed>();
  #cancel: Cancel | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  watch(timed: Timed): void {
    this.#watched.add(timed);
    this.#cancel ??= this.#clock.after(SWEEP_MS, () => {
      this.#sweep();
    });
  }

  forget(timed: Timed): void {
    this.#watched.delete(timed);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#watched.clear();
  }

  #sweep(): void {
    this.#cancel = undefined;
    const nowMs = this.#clock.monotonicMs();
    for (const timed of this.#watched) if (timed.deadlineMs <= nowMs) timed.overdue();
    if (this.#watched.size === 0) return;
    this.#cancel = this.#clock.after(SWEEP_MS, () => {
      this.#sweep();
    });
  }
}
