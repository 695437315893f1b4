/** Steps from `from` up to, not including, `to`. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/**
 * Sums of products of a series with itself, shifted: what every Gram matrix of a regression on lags is made
 * of. For each distance d the running sums of x(t)·x(t − d) are made once; then any window of any pair
 * of lags costs one subtraction, and so does leaving a block out.
 */
export class ShiftedProducts {
  /** Running sums by distance: `sums[t + 1] − sums[s]` is over steps s…t of the nearer factor. */
  readonly #sums: (Float64Array | undefined)[];
  readonly #distances: number[] = [];
  readonly #spare: Float64Array[] = [];
  readonly #plain: Float64Array;
  #values: Float64Array;
  #start = 0;

  constructor(private readonly steps: number) {
    this.#values = new Float64Array(steps);
    this.#sums = new Array<Float64Array | undefined>(2 * steps);
    this.#plain = new Float64Array(steps + 1);
  }

  /** Begins with another series; only steps from `start` on are read. */
  take(values: Float64Array, start: number): void {
    for (const distance of this.#distances) {
      this.#spare.push(this.#sums[distance]!);
      this.#sums[distance] = undefined;
    }
    this.#distances.length = 0;
    this.#values = values;
    this.#start = start;
    const plain = this.#plain;
    plain[start] = 0;
    for (let t = start; t < this.steps; t++) plain[t + 1] = plain[t]! + values[t]!;
  }

  /** Σ x(t + offset) over the steps t of each window: written to `into[window][at]`. */
  sum(offset: number, windows: readonly Window[], into: readonly Float64Array[], at: number): void {
    for (let w = 0; w < windows.length; w++) {
      const { from, to } = windows[w]!;
      into[w]![at] = to > from ? this.#plain[to + offset]! - this.#plain[from + offset]! : 0;
    }
  }

  /** Σ x(t + offset)·x(t + other) over the steps t of each window. */
  product(
    offset: number,
    other: number,
    windows: readonly Window[],
    into: readonly Float64Array[],
    at: number,
  ): void {
    const nearer = offset > other ? offset : other;
    const sums = this.#sumsOf(nearer - (offset > other ? other : offset));
    for (let w = 0; w < windows.length; w++) {
      const { from, to } = windows[w]!;
      into[w]![at] = to > from ? sums[to + nearer]! - sums[from + nearer]! : 0;
    }
  }

  #sumsOf(distance: number): Float64Array {
    const known = this.#sums[distance];
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
    this.#sums[distance] = sums;
    this.#distances.push(distance);
    return sums;
  }
}
