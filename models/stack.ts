import { strict as assert } from 'node:assert';
import type { CandidatesShape } from './candidates.js';
import { Candidates, peakOf } from './candidates.js';
import type { Row } from './model.js';
import { groupEndsOf } from './targets.js';
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
const NOBODY = 0xff;
const PATHS_MAX = 127;

/** Of many series: which candidates, their shifts and weights, at `((slot · targets + t) · quantiles + q) · KEPT`. */
export interface Choices {
  /** Path · 2, + 1 if shifted among roots; 255: nobody. */
  readonly candidates: Uint8Array;
  readonly shifts: Float32Array;
  readonly weights: Float32Array;
}

export class Stack {
  /** Groups of steps, then the peak. */
  readonly targets: number;
  readonly #shape: CandidatesShape;
  /** By group: the first step after it. */
  readonly #ends: readonly number[];
  /** [origins × horizon] what came; NaN: not known. */
  readonly #actual: Float32Array;
  readonly #judged: Candidates;
  #lossFloor = 0;
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

  constructor(shape: CandidatesShape) {
    const { horizonSteps, origins, paths } = shape;
    assert.ok(paths <= PATHS_MAX, 'a candidate fits into a byte');
    this.#shape = shape;
    this.#ends = groupEndsOf(horizonSteps);
    this.targets = this.#ends.length + 1;
    this.#actual = new Float32Array(origins * horizonSteps);
    this.#judged = new Candidates(shape, this.#actual);
    this.#misses = new Float64Array(origins);
    this.#missCounts = new Uint8Array(origins);
    this.#peaks = new Float32Array(paths);
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
    let from = 0;
    for (const [group, to] of this.#ends.entries()) {
      this.#judged.judgeSteps(said, from, to);
      this.#keep(row.slot, group, choices);
      from = to;
    }
    this.#judged.judgePeaks(said);
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
    this.#judged.begin(origins.reduce((count, origin) => count + (origin >= 0 ? 1 : 0), 0));
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

  /** The best few candidates of each quantile for this target; nobody if none could be judged. */
  #keep(slot: number, target: number, { candidates, shifts, weights }: Choices): void {
    const { quantiles, paths } = this.#shape;
    const { losses, shifts: moved } = this.#judged;
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
        shifts[place + at] = moved[candidate]!;
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
