import { solveSymmetric } from './cholesky.js';
import type { Row, Shape } from './model.js';
import { lengthOf } from './model.js';
import type { Share } from './row-model.js';
import { RowModel } from './row-model.js';
import type { Season } from './season.js';

const QUANTILES = [0.5, 0.9] as const;
/** Fitted at so many steps of the horizon, between them interpolated. */
const KNOTS = 5;
/** At most so many moments of the past are learnt from. */
const MOMENTS_MAX = 300;
const MOMENTS_PER_TERM = 8;
const ITERATIONS = 12;
/** Errors below this share of the mean root count as if they were as large: keeps the weights finite. */
const ERROR_FLOOR = 0.01;
const PENALTY = 1e-3;
/** While fitting, each half of the past is forecast by what the other half says. */
const BLOCKS = 2;
/** Of the latest steps: their means are terms. */
const MEANS = [1, 3, 12] as const;

/**
 * Linear quantile regression (Koenker and Bassett 1978) of the root h steps ahead on means of the latest steps
 * and on the same slots of earlier seasons, one regression a quantile and step ("direct"). Fitted by the
 * majorize-minimize algorithm of Hunter and Lange (2000): weighted least squares with weights 1/|error|, again and
 * again. What a median of roots is, the square of it is of loads.
 */
export class QuantileLinear extends RowModel {
  readonly name = 'quantile-linear';
  override readonly paths = QUANTILES.length;
  override readonly params: number;
  readonly minHistory: number;
  readonly #slots: readonly number[];
  readonly #terms: number;
  readonly #reach: number;
  readonly #knots: readonly number[];
  readonly #sums: Float64Array;
  readonly #inputs: Float64Array;
  readonly #targets: Float64Array;
  readonly #gram: Float64Array;
  readonly #solution: Float64Array;
  readonly #work: Float64Array;
  readonly #input: Float64Array;
  readonly #without: Float32Array;

  constructor(shape: Shape & { readonly seasons: readonly Season[] }) {
    super(shape);
    const { horizonSteps, historySteps, seasons } = shape;
    // The latest whole number of seasons that is behind any step of the horizon, and for days the one before.
    this.#slots = seasons.flatMap(({ steps }) => {
      const nearest = Math.ceil(horizonSteps / steps) * steps;
      return nearest + steps + horizonSteps <= historySteps / 2
        ? [nearest, nearest + steps]
        : [nearest];
    });
    this.#terms = 1 + MEANS.length + this.#slots.length;
    this.#reach = Math.max(MEANS[MEANS.length - 1]!, ...this.#slots.map((slot) => slot + 1));
    this.#knots = [
      ...new Set(
        Array.from({ length: KNOTS }, (_, k) =>
          Math.max(1, Math.round((horizonSteps * k * k) / (KNOTS - 1) ** 2)),
        ),
      ),
    ];
    this.params = this.#knots.length * QUANTILES.length * this.#terms;
    this.minHistory = this.#reach + horizonSteps + MOMENTS_PER_TERM * this.#terms;
    this.#sums = new Float64Array(historySteps + 1);
    this.#inputs = new Float64Array(MOMENTS_MAX * this.#terms);
    this.#targets = new Float64Array(MOMENTS_MAX);
    this.#gram = new Float64Array(this.#terms ** 2);
    this.#solution = new Float64Array(this.#terms);
    this.#work = new Float64Array(this.#terms ** 2);
    this.#input = new Float64Array(this.#terms);
    this.#without = new Float32Array(BLOCKS * this.params);
  }

  protected override get minBefore(): number {
    return this.#reach;
  }

  protected override learn(row: Row, params: Float32Array): void {
    this.#addUp(row);
    const mean = this.#sums[row.roots.length]! / lengthOf(row);
    const floor = ERROR_FLOOR * mean + Number.MIN_VALUE;
    const first = row.start + this.#reach;
    const middle = first + ((row.roots.length - first) >> 1);
    for (let knot = 0; knot < this.#knots.length; knot++) {
      const h = this.#knots[knot]!;
      const last = row.roots.length - h;
      this.#fitKnot(row, { knot, floor, from: first, to: last }, params);
      this.#fitKnot(row, { knot, floor, from: middle, to: last }, this.#shareOf(0));
      this.#fitKnot(row, { knot, floor, from: first, to: middle - h }, this.#shareOf(1));
    }
  }

  protected override prepare(row: Row, _params: Float32Array, earliest: number): void {
    if (earliest > row.start) this.#addUp(row);
  }

  protected say(
    row: Row,
    origin: number,
    { params, said }: Share,
    at: number,
    stride: number,
  ): void {
    const end = row.roots.length;
    const first = row.start + this.#reach;
    const middle = first + ((end - first) >> 1);
    const used = origin === end ? params : this.#shareOf(origin - 1 < middle ? 0 : 1);
    let knot = 0;
    for (let h = 1; h <= this.horizonSteps; h++) {
      while (knot + 2 < this.#knots.length && this.#knots[knot + 1]! <= h) knot++;
      const near = this.#knots[knot]!;
      const far = this.#knots[knot + 1] ?? near;
      const part = far > near ? (h - near) / (far - near) : 0;
      this.#describe(row, origin, h);
      for (let q = 0; q < QUANTILES.length; q++) {
        const root =
          (1 - part) * this.#apply(used, knot, q) +
          (part > 0 ? part * this.#apply(used, knot + 1, q) : 0);
        said[at + q * stride + h - 1] = root > 0 ? root * root : 0;
      }
    }
  }

  #addUp({ roots, start }: Row): void {
    this.#sums[start] = 0;
    for (let step = start; step < roots.length; step++) {
      this.#sums[step + 1] = this.#sums[step]! + roots[step]!;
    }
  }

  /** The terms for the step `h` after the last one before `origin`. */
  #describe({ roots, start }: Row, origin: number, h: number): void {
    const input = this.#input;
    let term = 0;
    input[term++] = 1;
    for (const steps of MEANS) {
      const from = Math.max(start, origin - steps);
      input[term++] = (this.#sums[origin]! - this.#sums[from]!) / (origin - from);
    }
    for (const slot of this.#slots) {
      const at = origin + h - 1 - slot;
      const next = Math.min(at + 1, origin - 1);
      input[term++] = (roots[at - 1]! + 2 * roots[at]! + roots[next]!) / 4;
    }
  }

  #apply(params: Float32Array, knot: number, q: number): number {
    const from = (knot * QUANTILES.length + q) * this.#terms;
    let sum = 0;
    for (let term = 0; term < this.#terms; term++) sum += params[from + term]! * this.#input[term]!;
    return sum;
  }

  #fitKnot(row: Row, { knot, floor, from, to }: Fit, params: Float32Array): void {
    const count = this.#gather(row, this.#knots[knot]!, from, to);
    this.#solution.fill(0);
    for (let q = 0; q < QUANTILES.length; q++) {
      // A high quantile begins where the median ended: they differ by little but the constant.
      for (let round = 0; round < ITERATIONS; round++) this.#improve(count, QUANTILES[q]!, floor);
      params.set(this.#solution, (knot * QUANTILES.length + q) * this.#terms);
    }
  }

  /**
   * Moments in (from, to] and what came h steps after each, evenly over the span, at no whole distance: else some slots
   * of a season would never be among them.
   */
  #gather(row: Row, h: number, from: number, to: number): number {
    const count = Math.max(0, Math.min(MOMENTS_MAX, to - from));
    for (let moment = 0; moment < count; moment++) {
      const origin = to - Math.floor((moment * (to - from)) / count);
      this.#describe(row, origin, h);
      this.#inputs.set(this.#input, moment * this.#terms);
      this.#targets[moment] = row.roots[origin + h - 1]!;
    }
    return count;
  }

  /** (XᵀWX)·β = XᵀW·y + (2q − 1)·Xᵀ1, W = 1/|y − X·β|. */
  #improve(count: number, quantile: number, floor: number): void {
    const terms = this.#terms;
    const inputs = this.#inputs;
    const gram = this.#gram.fill(0);
    const right = this.#work.fill(0);
    for (let moment = 0; moment < count; moment++) {
      const from = moment * terms;
      let error = this.#targets[moment]!;
      for (let i = 0; i < terms; i++) error -= this.#solution[i]! * inputs[from + i]!;
      const weight = 1 / Math.max(floor, Math.abs(error));
      const pull = weight * this.#targets[moment]! + 2 * quantile - 1;
      for (let i = 0; i < terms; i++) {
        const value = inputs[from + i]!;
        const weighted = weight * value;
        right[i]! += pull * value;
        for (let j = i; j < terms; j++) gram[i * terms + j]! += weighted * inputs[from + j]!;
      }
    }
    for (let i = 0; i < terms; i++) gram[i * terms + i]! *= 1 + PENALTY;
    this.#solution.set(right.subarray(0, terms));
    solveSymmetric(gram, this.#solution, terms);
  }

  #shareOf(block: number): Float32Array {
    return this.#without.subarray(block * this.params, (block + 1) * this.params);
  }
}

/** One regression: its knot, the least error that counts, and the moments it is fitted on. */
interface Fit {
  readonly knot: number;
  readonly floor: number;
  readonly from: number;
  readonly to: number;
}
