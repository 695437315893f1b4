import { performance } from 'node:perf_hooks';
import type { Cancel, Clock } from './port.js';
import { sleepOn } from './sleep.js';

/** Node's timers hold 31 bits of milliseconds, 24.8 days, and run at once what is to wait longer. */
const TIMER_MAX_MS = 2 ** 31 - 1;

/**
 * The machine's clocks and timers. Each thread counts its monotonic time from its own beginning; one that is told where another
 * counts from counts like it, so that a time of the one means the same to the other.
 */
export class SystemClock implements Clock {
  /** Where its monotonic time is 0, on the system's own scale. */
  readonly originMs: number;
  readonly #shiftMs: number;

  constructor(originMs?: number) {
    const ownMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();
    this.originMs = originMs ?? ownMs;
    this.#shiftMs = originMs === undefined ? 0 : ownMs - originMs;
  }

  realtimeMs(): number {
    return Date.now();
  }

  monotonicMs(): number {
    return performance.now() + this.#shiftMs;
  }

  after(ms: number, run: () => void): Cancel {
    if (ms > TIMER_MAX_MS) return this.#afterLong(ms, run);
    // Newer Nodes warn of what is negative, before they run it at once.
    const timer = setTimeout(run, Math.max(0, ms));
    return () => {
      clearTimeout(timer);
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }

  #afterLong(ms: number, run: () => void): Cancel {
    let cancel = this.after(TIMER_MAX_MS, () => {
      cancel = this.after(ms - TIMER_MAX_MS, run);
    });
    return () => {
      cancel();
    };
  }
}
