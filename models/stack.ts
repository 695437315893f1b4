import { strict as assert } from 'node:assert';
import type { Row } from './model.js';
import { select } from './selection.js';
import { weightedMedian } from './weighted-median.js';

// Held here: a look at a global on every step is slow where globals are guarded, as in test sandboxes.
const { abs, max, min, sqrt } = Math;

/**
 * From what models would have said at past origins to weights: who is to be believed, how far ahead, and by
 * how much each is to be shifted.
 *
 * For each quantile and each *target* (a few groups of steps, and the peak over the horizon) every path of
 * every model becomes two candidates: the path moved by the quantile of its own past errors, errors taken as
 * differences of values and of roots (split conformal prediction, Vovk et al. 2005; on roots the spread grows
 * with the load). Candidates are judged by their mean pinball loss on the same origins; the best few are kept
 * with weights loss^−power; the forecast is their weighted median (opinion pools of quantiles, Lichtendahl
 * et al. 2013; a median since one exploding member ruins a mean). The median of the steps is not shifted.
 */

/** Kept candidates of a quantile and target. */
export const KEPT = 6;
const POWER = 8;
/** Of the peak, which few origins tell apart: of its median, and of quantiles further out, of which fewer still do. */
const PEAK_POWERS = { middle: 4, outer: 2 } as const;
/** Lighter ones, beside a best one of 1, hardly move a median: they are let go, and with them whole models. */
const WEIGHT_MIN = 0.05;
/** Losses closer than this share of the mean load are the same: with constant loads all are zero. */
const LOSS_FLOOR = 1e-6;
/** Ends of the groups of steps; the last group goes to the end of the horizon. */
const GROUP_ENDS = [3, 12, 48, 144] as const;
/** So many steps of a group are compared at an origin: neighbours miss by about the same. */
const SAMPLED_STEPS = 6;
/** For quantiles of steps so large a part of the origins counts: errors of neighbours are alike, and those who made the least were chosen. */
const STEPS_ALONE = 0.5;
/** Quantiles whose losses are added up side by side. */
const AT_ONCE = 3;
const NOBODY = 0xff;
const PATHS_MAX = 127;

/** Of many series: which candidates, their shifts and weights, at `((slot · targets + t) · quantiles + q) · KEPT`. */
export interface Choices {
  /** Path · 2, + 1 if shifted among roots; 255: nobody. */
  readonly candidates: Uint8Array;
  readonly shifts: Float32Array;
  readonly weights: Float32Array;
}

export interface StackShape {
  readonly horizonSteps: number;
  /** Origins of a rehearsal. */
  readonly origins: number;
  /** Paths of all models together, at most 127. */
  readonly paths: number;
  /** Ascending, 0.5 among them. */
  readonly quantiles: readonly number[];
}

/** What came of one target, and where: cells of what was said, or for peaks the first cells of horizons. */
interface Came {
  readonly cells: Int32Array;
  readonly values: Float32Array;
  readonly roots: Float32Array;
  count: number;
}

/** What one path said of a target and by how much it missed what came, as values and as roots. */
interface Pairs {
  readonly came: Float32Array;
  readonly said: Float32Array;
  readonly saidRoots: Float32Array;
  /** To be reordered, each. */
  readonly errors: Float32Array;
  readonly rootErrors: Float32Array;
  count: number;
}

export class Stack {
  /** Groups of steps, then the peak. */
  readonly targets: number;
  readonly #shape: StackShape;
  /** By group: the first step after it. */
  readonly #ends: readonly number[];
  /** [origins × horizon] what came; NaN: not known. */
  readonly #actual: Float32Array;
  readonly #came: Came;
  readonly #pairs: Pairs;
  #lossFloor = 0;
  #originsKnown = 0;
  /** [quantiles × candidates] */
  readonly #losses: Float64Array;
  readonly #shifts: Float64Array;
  readonly #misses: Float64Array;
  /** Of each path. */
  readonly #peaks: Float32Array;
  readonly #values = new Float64Array(KEPT);
  readonly #weights = new Float64Array(KEPT);
  readonly #missCounts: Uint8Array;
  /** The candidates that `pooled` asks, as they were called by `seat`. */
  readonly #paths = new Uint8Array(KEPT);
  readonly #isRoot = new Uint8Array(KEPT);
  readonly #seatShifts = new Float64Array(KEPT);
  readonly #seatWeights = new Float64Array(KEPT);
  #seated = 0;

  constructor(shape: StackShape) {
    const { horizonSteps, origins, paths, quantiles } = shape;
    assert.ok(paths <= PATHS_MAX, 'a candidate fits into a byte');
    this.#shape = shape;
    this.#ends = [...GROUP_ENDS.filter((end) => end < horizonSteps), horizonSteps];
    this.targets = this.#ends.length + 1;
    const cells = origins * horizonSteps;
    const room = (): Float32Array => new Float32Array(cells);
    this.#actual = room();
    this.#came = { cells: new Int32Array(cells), values: room(), roots: room(), count: 0 };
    this.#pairs = {
      came: room(),
      said: room(),
      saidRoots: room(),
      errors: room(),
      rootErrors: room(),
      count: 0,
    };
    this.#misses = new Float64Array(origins);
    this.#missCounts = new Uint8Array(origins);
    this.#peaks = new Float32Array(paths);
    this.#losses = new Float64Array(quantiles.length * paths * 2);
    this.#shifts = new Float64Array(quantiles.length * paths * 2);
  }

  /** Room for the choices of so many series. */
  choicesOf(slots: number): Choices {
    const length = slots * this.targets * this.#shape.quantiles.length * KEPT;
    return {
      candidates: new Uint8Array(length).fill(NOBODY),
      shifts: new Float32Array(length),
      weights: new Float32Array(length),
    };
  }

  /** @param said what all paths would have said at the row's origins: [paths × origins × horizon] */
  choose(row: Row, said: Float32Array, choices: Choices): void {
    this.#takeActual(row);
    const { paths } = this.#shape;
    let from = 0;
    for (const [group, to] of this.#ends.entries()) {
      this.#takeSteps(from, to);
      for (let path = 0; path < paths; path++) {
        this.#pairSteps(said, path);
        this.#judge(path, true);
      }
      this.#keep(row.slot, group, choices);
      from = to;
    }
    this.#takePeaks();
    for (let path = 0; path < paths; path++) {
      this.#pairPeaks(said, path);
      this.#judge(path, false);
    }
    this.#keep(row.slot, this.targets - 1, choices);
  }

  /** Whether anybody may speak for this series. */
  isChosen(slot: number, choices: Choices): boolean {
    return choices.candidates[this.#placeOf(slot, 0, 0)] !== NOBODY;
  }

  /** Paths that the choices of a series need; first those of the median of the first steps, the weightiest first. */
  pathsOf(slot: number, { candidates }: Choices): number[] {
    const { quantiles } = this.#shape;
    const from = this.#placeOf(slot, 0, 0);
    const middle = this.#placeOf(slot, 0, quantiles.indexOf(0.5));
    const to = this.#placeOf(slot + 1, 0, 0);
    const all = [
      ...candidates.subarray(middle, middle + KEPT),
      ...candidates.subarray(from, to),
    ].filter((candidate) => candidate !== NOBODY);
    return [...new Set(all.map((candidate) => candidate >> 1))];
  }

  /**
   * One quantile of a series for each step, and of its peak.
   * @param said of the paths: [paths × horizon]
   */
  say(slot: number, q: number, said: Float32Array, choices: Choices, into: Float32Array): number {
    const { horizonSteps } = this.#shape;
    let from = 0;
    for (const [group, to] of this.#ends.entries()) {
      this.#seat(this.#placeOf(slot, group, q), choices);
      for (let h = from; h < to; h++) into[h] = this.#pooled(said, horizonSteps, h);
      from = to;
    }
    this.#seat(this.#placeOf(slot, this.targets - 1, q), choices);
    if (this.#seated === 0) return peakOf(into, 0, horizonSteps);
    for (let at = 0; at < this.#seated; at++) {
      const path = this.#paths[at]!;
      this.#peaks[path] = peakOf(said, path * horizonSteps, horizonSteps);
    }
    return this.#pooled(this.#peaks, 1, 0);
  }

  /**
   * What the median would have missed at each origin: the mean over a few steps of what came less what was
   * said, in units (42 to one) of its own mean size; 0 where nothing is known.
   */
  missed(slot: number, said: Float32Array, choices: Choices, errors: Int8Array): void {
    const { origins, horizonSteps, quantiles } = this.#shape;
    const misses = this.#misses;
    const stride = origins * horizonSteps;
    const middle = quantiles.indexOf(0.5);
    let size = 0;
    let known = 0;
    misses.fill(0);
    this.#missCounts.fill(0);
    let from = 0;
    for (const [group, to] of this.#ends.entries()) {
      const h = (from + to) >> 1;
      from = to;
      this.#seat(this.#placeOf(slot, group, middle), choices);
      for (let k = 0; k < origins; k++) {
        const cell = k * horizonSteps + h;
        const miss = this.#actual[cell]! - this.#pooled(said, stride, cell);
        if (Number.isNaN(miss)) continue;
        misses[k]! += miss;
        this.#missCounts[k]!++;
      }
    }
    for (let k = 0; k < origins; k++) {
      misses[k]! /= this.#missCounts[k]!;
      if (Number.isNaN(misses[k]!)) continue;
      size += abs(misses[k]!);
      known++;
    }
    const unit = known > 0 ? size / known : 0;
    for (let k = 0; k < origins; k++) {
      const error = unit > 0 && !Number.isNaN(misses[k]!) ? misses[k]! / unit : 0;
      errors[k] = Math.round(42 * min(3, max(-3, error)));
    }
  }

  #takeActual({ values, isKnown, origins }: Row): void {
    const { horizonSteps } = this.#shape;
    this.#actual.fill(NaN);
    this.#originsKnown = origins.reduce((count, origin) => count + (origin >= 0 ? 1 : 0), 0);
    let sum = 0;
    let count = 0;
    for (const [k, origin] of origins.entries()) {
      if (origin < 0) continue;
      const to = min(horizonSteps, values.length - origin);
      for (let h = 0; h < to; h++) {
        if (isKnown[origin + h] !== 1) continue;
        this.#actual[k * horizonSteps + h] = values[origin + h]!;
        sum += values[origin + h]!;
        count++;
      }
    }
    this.#lossFloor = count > 0 ? (LOSS_FLOOR * sum) / count + Number.MIN_VALUE : 0;
  }

  /** Judged are a few steps of a group. */
  #takeSteps(from: number, to: number): void {
    const { horizonSteps, origins } = this.#shape;
    const stride = Math.ceil((to - from) / SAMPLED_STEPS);
    this.#came.count = 0;
    for (let k = 0; k < origins; k++) {
      for (let cell = k * horizonSteps + from; cell < k * horizonSteps + to; cell += stride) {
        this.#take(cell, this.#actual[cell]!);
      }
    }
  }

  /** Peaks of horizons that are known by half at least. */
  #takePeaks(): void {
    const { horizonSteps, origins } = this.#shape;
    this.#came.count = 0;
    for (let k = 0; k < origins; k++) {
      const cell = k * horizonSteps;
      let known = 0;
      for (let h = 0; h < horizonSteps; h++) {
        if (!Number.isNaN(this.#actual[cell + h]!)) known++;
      }
      if (known * 2 >= horizonSteps) this.#take(cell, peakOf(this.#actual, cell, horizonSteps));
    }
  }

  #take(cell: number, value: number): void {
    if (Number.isNaN(value)) return;
    const came = this.#came;
    const at = came.count++;
    came.cells[at] = cell;
    came.values[at] = value;
    came.roots[at] = sqrt(value);
  }

  #pairSteps(said: Float32Array, path: number): void {
    const { horizonSteps, origins } = this.#shape;
    const { cells, count } = this.#came;
    const base = path * origins * horizonSteps;
    this.#pairs.count = 0;
    for (let at = 0; at < count; at++) this.#pair(said[base + cells[at]!]!, at);
  }

  #pairPeaks(said: Float32Array, path: number): void {
    const { horizonSteps, origins } = this.#shape;
    const { cells, count } = this.#came;
    const base = path * origins * horizonSteps;
    this.#pairs.count = 0;
    for (let at = 0; at < count; at++) {
      this.#pair(peakOf(said, base + cells[at]!, horizonSteps), at);
    }
  }

  #pair(value: number, of: number): void {
    if (Number.isNaN(value)) return;
    const { values, roots } = this.#came;
    const pairs = this.#pairs;
    const at = pairs.count++;
    pairs.came[at] = values[of]!;
    pairs.said[at] = value;
    pairs.saidRoots[at] = sqrt(value);
    pairs.errors[at] = values[of]! - value;
    pairs.rootErrors[at] = roots[of]! - pairs.saidRoots[at];
  }

  /** Shift and loss of the two candidates that a path makes, for each quantile. */
  #judge(path: number, isStep: boolean): void {
    const { quantiles, paths } = this.#shape;
    const { errors, rootErrors, count } = this.#pairs;
    const alone = this.#originsKnown * (isStep ? STEPS_ALONE : 1);
    const stride = paths * 2;
    for (const isRoot of [false, true]) {
      const candidate = path * 2 + (isRoot ? 1 : 0);
      const missed = (isRoot ? rootErrors : errors).subarray(0, count);
      let smaller = 0;
      for (const [q, quantile] of quantiles.entries()) {
        const at = q * stride + candidate;
        this.#shifts[at] = 0;
        if (isStep && quantile === 0.5) continue;
        const place = placeIn(count, quantile, alone);
        this.#shifts[at] = conformalQuantile(missed, place, smaller);
        smaller = max(0, Math.floor(place));
      }
      for (let q = 0; q < quantiles.length; q += AT_ONCE) this.#weigh(q, candidate, isRoot);
      // The median of the steps is not shifted: once is enough.
      if (isStep && isRoot) this.#losses[quantiles.indexOf(0.5) * stride + candidate] = Infinity;
    }
  }

  /** Mean pinball losses of a candidate from quantile `q` on, `AT_ONCE` of them: no sum waits for the others. */
  #weigh(q: number, candidate: number, isRoot: boolean): void {
    const { quantiles, paths } = this.#shape;
    const { count, said, saidRoots, came } = this.#pairs;
    const last = quantiles.length - 1;
    const atOf = (more: number): number => min(q + more, last) * paths * 2 + candidate;
    const [at0, at1, at2] = [atOf(0), atOf(1), atOf(2)];
    const shift0 = this.#shifts[at0]!;
    const shift1 = this.#shifts[at1]!;
    const shift2 = this.#shifts[at2]!;
    let over0 = 0;
    let over1 = 0;
    let over2 = 0;
    let under0 = 0;
    let under1 = 0;
    let under2 = 0;
    for (let at = 0; at < count; at++) {
      const value = came[at]!;
      let said0: number;
      let said1: number;
      let said2: number;
      if (isRoot) {
        const root = saidRoots[at]!;
        said0 = max(0, root + shift0);
        said1 = max(0, root + shift1);
        said2 = max(0, root + shift2);
        said0 *= said0;
        said1 *= said1;
        said2 *= said2;
      } else {
        said0 = said[at]! + shift0;
        said1 = said[at]! + shift1;
        said2 = said[at]! + shift2;
      }
      const miss0 = value - said0;
      const miss1 = value - said1;
      const miss2 = value - said2;
      const short0 = max(0, miss0);
      const short1 = max(0, miss1);
      const short2 = max(0, miss2);
      under0 += short0;
      under1 += short1;
      under2 += short2;
      over0 += short0 - miss0;
      over1 += short1 - miss1;
      over2 += short2 - miss2;
    }
    const lossOf = (quantile: number, under: number, over: number): number =>
      count === 0 ? Infinity : (quantile * under + (1 - quantile) * over) / count;
    this.#losses[at0] = lossOf(quantiles[q]!, under0, over0);
    this.#losses[at1] = lossOf(quantiles[min(q + 1, last)]!, under1, over1);
    this.#losses[at2] = lossOf(quantiles[min(q + 2, last)]!, under2, over2);
  }

  /** The best few candidates of each quantile for this target; nobody if none could be judged. */
  #keep(slot: number, target: number, { candidates, shifts, weights }: Choices): void {
    const { quantiles, paths } = this.#shape;
    const losses = this.#losses;
    const floor = this.#lossFloor;
    for (let q = 0; q < quantiles.length; q++) {
      const power = this.#powerOf(target, q);
      const place = this.#placeOf(slot, target, q);
      const base = q * paths * 2;
      let kept = 0;
      for (let candidate = 0; candidate < paths * 2; candidate++) {
        const loss = losses[base + candidate]!;
        if (loss === Infinity) continue;
        if (kept === KEPT && loss >= losses[base + candidates[place + KEPT - 1]!]!) continue;
        let at = kept < KEPT ? kept++ : KEPT - 1;
        while (at > 0 && losses[base + candidates[place + at - 1]!]! > loss) {
          candidates[place + at] = candidates[place + at - 1]!;
          at--;
        }
        candidates[place + at] = candidate;
      }
      const best = kept === 0 ? 0 : losses[base + candidates[place]!]!;
      for (let at = 0; at < kept; at++) {
        const candidate = base + candidates[place + at]!;
        const weight = ((best + floor) / (losses[candidate]! + floor)) ** power;
        shifts[place + at] = this.#shifts[candidate]!;
        weights[place + at] = weight;
        if (weight < WEIGHT_MIN) kept = at;
      }
      candidates.fill(NOBODY, place + kept, place + KEPT);
      // A short history says nothing of late steps yet: those who speak for the earlier ones go on.
      if (kept === 0 && target > 0 && target < this.targets - 1) {
        const before = this.#placeOf(slot, target - 1, q);
        candidates.copyWithin(place, before, before + KEPT);
        shifts.copyWithin(place, before, before + KEPT);
        weights.copyWithin(place, before, before + KEPT);
      }
    }
  }

  #powerOf(target: number, q: number): number {
    if (target < this.targets - 1) return POWER;
    return this.#shape.quantiles[q] === 0.5 ? PEAK_POWERS.middle : PEAK_POWERS.outer;
  }

  #placeOf(slot: number, target: number, q: number): number {
    return ((slot * this.targets + target) * this.#shape.quantiles.length + q) * KEPT;
  }

  /** Calls the candidates kept at a place, for `pooled`. */
  #seat(place: number, { candidates, shifts, weights }: Choices): void {
    let at = 0;
    for (; at < KEPT && candidates[place + at] !== NOBODY; at++) {
      const candidate = candidates[place + at]!;
      this.#paths[at] = candidate >> 1;
      this.#isRoot[at] = candidate & 1;
      this.#seatShifts[at] = shifts[place + at]!;
      this.#seatWeights[at] = weights[place + at]!;
    }
    this.#seated = at;
  }

  /**
   * The weighted median of what those called say, NaN left out; NaN if that is nobody.
   * @param said what path p says is `said[p · stride + at]`
   */
  #pooled(said: Float32Array, stride: number, at: number): number {
    let count = 0;
    for (let seat = 0; seat < this.#seated; seat++) {
      const value = said[this.#paths[seat]! * stride + at]!;
      if (Number.isNaN(value)) continue;
      const shift = this.#seatShifts[seat]!;
      let moved = value + shift;
      if (this.#isRoot[seat] === 1) {
        const root = max(0, sqrt(value) + shift);
        moved = root * root;
      }
      this.#values[count] = moved;
      this.#weights[count] = this.#seatWeights[seat]!;
      count++;
    }
    return count === 0 ? NaN : weightedMedian(this.#values, this.#weights, count);
  }
}

/**
 * The error that is large enough in a share q of cases, as far as so few origins can tell: split conformal
 * prediction takes the ⌈(n + 1)·q⌉-th of n, and it is the origins that are independent, not the steps of one.
 * Between the two errors next to the place; the largest (smallest) if there are too few. Errors are
 * reordered; those before `from` are known to be smaller.
 */
function conformalQuantile(errors: Float32Array, place: number, from: number): number {
  const count = errors.length;
  if (count === 0) return NaN;
  const below = min(count - 1, max(0, Math.floor(place)));
  const low = select(errors, below, min(from, below), count);
  const share = min(1, max(0, place - below));
  if (share === 0 || below + 1 === count) return low;
  let high = Infinity;
  for (let at = below + 1; at < count; at++) if (errors[at]! < high) high = errors[at]!;
  return low + share * (high - low);
}

/** Where the quantile stands among `count` sorted errors that count as from `origins` independent origins. */
function placeIn(count: number, quantile: number, origins: number): number {
  const far = Math.abs(quantile - 0.5) * (1 + 1 / origins);
  return (0.5 + Math.sign(quantile - 0.5) * far) * count - 0.5;
}

/** NaN only if all are. */
function peakOf(values: Float32Array, from: number, length: number): number {
  let peak = NaN;
  for (let at = from; at < from + length; at++) {
    if (!(values[at]! <= peak) && !Number.isNaN(values[at]!)) peak = values[at]!;
  }
  return peak;
}
