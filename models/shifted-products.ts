/** Steps from `from` up to, not including, `to`. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** Distances whose sums are made together, side by side: each waits for itself alone, and neighbours are asked together. */
const LANES = 4;

/**
 * Sums of products of a series with itself, shifted: what every Gram matrix of a regression on lags is made
 * of. For each distance d the running sums of x(t)·x(t − d) are made once; then any window of any pair
 * of lags costs one subtraction, and so does leaving a block out.
 */
export class ShiftedProducts {
  /**
   * Running sums of `LANES` neighbouring distances: `bank[(t + 1)·LANES + lane] − bank[s·LANES + lane]` is over steps
   * s…t of the nearer factor.
   */
  readonly #banks: (Float64Array | undefined)[];
  readonly #filled: number[] = [];
  readonly #spare: Float64Array[] = [];
  readonly #plain: Float64Array;
  #values: Float64Array;
  #start = 0;

  constructor(private readonly steps: number) {
    this.#values = new Float64Array(steps);
    this.#banks = new Array<Float64Array | undefined>(Math.ceil((2 * steps) / LANES));
    this.#plain = new Float64Array(steps + 1);
  }

  /** Begins with another series; only steps from `start` on are read. */
  take(values: Float64Array, start: number): void {
    for (const bank of this.#filled) {
      this.#spare.push(this.#banks[bank]!);
      this.#banks[bank] = undefined;
    }
    this.#filled.length = 0;
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
    const distance = nearer - (offset > other ? other : offset);
    const lane = distance % LANES;
    const bank = this.#bankOf((distance - lane) / LANES);
    for (let w = 0; w < windows.length; w++) {
      const { from, to } = windows[w]!;
      into[w]![at] =
        to > from ? bank[(to + nearer) * LANES + lane]! - bank[(from + nearer) * LANES + lane]! : 0;
    }
  }

  #bankOf(index: number): Float64Array {
    const known = this.#banks[index];
    if (known !== undefined) return known;
    const bank = this.#spare.pop() ?? new Float64Array((this.steps + 1) * LANES);
    this.#fill(bank, index * LANES);
    this.#banks[index] = bank;
    this.#filled.push(index);
    return bank;
  }

  /** @param nearest the first of its distances; each begins so many steps after the start */
  #fill(bank: Float64Array, nearest: number): void {
    const values = this.#values;
    const first = this.#start + nearest;
    const begun = Math.min(this.steps, first + LANES - 1);
    bank.fill(0, first * LANES, (begun + 1) * LANES);
    for (let lane = 0; lane < LANES; lane++) {
      let sum = 0;
      for (let t = first + lane; t < begun; t++) {
        sum += values[t]! * values[t - nearest - lane]!;
        bank[(t + 1) * LANES + lane] = sum;
      }
    }
    let at = begun * LANES;
    let sum0 = bank[at]!;
    let sum1 = bank[at + 1]!;
    let sum2 = bank[at + 2]!;
    let sum3 = bank[at + 3]!;
    let far1 = values[begun - nearest - 1]!;
    let far2 = values[begun - nearest - 2]!;
    let far3 = values[begun - nearest - 3]!;
    for (let t = begun; t < this.steps; t++) {
      const value = values[t]!;
      const far = values[t - nearest]!;
      sum0 += value * far;
      sum1 += value * far1;
      sum2 += value * far2;
      sum3 += value * far3;
      far3 = far2;
      far2 = far1;
      far1 = far;
      at += LANES;
      bank[at] = sum0;
      bank[at + 1] = sum1;
      bank[at + 2] = sum2;
      bank[at + 3] = sum3;
    }
  }
}
