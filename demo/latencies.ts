import type { Window } from './messages.js';

/** So many requests are remembered, the latest. */
const KEPT = 1 << 20;

/** When each request was sent, how long it took, and for which resource: columns that wrap around. */
export class Latencies {
  readonly #sentAtMs = new Float64Array(KEPT);
  readonly #tookMs = new Float32Array(KEPT);
  readonly #resources = new Int32Array(KEPT);
  #count = 0;

  add(sentAtMs: number, tookMs: number, resource: number): void {
    const at = this.#count % KEPT;
    this.#sentAtMs[at] = sentAtMs;
    this.#tookMs[at] = tookMs;
    this.#resources[at] = resource;
    this.#count += 1;
  }

  /** Those that overlap a window in which their resource was being switched, and all others; sorted. */
  split(windows: readonly Window[], names: readonly string[]) {
    const switched: number[] = [];
    const others: number[] = [];
    const moving = windows.map(
      ({ resources }) => new Set(resources.map((id) => names.indexOf(id))),
    );
    for (let at = 0; at < Math.min(this.#count, KEPT); at++) {
      const fromMs = this.#sentAtMs[at] ?? 0;
      const tookMs = this.#tookMs[at] ?? 0;
      const resource = this.#resources[at] ?? -1;
      const isSwitched = windows.some(
        (window, index) =>
          fromMs <= window.toMs &&
          fromMs + tookMs >= window.fromMs &&
          moving[index]?.has(resource) === true,
      );
      (isSwitched ? switched : others).push(tookMs);
    }
    switched.sort((a, b) => a - b);
    others.sort((a, b) => a - b);
    return { switched, others };
  }
}

/** Nearest rank; null of nothing. */
export function quantileOf(sorted: readonly number[], quantile: number): number | null {
  return sorted[Math.max(0, Math.ceil(quantile * sorted.length) - 1)] ?? null;
}
