// Held here: a look at a global on every step is slow where globals are guarded, as in test sandboxes.
const { abs, max, min } = Math;

/** What is compared: the latest steps before an end. */
export const PATTERN_STEPS = 16;
export const NEIGHBOURS = 8;
/** Weights of the steps, newest first, fall from 1.5 to 0.5. Of each sum of four steps the least weight, which its oldest step has: */
const LIGHTEST_0 = 1.3125;
const LIGHTEST_1 = 1.0625;
const LIGHTEST_2 = 0.8125;
const LIGHTEST_3 = 0.5625;
/** So many candidates are sifted at a time; those after them by what these were found to be. */
const SIFTED = 256;
/** Every so many candidates are looked at first: often the same time of an hour or a day. */
const SAMPLED_STEPS = 12;
/** No rounding may leave out what is as near as the farthest of the sample. */
const ROUNDING = 1e-9;

/** Ends of patterns, both included. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

interface Sieve {
  /** Every so many candidates. */
  readonly stride: number;
  readonly nearerThan: number;
}

/**
 * Finds the moments of a history that looked most like another one: distance = Σ w(i)·|root(o − i) − root(e − i)|. Of two next to each
 * other the nearer one counts, for they would be the same moment twice. `end` is always the first step after a pattern.
 *
 * Most candidates are given up at a first look: gists, which are weighed sums of the pattern, differ by no more than sums of four steps
 * do, and those by no more than the steps. How near they must be is first asked of a few.
 */
export class Patterns {
  /** Of those found, the nearest first: where they end. */
  readonly ends = new Int32Array(NEIGHBOURS);
  readonly #distances = new Float64Array(NEIGHBOURS);
  #count = 0;
  /** So far away must a candidate not be. */
  #limit = Infinity;
  /** Where the one ends that was kept last. */
  #keptLast = 0;
  readonly #roots: Float64Array;
  /** By step: the sum of the latest few roots up to it. */
  readonly #sums: Float64Array;
  /** By end: its sums, each times the least weight of its steps. */
  readonly #gists: Float64Array;
  /** Candidates that are still in question, latest first. */
  readonly #found = new Int32Array(SIFTED);

  constructor(historySteps: number) {
    this.#roots = new Float64Array(historySteps);
    this.#sums = new Float64Array(historySteps);
    this.#gists = new Float64Array(historySteps + 1);
  }

  /** Another history, of which only steps from `start` on are read. */
  take(history: Float32Array, start: number): void {
    const roots = this.#roots;
    const sums = this.#sums;
    const gists = this.#gists;
    let before1 = 0;
    let before2 = 0;
    let before3 = 0;
    const end = roots.length;
    const first = min(end, start + PATTERN_STEPS - 1);
    for (let at = start; at < first; at++) {
      const root = history[at]!;
      roots[at] = root;
      sums[at] = root + before1 + before2 + before3;
      before3 = before2;
      before2 = before1;
      before1 = root;
    }
    for (let at = first; at < end; at++) {
      const root = history[at]!;
      const sum = root + before1 + before2 + before3;
      roots[at] = root;
      sums[at] = sum;
      before3 = before2;
      before2 = before1;
      before1 = root;
      gists[at + 1] =
        LIGHTEST_0 * sum +
        LIGHTEST_1 * sums[at - 4]! +
        LIGHTEST_2 * sums[at - 8]! +
        LIGHTEST_3 * sums[at - 12]!;
    }
  }

  /** Looks in these spans, the latest of each first, for what is like the pattern that ends at `origin`; returns how many `ends` there are. */
  find(origin: number, spans: readonly Span[]): number {
    this.#search(origin, spans, { stride: SAMPLED_STEPS, nearerThan: Infinity });
    const nearerThan = this.#bound() * (1 + ROUNDING) + Number.MIN_VALUE;
    this.#search(origin, spans, { stride: 1, nearerThan });
    if (this.#count < NEIGHBOURS && nearerThan < Infinity) {
      this.#search(origin, spans, { stride: 1, nearerThan: Infinity });
    }
    return this.#count;
  }

  #search(origin: number, spans: readonly Span[], { stride, nearerThan }: Sieve): void {
    this.#count = 0;
    this.#limit = nearerThan;
    for (const { from, to } of spans) {
      this.#keptLast = Infinity;
      for (let last = to; last >= from; last -= SIFTED) {
        const sifted = this.#sift(origin, max(from, last - SIFTED + 1), last, stride);
        this.#compare(origin, this.#narrow(origin, sifted));
      }
    }
  }

  /** Ends whose gists are near enough, without a branch that nobody could foresee. */
  #sift(origin: number, from: number, to: number, stride: number): number {
    const gists = this.#gists;
    const found = this.#found;
    const gist = gists[origin]!;
    const bound = this.#bound();
    let count = 0;
    for (let end = to; end >= from; end -= stride) {
      found[count] = end;
      count += +(abs(gist - gists[end]!) < bound);
    }
    return count;
  }

  /** Of those, the ones whose sums are near enough. */
  #narrow(origin: number, sifted: number): number {
    const sums = this.#sums;
    const found = this.#found;
    const sum0 = sums[origin - 1]!;
    const sum1 = sums[origin - 5]!;
    const sum2 = sums[origin - 9]!;
    const sum3 = sums[origin - 13]!;
    const bound = this.#bound();
    let count = 0;
    for (let next = 0; next < sifted; next++) {
      const end = found[next]!;
      const least =
        LIGHTEST_0 * abs(sum0 - sums[end - 1]!) +
        LIGHTEST_1 * abs(sum1 - sums[end - 5]!) +
        LIGHTEST_2 * abs(sum2 - sums[end - 9]!) +
        LIGHTEST_3 * abs(sum3 - sums[end - 13]!);
      found[count] = end;
      count += +(least < bound);
    }
    return count;
  }

  /** Of those, the ones that are near enough: few of them are not, and to give them up halfway costs more than it saves. */
  #compare(origin: number, narrowed: number): void {
    const roots = this.#roots;
    const found = this.#found;
    const p0 = roots[origin - 1]!;
    const p1 = roots[origin - 2]!;
    const p2 = roots[origin - 3]!;
    const p3 = roots[origin - 4]!;
    const p4 = roots[origin - 5]!;
    const p5 = roots[origin - 6]!;
    const p6 = roots[origin - 7]!;
    const p7 = roots[origin - 8]!;
    const p8 = roots[origin - 9]!;
    const p9 = roots[origin - 10]!;
    const p10 = roots[origin - 11]!;
    const p11 = roots[origin - 12]!;
    const p12 = roots[origin - 13]!;
    const p13 = roots[origin - 14]!;
    const p14 = roots[origin - 15]!;
    const p15 = roots[origin - 16]!;
    let bound = this.#bound();
    for (let next = 0; next < narrowed; next++) {
      const end = found[next]!;
      let distance =
        1.5 * abs(p0 - roots[end - 1]!) +
        1.4375 * abs(p1 - roots[end - 2]!) +
        1.375 * abs(p2 - roots[end - 3]!) +
        1.3125 * abs(p3 - roots[end - 4]!);
      distance +=
        1.25 * abs(p4 - roots[end - 5]!) +
        1.1875 * abs(p5 - roots[end - 6]!) +
        1.125 * abs(p6 - roots[end - 7]!) +
        1.0625 * abs(p7 - roots[end - 8]!);
      distance +=
        1.0 * abs(p8 - roots[end - 9]!) +
        0.9375 * abs(p9 - roots[end - 10]!) +
        0.875 * abs(p10 - roots[end - 11]!) +
        0.8125 * abs(p11 - roots[end - 12]!);
      distance +=
        0.75 * abs(p12 - roots[end - 13]!) +
        0.6875 * abs(p13 - roots[end - 14]!) +
        0.625 * abs(p14 - roots[end - 15]!) +
        0.5625 * abs(p15 - roots[end - 16]!);
      if (distance >= bound) continue;
      this.#keep(distance, end);
      bound = this.#bound();
    }
  }

  /** So far away must one be to be kept. */
  #bound(): number {
    return this.#count < NEIGHBOURS
      ? this.#limit
      : min(this.#limit, this.#distances[NEIGHBOURS - 1]!);
  }

  #keep(distance: number, end: number): void {
    const distances = this.#distances;
    const ends = this.ends;
    let others = this.#count;
    // They come latest first: no other can be next to it but the one kept last, if that is still there.
    if (this.#keptLast === end + 1) {
      let at = others - 1;
      while (at >= 0 && ends[at] !== end + 1) at--;
      if (at >= 0) {
        if (distances[at]! <= distance) return;
        others--;
        for (; at < others; at++) {
          distances[at] = distances[at + 1]!;
          ends[at] = ends[at + 1]!;
        }
      }
    }
    this.#keptLast = end;
    let at = min(others, NEIGHBOURS - 1);
    this.#count = at + 1;
    while (at > 0 && distances[at - 1]! > distance) {
      distances[at] = distances[at - 1]!;
      ends[at] = ends[at - 1]!;
      at--;
    }
    distances[at] = distance;
    ends[at] = end;
  }
}
