import type { Score } from '../core/metric-store/port.js';

/** Of one lead: sums over all scores since this process began. */
export interface ScoreSums {
  readonly leadMs: number;
  readonly count: number;
  /** How many came out within P10 to P90. */
  readonly inBand: number;
  readonly pinball: number;
  /** Pinball loss of who says that everything stays as it is. */
  readonly naivePinball: number;
}

/** How good forecasts turned out, as counters: whoever reads them now and then knows it of the time in between. */
export class ScoreTally {
  readonly #sums = new Map<number, ScoreSums>();

  /** By lead, ascending. */
  get sums(): readonly ScoreSums[] {
    return [...this.#sums.values()].sort((a, b) => a.leadMs - b.leadMs);
  }

  /**
   * @param naiveError distance of what came from what was measured last when it was said. Of one value for all quantiles the
   * mean of twice their pinball losses is just that, since the levels lie evenly around 0.5.
   */
  add({ leadMs, inBand, pinball }: Score, naiveError: number): void {
    const former = this.#sums.get(leadMs);
    this.#sums.set(leadMs, {
      leadMs,
      count: (former?.count ?? 0) + 1,
      inBand: (former?.inBand ?? 0) + inBand,
      pinball: (former?.pinball ?? 0) + pinball,
      naivePinball: (former?.naivePinball ?? 0) + naiveError,
    });
  }
}
