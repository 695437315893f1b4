import { solveSymmetric } from './cholesky.js';
import { Knots } from './knots.js';
import type { Row, Shape } from './model.js';
import { lengthOf } from './model.js';
import type { Share } from './row-model.js';
import { RowModel } from './row-model.js';
import type { Season } from './season.js';
import type { Window } from './shifted-products.js';
import { ShiftedProducts } from './shifted-products.js';
import type { Terms } from './terms.js';
import { LAGS, offsetOf, reachOf, termsOf } from './terms.js';

/** Of standardised coefficients: next to nothing on a week of samples, a good deal on a day of them. */
const PENALTY = 3;
/** A term must be paid for by so many steps of history. */
const STEPS_PER_TERM = 4;
/** While fitting, each third of the history is forecast by what the other two say. */
const BLOCKS = 3;

/**
 * Ridge regression on lags and on slots of the hour, the day and the week (Hoerl and Kennard 1970), one
 * regression per horizon step ("direct"), on roots: root(t + h) = b + Σ c(i)·root(t + offset(i, h)).
 * Regressions are fitted at a few steps and interpolated between. All of its inputs are shifts of one
 * series, so every Gram matrix comes from the same running sums, and those of the rehearsals too.
 *
 * params: the number of terms used, then for each knot its coefficients and b.
 */
export class Ridge extends RowModel {
  readonly name = 'ridge';
  override readonly params: number;
  readonly minHistory: number;
  readonly #terms: Terms;
  readonly #knots: Knots;
  /** Numbers a knot: coefficients and b. */
  readonly #width: number;
  readonly #products: ShiftedProducts;
  readonly #scaled: Float64Array;
  /** Of the whole, then of what each block leaves out. */
  readonly #grams: readonly Float64Array[];
  readonly #rights: readonly Float64Array[];
  readonly #work: Float64Array;
  readonly #solution: Float64Array;
  /** As params, once for each block: fitted without it. */
  readonly #without: Float32Array;
  /** Of each step of the horizon, coefficients and b between the knots: of each block, or of the whole in place of the first. */
  readonly #between: Float64Array;
  /** Where each term of a step lies, from the last step before the origin. */
  readonly #offsets: Int32Array;

  constructor(shape: Shape & { readonly seasons: readonly Season[] }) {
    super(shape);
    this.#terms = termsOf(shape.seasons, shape.horizonSteps);
    this.#knots = new Knots(shape.horizonSteps);
    this.#width = this.#terms.count + 1;
    this.params = 1 + this.#knots.steps.length * this.#width;
    this.minHistory = LAGS + shape.horizonSteps + STEPS_PER_TERM * (LAGS + 1);
    this.#products = new ShiftedProducts(shape.historySteps);
    this.#scaled = new Float64Array(shape.historySteps);
    const each = Array.from({ length: 1 + BLOCKS }, (_, at) => at);
    this.#grams = each.map(() => new Float64Array(this.#width ** 2));
    this.#rights = each.map(() => new Float64Array(this.#width));
    this.#work = new Float64Array(this.#width ** 2);
    this.#solution = new Float64Array(this.#width);
    this.#without = new Float32Array(BLOCKS * this.params);
    this.#between = new Float64Array(BLOCKS * shape.horizonSteps * this.#width);
    const { count } = this.#terms;
    this.#offsets = Int32Array.from({ length: shape.horizonSteps * count }, (_, at) =>
      offsetOf(this.#terms, at % count, 1 + Math.floor(at / count)),
    );
  }

  protected override get minBefore(): number {
    return LAGS;
  }

  protected override learn(row: Row, params: Float32Array): void {
    const count = this.#affordable(lengthOf(row));
    const { mean, deviation } = this.#standardise(row);
    const first = row.start + reachOf(this.#terms, count);
    for (let knot = 0; knot < this.#knots.steps.length; knot++) {
      const h = this.#knots.steps[knot]!;
      const last = row.roots.length - h;
      const windows = [{ from: first, to: last }];
      for (let block = 0; block < BLOCKS; block++) {
        const { from, to } = blockOf(block, first, row.roots.length);
        windows.push({ from: Math.max(first, from - h), to: Math.min(last, to + h) });
      }
      this.#sumUp(count, h, windows);
      this.#solve(count, -1);
      this.#write(params, knot, { count, mean, deviation });
      for (let block = 0; block < BLOCKS; block++) {
        this.#solve(count, block);
        this.#write(this.#shareOf(block), knot, { count, mean, deviation });
      }
    }
  }

  protected override prepare({ roots }: Row, params: Float32Array, earliest: number): void {
    if (earliest === roots.length) this.#interpolate(params, 0);
    else
      for (let block = 0; block < BLOCKS; block++) this.#interpolate(this.#shareOf(block), block);
  }

  protected say(row: Row, origin: number, { params, said }: Share, at: number): void {
    const { roots } = row;
    const isRehearsal = origin < roots.length;
    const count = params[0]!;
    const first = row.start + reachOf(this.#terms, count);
    if (origin <= first) {
      said.fill(NaN, at, at + this.horizonSteps);
      return;
    }
    const block = isRehearsal ? blockAt(origin, first, roots.length) : 0;
    const between = this.#between;
    const offsets = this.#offsets;
    for (let h = 0; h < this.horizonSteps; h++) {
      const weights = (block * this.horizonSteps + h) * this.#width;
      const terms = h * this.#terms.count;
      let root = between[weights + count]!;
      for (let term = 0; term < count; term++) {
        root += between[weights + term]! * roots[origin - 1 + offsets[terms + term]!]!;
      }
      said[at + h] = root > 0 ? root * root : 0;
    }
  }

  /** Coefficients and b of every step, from those at the knots. */
  #interpolate(params: Float32Array, block: number): void {
    const { before, share } = this.#knots;
    const count = params[0]!;
    for (let h = 0; h < this.horizonSteps; h++) {
      const near = 1 + before[h]! * this.#width;
      const far = near + this.#width;
      const part = share[h]!;
      const to = (block * this.horizonSteps + h) * this.#width;
      for (let term = 0; term <= count; term++) {
        this.#between[to + term] =
          params[near + term]! * (1 - part) + (part > 0 ? params[far + term]! * part : 0);
      }
    }
  }

  /** How many terms a history of this length pays for. */
  #affordable(length: number): number {
    const { cuts } = this.#terms;
    const steps = (cut: number): number =>
      length - reachOf(this.#terms, cut) - this.horizonSteps - STEPS_PER_TERM * (cut + 1);
    return cuts.findLast((cut) => steps(cut) >= 0) ?? cuts[0]!;
  }

  #standardise({ roots, start }: Row): { mean: number; deviation: number } {
    let sum = 0;
    for (let t = start; t < roots.length; t++) sum += roots[t]!;
    const mean = sum / (roots.length - start);
    let squares = 0;
    for (let t = start; t < roots.length; t++) squares += (roots[t]! - mean) * (roots[t]! - mean);
    const deviation = Math.sqrt(squares / (roots.length - start)) || 1;
    for (let t = start; t < roots.length; t++) this.#scaled[t] = (roots[t]! - mean) / deviation;
    this.#products.take(this.#scaled, start);
    return { mean, deviation };
  }

  /** Sums of the regression of step t + h, over the steps t of each window: the whole, then those that blocks leave out. */
  #sumUp(count: number, h: number, windows: readonly Window[]): void {
    const width = count + 1;
    const products = this.#products;
    for (let i = 0; i < count; i++) {
      const offset = offsetOf(this.#terms, i, h);
      for (let j = 0; j <= i; j++) {
        const other = offsetOf(this.#terms, j, h);
        products.product(offset, other, windows, this.#grams, j * width + i);
      }
      products.product(offset, h, windows, this.#rights, i);
      products.sum(offset, windows, this.#grams, i * width + count);
    }
    products.sum(h, windows, this.#rights, count);
    for (const [w, { from, to }] of windows.entries()) {
      this.#grams[w]![count * width + count] = Math.max(0, to - from);
    }
  }

  /** @param block the one that is left out; −1: none */
  #solve(count: number, block: number): void {
    const width = count + 1;
    const gram = this.#work;
    const right = this.#solution;
    const [whole, ...out] = this.#grams;
    const [wholeRight, ...outRight] = this.#rights;
    gram.set(whole!);
    right.set(wholeRight!);
    if (block >= 0) {
      const leftOut = out[block]!;
      const rightOut = outRight[block]!;
      for (let i = 0; i < width; i++) {
        right[i]! -= rightOut[i]!;
        for (let at = i * width + i; at < (i + 1) * width; at++) gram[at]! -= leftOut[at]!;
      }
    }
    for (let i = 0; i < count; i++) gram[i * width + i]! += PENALTY;
    solveSymmetric(gram, right, width);
  }

  /** From standardised roots to roots. */
  #write(
    params: Float32Array,
    knot: number,
    { count, mean, deviation }: { count: number; mean: number; deviation: number },
  ): void {
    params[0] = count;
    const at = 1 + knot * this.#width;
    let sum = 0;
    for (let term = 0; term < count; term++) {
      params[at + term] = this.#solution[term]!;
      sum += this.#solution[term]!;
    }
    params[at + count] = this.#solution[count]! * deviation + mean * (1 - sum);
  }

  #shareOf(block: number): Float32Array {
    return this.#without.subarray(block * this.params, (block + 1) * this.params);
  }
}

/** The steps t of a block of the history: first to end in equal parts. */
function blockOf(block: number, first: number, end: number): { from: number; to: number } {
  const length = (end - first) / BLOCKS;
  return {
    from: first + Math.floor(block * length),
    to: first + Math.floor((block + 1) * length),
  };
}

/** The block that the last step before an origin is in. */
function blockAt(origin: number, first: number, end: number): number {
  const block = Math.floor(((origin - 1 - first) * BLOCKS) / (end - first));
  return Math.min(BLOCKS - 1, Math.max(0, block));
}
