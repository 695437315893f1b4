import type { Row, Shape } from './model.js';
import type { Share } from './row-model.js';
import { RowModel } from './row-model.js';
import { bestAlpha, smooth } from './smoothing.js';

/**
 * The theta method (Assimakopoulos and Nikolopoulos 2000) in the form of Hyndman and Billah (2003): simple exponential
 * smoothing with half the slope of the straight line through the history as drift,
 * ŷ(o + h) = level(o) + b/2 · (h + (1 − α)·(1 − (1 − α)^(n − 1))/α), h from 0.
 */
export class Theta extends RowModel {
  readonly name = 'theta';
  override readonly params = 1;
  readonly minHistory = 4;
  readonly #levels: Float64Array;
  /** Σ y and Σ t·y before each step, t from the start of the row. */
  readonly #sums: Float64Array;
  readonly #moments: Float64Array;

  constructor(shape: Shape) {
    super(shape);
    this.#levels = new Float64Array(shape.historySteps + 1);
    this.#sums = new Float64Array(shape.historySteps + 1);
    this.#moments = new Float64Array(shape.historySteps + 1);
  }

  protected override learn({ values, start }: Row, params: Float32Array): void {
    params[0] = bestAlpha(values, start, values.length);
  }

  protected override prepare({ values, start }: Row, params: Float32Array): void {
    smooth(values, { start, end: values.length, alpha: params[0]! }, this.#levels);
    this.#sums[start] = 0;
    this.#moments[start] = 0;
    for (let step = start; step < values.length; step++) {
      this.#sums[step + 1] = this.#sums[step]! + values[step]!;
      this.#moments[step + 1] = this.#moments[step]! + (step - start) * values[step]!;
    }
  }

  protected say(row: Row, origin: number, { params, said }: Share, at: number): void {
    const count = origin - row.start;
    const alpha = params[0]!;
    const drift = this.#slope(origin, count) / 2;
    const lag = ((1 - alpha) * (1 - (1 - alpha) ** (count - 1))) / alpha;
    for (let h = 0; h < this.horizonSteps; h++) {
      said[at + h] = Math.max(0, this.#levels[origin]! + drift * (h + lag));
    }
  }

  /** Of the least-squares line through the `count` values before the origin. */
  #slope(origin: number, count: number): number {
    const middle = (count - 1) / 2;
    const spread = (count * (count * count - 1)) / 12;
    return spread > 0 ? (this.#moments[origin]! - middle * this.#sums[origin]!) / spread : 0;
  }
}
