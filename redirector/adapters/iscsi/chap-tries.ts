import type { Clock } from '../../../core/clock/port.js';

export interface ChapTriesLimits {
  readonly chapFailuresMax: number;
  readonly chapPauseMs: number;
}

/** Hosts that are remembered; beyond, the one that failed first is forgotten. */
const HOSTS_MAX = 10_000;

/** Who has answered wrongly, and how often: secrets must not be found by trying. */
export class ChapTries {
  readonly #clock: Clock;
  readonly #limits: () => ChapTriesLimits;
  readonly #failed = new Map<string, { readonly times: number; readonly atMs: number }>();

  constructor(clock: Clock, limits: () => ChapTriesLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  mayTry(host: string): boolean {
    const { chapFailuresMax, chapPauseMs } = this.#limits();
    const failed = this.#failed.get(host);
    if (failed === undefined) return true;
    if (this.#clock.monotonicMs() - failed.atMs >= chapPauseMs) {
      this.#failed.delete(host);
      return true;
    }
    return failed.times < chapFailuresMax;
  }

  failed(host: string): void {
    const times = (this.#failed.get(host)?.times ?? 0) + 1;
    this.#failed.delete(host);
    this.#failed.set(host, { times, atMs: this.#clock.monotonicMs() });
    if (this.#failed.size <= HOSTS_MAX) return;
    for (const first of this.#failed.keys()) {
      this.#failed.delete(first);
      return;
    }
  }

  succeeded(host: string): void {
    this.#failed.delete(host);
  }
}
