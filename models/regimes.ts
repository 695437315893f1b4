import type { NumberArray } from '../core/disk/arrays.js';
import { lastingShare } from './lasting.js';
import type { Row } from './model.js';

/** So many steps of a forecast are watched. */
const WATCHED_STEPS = 24;
/** So many steps in a row far outside the band, all on one side, are no chance. */
const RUN_STEPS = 3;
/** Far: beyond the band by so many times its half on that side. */
const BEYOND = 1;
/** A smaller change of level is left to the models, which follow it by themselves. */
const CHANGE_MIN = 1.5;
const CHANGE_MAX = 50;
/** Three samples hardly tell times from plus: loads are taken for multiplied unless plus misses this much less. */
const PLUS_CLEARLY = 0.4;
/** Two changes that undo each other to within this share were a burst: nothing remains. */
const UNDONE = 0.35;
/** Where changes of the past have not nearly all lasted, this one is left to the models: lifting a burst costs more than it gains. */
const LASTING_MIN = 0.75;

/**
 * Finds lasting changes of level and lifts the older history to the new one, so that models which have learnt a
 * shape go on with it where the load is now, within a few steps. Each forecast is watched: once three samples in
 * a row lie far outside its band, all above or all below, the samples before them are taken times what now is, or
 * plus it where that explains the samples far better. If the load goes back, so does the history.
 */
export class Regimes {
  /** [slots × watched] of the watched forecast. */
  readonly #low: Float32Array;
  readonly #middle: Float32Array;
  readonly #high: Float32Array;
  /** Steps of it that are over; all: nothing is watched. */
  readonly #age: Uint8Array;
  /** Samples outside in a row, negative if below; and the watched step that the run began at. */
  readonly #run: Int8Array;
  readonly #runFrom: Uint8Array;
  /** Steps since the change that older samples are lifted over; 0: none. */
  readonly #since: Int32Array;
  readonly #factor: Float32Array;
  readonly #offset: Float32Array;

  constructor(capacity: number) {
    this.#low = new Float32Array(capacity * WATCHED_STEPS);
    this.#middle = new Float32Array(capacity * WATCHED_STEPS);
    this.#high = new Float32Array(capacity * WATCHED_STEPS);
    this.#age = new Uint8Array(capacity).fill(WATCHED_STEPS);
    this.#run = new Int8Array(capacity);
    this.#runFrom = new Uint8Array(capacity);
    this.#since = new Int32Array(capacity);
    this.#factor = new Float32Array(capacity).fill(1);
    this.#offset = new Float32Array(capacity);
  }

  /** In a fixed order, to be saved and restored. */
  get arrays(): readonly NumberArray[] {
    return [
      this.#low,
      this.#middle,
      this.#high,
      this.#age,
      this.#run,
      this.#runFrom,
      this.#since,
      this.#factor,
      this.#offset,
    ];
  }

  clear(slot: number): void {
    this.#age[slot] = WATCHED_STEPS;
    this.#run[slot] = 0;
    this.#settle(slot, 0, 1, 0);
  }

  /** Compares a sample with what was said of its step. */
  append(slot: number, value: number): void {
    // Once nothing older is left, `lift` finds nothing to do.
    if (this.#since[slot]! > 0) this.#since[slot]!++;
    const step = this.#age[slot]!;
    if (step === WATCHED_STEPS) return;
    this.#age[slot] = step + 1;
    if (!Number.isFinite(value)) return;
    const at = slot * WATCHED_STEPS + step;
    const middle = this.#middle[at]!;
    const above = this.#high[at]! + BEYOND * (this.#high[at]! - middle);
    const below = this.#low[at]! - BEYOND * (middle - this.#low[at]!);
    const side = value > above ? 1 : value < below ? -1 : 0;
    const run = this.#run[slot]!;
    if (side === 0 || side * run <= 0) this.#runFrom[slot] = step;
    this.#run[slot] = side === 0 ? 0 : side * run > 0 ? run + side : side;
  }

  /** Watches this forecast from now on, unless a run outside the last one is under way. */
  watch(
    slot: number,
    { low, middle, high }: { low: Float32Array; middle: Float32Array; high: Float32Array },
  ): void {
    if (this.#run[slot] !== 0 && this.#age[slot]! < WATCHED_STEPS) return;
    const steps = Math.min(WATCHED_STEPS, middle.length);
    // A short horizon is watched as if it came last, so that its end is the end.
    const from = WATCHED_STEPS - steps;
    const at = slot * WATCHED_STEPS + from;
    this.#low.set(low.subarray(0, steps), at);
    this.#middle.set(middle.subarray(0, steps), at);
    this.#high.set(high.subarray(0, steps), at);
    this.#age[slot] = from;
    this.#run[slot] = 0;
  }

  /** Whether the level has just changed: `adopt` is due. */
  hasChanged(slot: number): boolean {
    return Math.abs(this.#run[slot]!) >= RUN_STEPS;
  }

  /**
   * Takes the change over, if it is one that lasts: from now on the older samples are lifted.
   * @param row of the samples as they were
   * @returns whether the history means another level now
   */
  adopt(slot: number, row: Row): boolean {
    const from = this.#runFrom[slot]!;
    const age = this.#age[slot]!;
    const end = row.values.length;
    const pairs: Pair[] = [];
    for (let step = from; step < age; step++) {
      const at = end - (age - step);
      if (row.isKnown[at] !== 1) continue;
      pairs.push({ said: this.#middle[slot * WATCHED_STEPS + step]!, came: row.values[at]! });
    }
    this.#run[slot] = 0;
    this.#age[slot] = WATCHED_STEPS;
    const change = changeIn(pairs);
    if (change === undefined) return false;
    const since = age - from;
    if (this.#since[slot] === 0) {
      if (lastingShare(row, end - since) < LASTING_MIN) return false;
      this.#settle(slot, since, change.factor, change.offset);
      return true;
    }
    const factor = this.#factor[slot]! * change.factor;
    const offset = this.#offset[slot]! * change.factor + change.offset;
    const isUndone =
      Math.abs(Math.log(factor)) < UNDONE &&
      Math.abs(offset) < UNDONE * Math.max(Math.abs(this.#offset[slot]!), change.level);
    if (isUndone) this.#settle(slot, 0, 1, 0);
    else this.#settle(slot, since, factor, offset);
    return true;
  }

  /** Lifts what lies before the change. */
  lift(slot: number, { values, roots, start }: Row): void {
    const since = this.#since[slot]!;
    if (since === 0) return;
    const factor = this.#factor[slot]!;
    const offset = this.#offset[slot]!;
    for (let step = start; step < values.length - since; step++) {
      const value = Math.max(0, values[step]! * factor + offset);
      values[step] = value;
      roots[step] = Math.sqrt(value);
    }
  }

  #settle(slot: number, since: number, factor: number, offset: number): void {
    this.#since[slot] = since;
    this.#factor[slot] = factor;
    this.#offset[slot] = offset;
  }
}

interface Pair {
  readonly said: number;
  readonly came: number;
}

interface Change {
  readonly factor: number;
  readonly offset: number;
  /** Mean of what came. */
  readonly level: number;
}

/** What turns what was said into what came, times or plus; undefined if it is too little to be a change. */
function changeIn(pairs: readonly Pair[]): Change | undefined {
  const said = meanOf(pairs, (pair) => pair.said);
  const came = meanOf(pairs, (pair) => pair.came);
  if (pairs.length === 0 || said === came) return undefined;
  const ratio = came / said;
  if (ratio < CHANGE_MIN && ratio > 1 / CHANGE_MIN) return undefined;
  const offset = came - said;
  const timesMiss = meanOf(pairs, (pair) => Math.abs(pair.said * ratio - pair.came));
  const plusMiss = meanOf(pairs, (pair) => Math.abs(pair.said + offset - pair.came));
  const isTimes =
    plusMiss > PLUS_CLEARLY * timesMiss && ratio < CHANGE_MAX && ratio > 1 / CHANGE_MAX;
  return isTimes ? { factor: ratio, offset: 0, level: came } : { factor: 1, offset, level: came };
}

function meanOf(pairs: readonly Pair[], valueOf: (pair: Pair) => number): number {
  return pairs.reduce((sum, pair) => sum + valueOf(pair), 0) / pairs.length;
}
