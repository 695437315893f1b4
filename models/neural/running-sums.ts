// Held here: a look at a global on every step is slow where globals are guarded, as in test sandboxes.
const { abs, max, min } = Math;

/** Seasons at most. */
const SEASONS = 3;

/**
 * Running sums over the roots of a history, in the order of its steps: what is at step t is over the steps before t. All are added up
 * in one walk, side by side: none waits for the others.
 */
export class RunningSums {
  readonly roots: Float64Array;
  readonly squares: Float64Array;
  /** Of |root(t) − root(t − 1)|. */
  readonly changes: Float64Array;
  /** By season: of |root(t) − root(t − season)|, from where the history holds it once. */
  readonly misses: readonly Float64Array[];
  /** Of each season; 0: there is none. */
  readonly #seasons: readonly number[];
  /** While walking: how far back each season is looked at; and the sums so far. */
  readonly #backs = new Int32Array(SEASONS);
  readonly #running = new Float64Array(SEASONS + 3);
  #before = 0;

  /** @param seasons lengths in steps, at most three; undefined: none */
  constructor(historySteps: number, seasons: readonly (number | undefined)[]) {
    const room = (): Float64Array => new Float64Array(historySteps + 1);
    this.roots = room();
    this.squares = room();
    this.changes = room();
    this.#seasons = Array.from({ length: SEASONS }, (_, at) => seasons[at] ?? 0);
    this.misses = this.#seasons.map(room);
  }

  /** @param kept the first step whose sums will be looked up, beside those at the start: 0 */
  take(roots: Float32Array, start: number, kept: number): void {
    const end = roots.length;
    this.roots[start] = this.squares[start] = this.changes[start] = 0;
    this.#running.fill(0);
    this.#before = roots[start]!;
    const begins = this.#seasons.map((steps) => (steps === 0 ? end : min(end, start + steps)));
    let from = start;
    for (const to of [...begins, max(start, kept - 1), end].sort((a, b) => a - b)) {
      if (to === from) continue;
      // Before a season has begun a root is compared with itself, and misses nothing.
      for (let at = 0; at < SEASONS; at++) {
        this.#backs[at] = from < begins[at]! ? 0 : this.#seasons[at]!;
      }
      this.#walk(roots, from, to, from + 1 >= kept);
      from = to;
    }
  }

  #walk(values: Float32Array, from: number, to: number, isKept: boolean): void {
    const { roots, squares, changes } = this;
    const [misses0, misses1, misses2] = this.misses as [Float64Array, Float64Array, Float64Array];
    const running = this.#running;
    const back0 = this.#backs[0]!;
    const back1 = this.#backs[1]!;
    const back2 = this.#backs[2]!;
    let sum = running[0]!;
    let square = running[1]!;
    let change = running[2]!;
    let miss0 = running[3]!;
    let miss1 = running[4]!;
    let miss2 = running[5]!;
    let before = this.#before;
    for (let step = from; step < to; step++) {
      const root = values[step]!;
      sum += root;
      square += root * root;
      change += abs(root - before);
      miss0 += abs(root - values[step - back0]!);
      miss1 += abs(root - values[step - back1]!);
      miss2 += abs(root - values[step - back2]!);
      before = root;
      if (!isKept) continue;
      roots[step + 1] = sum;
      squares[step + 1] = square;
      changes[step + 1] = change;
      misses0[step + 1] = miss0;
      misses1[step + 1] = miss1;
      misses2[step + 1] = miss2;
    }
    this.#before = before;
    running[0] = sum;
    running[1] = square;
    running[2] = change;
    running[3] = miss0;
    running[4] = miss1;
    running[5] = miss2;
  }
}
