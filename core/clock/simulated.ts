import type { Cancel, Clock } from './port.js';
import { sleepOn } from './sleep.js';

interface Timer {
  readonly atMs: number;
  readonly order: number;
  run: () => void;
  cancelled: boolean;
}

/**
 * A clock that moves only when told: for replay, simulation and tests.
 * Timers run in the order of their time, then of their making; between two timers every promise
 * that can settle has settled, so a run is a function of its inputs.
 */
export class SimulatedClock implements Clock {
  readonly #startRealtimeMs: number;
  #nowMs = 0;
  #realtimeOffsetMs = 0;
  #order = 0;
  /** Binary heap by (atMs, order). */
  readonly #timers: Timer[] = [];

  constructor(startRealtimeMs = 0) {
    this.#startRealtimeMs = startRealtimeMs;
  }

  realtimeMs(): number {
    return this.#startRealtimeMs + this.#nowMs + this.#realtimeOffsetMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  after(ms: number, run: () => void): Cancel {
    const timer: Timer = {
      atMs: this.#nowMs + Math.max(0, ms),
      order: this.#order++,
      run,
      cancelled: false,
    };
    this.#push(timer);
    return () => {
      timer.cancelled = true;
      // Its turn may be long after: what it would have run for is let go of now.
      timer.run = nothing;
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return sleepOn(this, ms, signal);
  }

  /** Makes the wall clock jump; monotonic time and timers are not touched. */
  jumpRealtime(ms: number): void {
    this.#realtimeOffsetMs += ms;
  }

  /** Moves time on by `ms`, running what falls due. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    await settle();
    while (await this.step(endMs)) {
      // each step is one timer
    }
    this.#nowMs = endMs;
  }

  /** Runs the next timer that is due by `limitMs` and lets promises settle; false if there is none. */
  async step(limitMs = Infinity): Promise<boolean> {
    const timer = this.#pop(limitMs);
    if (timer === undefined) return false;
    this.#nowMs = timer.atMs;
    timer.run();
    await allSettled();
    return true;
  }

  #pop(limitMs: number): Timer | undefined {
    for (;;) {
      const first = this.#timers[0];
      if (first === undefined || (!first.cancelled && first.atMs > limitMs)) return undefined;
      const last = this.#timers.pop();
      if (last !== undefined && last !== first) this.#sink(last);
      if (!first.cancelled) return first;
    }
  }

  #push(timer: Timer): void {
    let at = this.#timers.length;
    this.#timers.push(timer);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = this.#timers[above];
      if (parent === undefined || isBefore(parent, timer)) break;
      this.#timers[at] = parent;
      at = above;
    }
    this.#timers[at] = timer;
  }

  #sink(timer: Timer): void {
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      const left = this.#timers[below];
      if (left === undefined) break;
      const right = this.#timers[below + 1];
      let child = left;
      if (right !== undefined && isBefore(right, left)) {
        child = right;
        below += 1;
      }
      if (isBefore(timer, child)) break;
      this.#timers[at] = child;
      at = below;
    }
    this.#timers[at] = timer;
  }
}

function nothing(): void {
  // of a timer that was cancelled
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

/**
 * All microtasks, and those that they make, have run: Node looks at its queue of ticks when there are none left.
 * Costs a tenth of a turn of the event loop, which asks the kernel for news.
 */
function allSettled(): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(resolve);
  });
}

/** One turn of the event loop: the same, and what the world outside has to say. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
