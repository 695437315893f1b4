import type { ForecastBlock } from '../../core/forecast.js';

/**
 * The standard deviation of each step of a series about its mean, the tail counted: a load that is seldom high has a P90 that
 * knows nothing of it, but the highest of n steps does. If these are alike and by chance, its P50 and P90 are the steps' own quantiles
 * at 0.5^(1/n) and 0.9^(1/n) (of n independent ones all must be below); what they are above the highest P90 of the path is
 * added above the P90 of every step. With quantiles Q known at five points, straight between them and level beyond, the
 * variance is ∫(Q(p) − m)² dp: of a line from x to y over the width w, w·(x² + xy + y²) ÷ 3.
 * (docs/decisions/0017: what that is worth, and where it is not.)
 */
export class TailSpreads {
  readonly #forecast: ForecastBlock;
  readonly #rows: { readonly low: number; readonly middle: number; readonly high: number };
  /** Where Q is known above P90, and by which quantile of the highest step. */
  readonly #tail: readonly { readonly p: number; readonly peak: number }[];

  constructor(forecast: ForecastBlock) {
    const { quantiles, grid } = forecast;
    const [low, middle, high] = [0.1, 0.5, 0.9].map((p) => quantiles.indexOf(p)) as [
      number,
      number,
      number,
    ];
    this.#forecast = forecast;
    this.#rows = { low, middle, high };
    // Of few steps the highest says nothing of what is rarer than P90.
    this.#tail = [middle, high]
      .map((peak) => ({ peak, p: (quantiles[peak] ?? NaN) ** (1 / grid.steps) }))
      .filter(({ p }) => p > 0.9);
  }

  /** Whether the forecast carries what is needed. */
  get areKnown(): boolean {
    return Object.values(this.#rows).every((row) => row >= 0);
  }

  /** @param means of the steps. @param into the deviations, in the load's unit */
  fill(series: number, means: Float64Array, into: Float64Array): void {
    const { paths, peaks, quantiles, grid } = this.#forecast;
    const { steps } = grid;
    const width = quantiles.length;
    const { low, middle, high } = this.#rows;
    const [lowAt, at, highAt] = [low, middle, high].map(
      (row) => (series * width + row) * steps,
    ) as [number, number, number];
    let top = 0;
    for (let step = 0; step < steps; step++) top = Math.max(top, paths[highAt + step]!);
    for (let step = 0; step < steps; step++) {
      const mean = means[step]!;
      const least = paths[lowAt + step]! - mean;
      const median = paths[at + step]! - mean;
      const p90 = paths[highAt + step]! - mean;
      let variance = 0.1 * least * least + ofLine(least, median, 0.4) + ofLine(median, p90, 0.4);
      let [from, p] = [p90, 0.9];
      for (const point of this.#tail) {
        const to = p90 + Math.max(0, peaks[series * width + point.peak]! - top);
        variance += ofLine(from, to, point.p - p);
        [from, p] = [to, point.p];
      }
      into[step] = Math.sqrt(variance + (1 - p) * from * from);
    }
  }
}

function ofLine(from: number, to: number, width: number): number {
  return (width * (from * from + from * to + to * to)) / 3;
}
