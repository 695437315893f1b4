// Held here: a look at a global on every step is slow where globals are guarded, as in test sandboxes.
const { max, min } = Math;

/** Steps from `from` up to, not including, `to`. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** Distances whose sums are made together, side by side: each waits for itself alone, and neighbours are asked together. */
const LANES = 4;
/** Sums are kept before every so many steps; the few products between are added when a sum is looked up, in the same order. */
const KEPT_STEPS = 4;

/**
 * Sums of products of a series with itself, shifted: what every Gram matrix of a regression on lags is made
 * of. For each distance d the running sums of x(t)·x(t − d) are made once; then any window of any pair
 * of lags costs one subtraction, and so does leaving a block out.
 */
export class ShiftedProducts {
  /** Running sums of `LANES` neighbouring distances: `bank[t ÷ KEPT_STEPS · LANES + lane]` is over the steps before t of the nearer factor. */
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
    let begun = NaN;
    let ended = NaN;
    let before = 0;
    let upTo = 0;
    for (let w = 0; w < windows.length; w++) {
      const { from, to } = windows[w]!;
      // Many begin or end where the one before does.
      if (from !== begun) before = this.#sumBefore((begun = from) + nearer, distance, bank, lane);
      if (to !== ended) upTo = this.#sumBefore((ended = to) + nearer, distance, bank, lane);
      into[w]![at] = to > from ? upTo - before : 0;
    }
  }

  #sumBefore(step: number, distance: number, bank: Float64Array, lane: number): number {
    const values = this.#values;
    const kept = (step - (step % KEPT_STEPS)) / KEPT_STEPS;
    let sum = bank[kept * LANES + lane]!;
    for (let t = max(kept * KEPT_STEPS, this.#start + distance); t < step; t++) {
      sum += values[t]! * values[t - distance]!;
    }
    return sum;
  }

  #bankOf(index: number): Float64Array {
    const known = this.#banks[index];
    if (known !== undefined) return known;
    const bank =
      this.#spare.pop() ?? new Float64Array((Math.floor(this.steps / KEPT_STEPS) + 1) * LANES);
    this.#fill(bank, index * LANES);
    this.#banks[index] = bank;
    this.#filled.push(index);
    return bank;
  }

  /** @param nearest the first of its distances; each begins so many steps after the start */
  #fill(bank: Float64Array, nearest: number): void {
    const values = this.#values;
    const { steps } = this;
    const first = this.#start + nearest;
    // From here on all lanes have begun.
    const begun = min(steps, Math.ceil((first + LANES - 1) / KEPT_STEPS) * KEPT_STEPS);
    for (let lane = 0; lane < LANES; lane++) {
      let sum = 0;
      for (let t = first - (first % KEPT_STEPS); t <= begun; t++) {
        if (t % KEPT_STEPS === 0) bank[(t / KEPT_STEPS) * LANES + lane] = sum;
        if (t >= first + lane && t < begun) sum += values[t]! * values[t - nearest - lane]!;
      }
    }
    let at = (begun / KEPT_STEPS) * LANES;
    let sum0 = bank[at]!;
    let sum1 = bank[at + 1]!;
    let sum2 = bank[at + 2]!;
    let sum3 = bank[at + 3]!;
    let before1 = values[begun - nearest - 1]!;
    let before2 = values[begun - nearest - 2]!;
    let before3 = values[begun - nearest - 3]!;
    for (let t = begun; t + KEPT_STEPS <= steps; t += KEPT_STEPS) {
      const near0 = values[t]!;
      const near1 = values[t + 1]!;
      const near2 = values[t + 2]!;
      const near3 = values[t + 3]!;
      const far0 = values[t - nearest]!;
      const far1 = values[t - nearest + 1]!;
      const far2 = values[t - nearest + 2]!;
      const far3 = values[t - nearest + 3]!;
      sum0 = sum0 + near0 * far0 + near1 * far1 + near2 * far2 + near3 * far3;
      sum1 = sum1 + near0 * before1 + near1 * far0 + near2 * far1 + near3 * far2;
      sum2 = sum2 + near0 * before2 + near1 * before1 + near2 * far0 + near3 * far1;
      sum3 = sum3 + near0 * before3 + near1 * before2 + near2 * before1 + near3 * far0;
      before1 = far3;
      before2 = far2;
      before3 = far1;
      at += LANES;
      bank[at] = sum0;
      bank[at + 1] = sum1;
      bank[at + 2] = sum2;
      bank[at + 3] = sum3;
    }
  }
}
