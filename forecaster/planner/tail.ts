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
  /** Where P10, P50 and P90 stand among the quantiles. */
  readonly #rows: Rows;
  /** Where Q is known above P90, and by which quantile of the highest step. */
  readonly #tail: readonly { readonly p: number; readonly peak: number }[];

  private constructor(forecast: ForecastBlock, rows: Rows) {
    const { quantiles, grid } = forecast;
    this.#forecast = forecast;
    this.#rows = rows;
    // Of few steps the highest says nothing of what is rarer than P90.
    this.#tail = [rows.middle, rows.high]
      .map((peak) => ({ peak, p: (quantiles[peak] ?? NaN) ** (1 / grid.steps) }))
      .filter(({ p }) => p > 0.9);
  }

  /** Undefined: the forecast does not carry P10, P50 and P90. */
  static of(forecast: ForecastBlock): TailSpreads | undefined {
    const { quantiles } = forecast;
    const rows = {
      low: quantiles.indexOf(0.1),
      middle: quantiles.indexOf(0.5),
      high: quantiles.indexOf(0.9),
    };
    return Object.values(rows).includes(-1) ? undefined : new TailSpreads(forecast, rows);
  }

  /** @param means of the steps. @param into the deviations, in the load's unit */
  fill(series: number, means: Float64Array, into: Float64Array): void {
    const { paths, peaks, quantiles, grid } = this.#forecast;
    const { steps } = grid;
    const first = series * quantiles.length;
    const lowAt = (first + this.#rows.low) * steps;
    const at = (first + this.#rows.middle) * steps;
    const highAt = (first + this.#rows.high) * steps;
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
        const to = p90 + Math.max(0, peaks[first + point.peak]! - top);
        variance += ofLine(from, to, point.p - p);
        [from, p] = [to, point.p];
      }
      into[step] = Math.sqrt(variance + (1 - p) * from * from);
    }
  }
}

interface Rows {
  readonly low: number;
  readonly middle: number;
  readonly high: number;
}

function ofLine(from: number, to: number, width: number): number {
  return (width * (from * from + from * to + to * to)) / 3;
}
