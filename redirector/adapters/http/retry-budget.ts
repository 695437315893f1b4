import type { Clock } from '../../../core/clock/port.js';

export interface RetryBudgetOptions {
  /** Of the requests sent to a server so many may be sent again, once their answer was lost. */
  readonly share: number;
  /** Beside these: for servers with few requests. */
  readonly perSecond: number;
  /** What is not used is kept up to so many: as much as one server can lose at once. */
  readonly savedMax: number;
}

/**
 * How much of what servers lost may be sent again. Each server has its own budget, filled by each request to it and by time,
 * and full at first: a server that breaks down loses what it has under way, which is all sent again; one that goes on losing
 * is not asked twice for everything. (The token bucket of Finagle's RetryBudget, without its clock on the way of a request.)
 */
export class RetryBudgets {
  readonly #clock: Clock;
  readonly #options: () => RetryBudgetOptions;
  /** By server: retries that it may have. */
  #left = new Float64Array(0);
  /** By server: until when time was counted (monotonic). */
  #countedAtMs = new Float64Array(0);

  /** `options`: as they are now. */
  constructor(clock: Clock, options: () => RetryBudgetOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  /** A request goes to the server for the first time. */
  sent(server: number): void {
    if (server >= this.#left.length) this.#grow(server);
    const { share, savedMax } = this.#options();
    this.#left[server] = Math.min(savedMax, (this.#left[server] ?? 0) + share);
  }

  /** False: what this server lost is not sent again. */
  take(server: number): boolean {
    const left = this.left(server);
    if (left < 1) return false;
    this.#left[server] = left - 1;
    return true;
  }

  /** What is left for a server now. */
  left(server: number): number {
    if (server >= this.#left.length) this.#grow(server);
    const { perSecond, savedMax } = this.#options();
    const nowMs = this.#clock.monotonicMs();
    const earned = (perSecond * (nowMs - (this.#countedAtMs[server] ?? nowMs))) / 1000;
    const left = Math.min(savedMax, (this.#left[server] ?? 0) + earned);
    this.#countedAtMs[server] = nowMs;
    this.#left[server] = left;
    return left;
  }

  #grow(server: number): void {
    const known = this.#left.length;
    const length = Math.max(64, 2 * known, server + 1);
    const left = new Float64Array(length).fill(this.#options().savedMax);
    const countedAtMs = new Float64Array(length).fill(this.#clock.monotonicMs());
    left.set(this.#left);
    countedAtMs.set(this.#countedAtMs);
    this.#left = left;
    this.#countedAtMs = countedAtMs;
  }
}
