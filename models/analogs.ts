import type { Row, Shape } from './model.js';
import type { Share } from './row-model.js';
import { Ordered } from './ordered.js';
import { RowModel } from './row-model.js';

// Held here: a look at a global on every step is slow where globals are guarded, as in test sandboxes.
const { abs } = Math;

/** What is compared: the latest steps before an origin. */
const PATTERN_STEPS = 16;
const NEIGHBOURS = 8;
/** Closer ones would be the same moment twice. */
const APART_STEPS = 2;
/** Steps that are first compared by their sum. */
const GROUP_STEPS = 4;
const QUANTILES = [0.1, 0.5, 0.9] as const;

/**
 * What came after the moments of the past that looked most like now (nearest neighbours, Lorenz 1969;
 * Martínez et al. 2019, "tsfknn"): distance = Σ w(i)·|root(o − i) − root(e − i)| with w falling from 1.5 to
 * 0.5 over the pattern; said are quantiles of the neighbours' futures, step by step. Unlike all fitted models
 * it follows any shape it has seen, jobs without a period among them.
 */
export class Analogs extends RowModel {
  readonly name = 'analogs';
  override readonly paths = QUANTILES.length;
  readonly minHistory: number;
  readonly #weights = Float64Array.from(
    { length: PATTERN_STEPS },
    (_, i) => 1.5 - i / PATTERN_STEPS,
  );
  readonly #pattern = new Float64Array(PATTERN_STEPS);
  /** By step: the sum of the latest few roots up to it. */
  readonly #sums: Float64Array;
  /** The nearest so far, ascending. */
  readonly #distances = new Float64Array(NEIGHBOURS);
  readonly #ends = new Int32Array(NEIGHBOURS);
  #count = 0;
  readonly #futures = new Ordered(NEIGHBOURS);

  constructor(shape: Shape) {
    super(shape);
    this.#sums = new Float64Array(shape.historySteps);
    this.minHistory = PATTERN_STEPS + 2 * shape.horizonSteps;
  }

  protected override get minBefore(): number {
    return PATTERN_STEPS;
  }

  protected override prepare({ roots, start }: Row): void {
    const sums = this.#sums;
    for (let at = start + GROUP_STEPS - 1; at < roots.length; at++) {
      sums[at] = roots[at]! + roots[at - 1]! + roots[at - 2]! + roots[at - 3]!;
    }
  }

  protected say(row: Row, origin: number, { said }: Share, at: number, stride: number): void {
    const { horizonSteps } = this;
    const { roots, values, start } = row;
    for (let i = 0; i < PATTERN_STEPS; i++) this.#pattern[i] = roots[origin - 1 - i]!;
    this.#count = 0;
    const first = start + PATTERN_STEPS;
    const last = values.length - horizonSteps;
    const nearest = { from: first, to: Math.min(last, origin - horizonSteps) };
    this.#search(roots, origin, nearest);
    this.#search(roots, origin, { from: origin + horizonSteps + PATTERN_STEPS, to: last });
    for (let h = 0; h < horizonSteps; h++) {
      this.#collect(values, h);
      for (let p = 0; p < QUANTILES.length; p++) {
        said[at + p * stride + h] = this.#futures.quantile(QUANTILES[p]!);
      }
    }
  }

  /**
   * Candidates are ends of patterns: `end` is the first step after one. The latest come first, for they are likely
   * to be near. What the sums of four steps differ by, the steps differ by at least: most candidates are given up at that.
   */
  #search(roots: Float32Array, origin: number, { from, to }: Span): void {
    const weights = this.#weights;
    const sums = this.#sums;
    const pattern = this.#pattern;
    const [light0, light1, light2, light3] = [weights[3]!, weights[7]!, weights[11]!, weights[15]!];
    const sum0 = sums[origin - 1]!;
    const sum1 = sums[origin - 5]!;
    const sum2 = sums[origin - 9]!;
    const sum3 = sums[origin - 13]!;
    let bound = this.#bound();
    for (let end = to; end >= from; end--) {
      const latest = light0 * abs(sum0 - sums[end - 1]!) + light1 * abs(sum1 - sums[end - 5]!);
      if (latest >= bound) continue;
      const least =
        latest + light2 * abs(sum2 - sums[end - 9]!) + light3 * abs(sum3 - sums[end - 13]!);
      if (least >= bound) continue;
      let distance = 0;
      for (let i = 0; i < PATTERN_STEPS && distance < bound; i += GROUP_STEPS) {
        const at = end - 1 - i;
        distance +=
          weights[i]! * abs(pattern[i]! - roots[at]!) +
          weights[i + 1]! * abs(pattern[i + 1]! - roots[at - 1]!) +
          weights[i + 2]! * abs(pattern[i + 2]! - roots[at - 2]!) +
          weights[i + 3]! * abs(pattern[i + 3]! - roots[at - 3]!);
      }
      if (distance >= bound) continue;
      this.#keep(distance, end);
      bound = this.#bound();
    }
  }

  /** So far must one be to be kept. */
  #bound(): number {
    return this.#count < NEIGHBOURS ? Infinity : this.#distances[NEIGHBOURS - 1]!;
  }

  #keep(distance: number, end: number): void {
    const distances = this.#distances;
    const ends = this.#ends;
    for (let at = 0; at < this.#count; at++) {
      if (abs(ends[at]! - end) >= APART_STEPS) continue;
      if (distances[at]! <= distance) return;
      this.#remove(at);
      at--;
    }
    let at = Math.min(this.#count, NEIGHBOURS - 1);
    this.#count = at + 1;
    while (at > 0 && distances[at - 1]! > distance) {
      distances[at] = distances[at - 1]!;
      ends[at] = ends[at - 1]!;
      at--;
    }
    distances[at] = distance;
    ends[at] = end;
  }

  #remove(at: number): void {
    this.#count--;
    for (let next = at; next < this.#count; next++) {
      this.#distances[next] = this.#distances[next + 1]!;
      this.#ends[next] = this.#ends[next + 1]!;
    }
  }

  #collect(values: Float32Array, h: number): void {
    this.#futures.clear();
    for (let k = 0; k < this.#count; k++) this.#futures.insert(values[this.#ends[k]! + h]!);
  }
}

/** Ends of patterns, both included. */
interface Span {
  readonly from: number;
  readonly to: number;
}
