/**
 * Sums of products of a series with itself, shifted: what every Gram matrix of a regression on lags is made
 * of. For each distance d the running sums of x(t)·x(t − d) are made once; then any window of any pair
 * of lags costs one subtraction, and so does leaving a block out.
 */
export class ShiftedProducts {
  /** Running sums by distance: `sums[t + 1] − sums[s]` is over steps s…t of the nearer factor. */
  readonly #sums = new Map<number, Float64Array>();
  readonly #spare: Float64Array[] = [];
  readonly #plain: Float64Array;
  #values: Float64Array;
  #start = 0;

  constructor(private readonly steps: number) {
    this.#values = new Float64Array(steps);
    this.#plain = new Float64Array(steps + 1);
  }

  /** Begins with another series; only steps from `start` on are read. */
  take(values: Float64Array, start: number): void {
    for (const sums of this.#sums.values()) this.#spare.push(sums);
    this.#sums.clear();
    this.#values = values;
    this.#start = start;
    const plain = this.#plain;
    plain[start] = 0;
    for (let t = start; t < this.steps; t++) plain[t + 1] = plain[t]! + values[t]!;
  }

  /** Σ x(t + offset) over t in [from, to). */
  sum(offset: number, from: number, to: number): number {
    return this.#plain[to + offset]! - this.#plain[from + offset]!;
  }

  /** Σ x(t + offset)·x(t + other) over t in [from, to). */
  product(offset: number, other: number, from: number, to: number): number {
    const nearer = offset > other ? offset : other;
    const sums = this.#sumsOf(nearer - (offset > other ? other : offset));
    return sums[to + nearer]! - sums[from + nearer]!;
  }

  #sumsOf(distance: number): Float64Array {
    const known = this.#sums.get(distance);
    if (known !== undefined) return known;
    const sums = this.#spare.pop() ?? new Float64Array(this.steps + 1);
    const values = this.#values;
    const first = this.#start + distance;
    let sum = 0;
    sums[first] = 0;
    for (let t = first; t < this.steps; t++) {
      sum += values[t]! * values[t - distance]!;
      sums[t + 1] = sum;
    }
    this.#sums.set(distance, sums);
    return sums;
  }
}
