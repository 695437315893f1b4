import type { Cancel, Clock } from '../clock/port.js';

/**
 * One moment by which something must have happened, put off again and again. It costs a timer per period, not per put-off:
 * the timer that is there looks when it fires whether the moment has moved on.
 */
export class Deadline {
  readonly #clock: Clock;
  readonly #expired: () => void;
  /** Monotonic; Infinity while there is none. */
  #atMs = Infinity;
  #timer: { readonly atMs: number; readonly cancel: Cancel } | undefined;

  constructor(clock: Clock, expired: () => void) {
    this.#clock = clock;
    this.#expired = expired;
  }

  /** Expires after `ms` from now, whatever was said before. */
  set(ms: number): void {
    this.#atMs = this.#clock.monotonicMs() + ms;
    if (this.#timer !== undefined && this.#timer.atMs <= this.#atMs) return;
    this.#timer?.cancel();
    this.#arm(ms);
  }

  clear(): void {
    this.#atMs = Infinity;
  }

  /** Leaves no timer behind. */
  stop(): void {
    this.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(ms: number): void {
    const cancel = this.#clock.after(ms, () => {
      this.#fire();
    });
    this.#timer = { atMs: this.#clock.monotonicMs() + ms, cancel };
  }

  #fire(): void {
    this.#timer = undefined;
    const leftMs = this.#atMs - this.#clock.monotonicMs();
    if (leftMs === Infinity) return;
    // A real timer may be early by a fraction of a millisecond.
    if (leftMs > 0) {
      this.#arm(Math.max(1, leftMs));
      return;
    }
    this.#atMs = Infinity;
    this.#expired();
  }
}
