import type { Row } from '../model.js';
import { Eight } from '../eight.js';
import { RunningSums } from './running-sums.js';

// Held here: a look at a global on every step is slow where globals are guarded, as in test sandboxes.
const { log, max, min, sqrt } = Math;

/** The latest roots, one by one, newest first. */
const LAGS = 16;
/** Means of the roots so many steps back, from one end to the next. */
const POOL_ENDS = [24, 36, 48, 72, 96, 144, 288] as const;
/** Highest and lowest of the latest so many. */
const EXTREMES = [6, 12, 24, 48] as const;
const SUMMARY = 7;
/** One short season (within most horizons, as the hour of five minutes) and two long ones, as day and week. */
const SEASON_PLACES = 3;
const SHORT_STEPS_MAX = 24;
const SEASON_FACTS = 6;
const SEASON_LOOKS = 10;
/** Of those, the first, which the slot alone decides. */
const SLOT_LOOKS = 6;
const STEP_FACTS = 6;
/** Of the same slot: as many as `Eight` has room for. */
const CYCLES_MAX = 8;
/** A level is the mean of so many steps. */
const LEVEL_STEPS = 6;
/** The centre is taken over the shortest long season, else over so many steps. */
const SPAN_STEPS = 144;
/** Of the spread, at least this share of the level: a constant load has none. */
const SPREAD_MIN = 1e-4;
const CLIP = 10;
const STEPS_MAX = 2016;
/** What is left of the last deviation after a step, slow to fast. */
const DECAYS = { fast: 0.7, slow: 0.93, level: 0.97 } as const;

/** Numbers that describe a history as a whole. */
export const CONTEXT_INPUTS =
  LAGS + POOL_ENDS.length + 2 * EXTREMES.length + SUMMARY + SEASON_PLACES * SEASON_FACTS;
/** Numbers that describe one step of the horizon. */
export const STEP_INPUTS = SEASON_PLACES * SEASON_LOOKS + STEP_FACTS;

/** How roots become numbers that know no unit: (root − centre) ÷ spread. */
export interface Gauge {
  centre: number;
  /** 0: nothing but zeros are known. */
  spread: number;
  /** 1 ÷ spread; 0 if that is 0. */
  perSpread: number;
  /**
   * How well the history is known from itself: the smallest mean change from step to step, or from season to
   * season, as a share of the spread; what nobody need miss by more.
   */
  unrest: number;
}

interface SeasonPlace {
  readonly steps: number;
  /** Running sums, of `RunningSums`. */
  readonly misses: Float64Array;
  /** By step of the horizon, from 0: so far before it is the nearest same slot before the origin. */
  readonly backs: Int32Array;
  /** By step that is described: 1 where one before it is in the same slot. */
  readonly repeats: Uint8Array;
}

export interface InputsShape {
  readonly historySteps: number;
  /** Lengths of seasons in steps, ascending; those that fit no place are left out. */
  readonly seasons: readonly number[];
  /** Steps of the horizon that are described, from 1, ascending. */
  readonly steps: readonly number[];
}

/**
 * What the network sees of a history before an origin: lags, means, extremes and, for each step of the
 * horizon, the same slots of earlier seasons – all of it roots, centred and scaled by the history's own level
 * and spread, so that c·x looks like x. What is not there is filled in with the level, and a flag says so.
 */
export class Inputs {
  readonly #historySteps: number;
  readonly #steps: readonly number[];
  /** By step of the horizon that is described. */
  readonly #fades: readonly Fades[];
  readonly #places: readonly (SeasonPlace | undefined)[];
  readonly #span: number;
  /** How far before an origin running sums are looked up, but for those of the whole history. */
  readonly #reach: number;
  readonly #sums: RunningSums;
  readonly #slot = new Eight();
  #roots: Float32Array = new Float32Array(0);
  #start = 0;

  constructor({ historySteps, seasons, steps }: InputsShape) {
    this.#historySteps = historySteps;
    this.#steps = steps;
    this.#fades = steps.map((h) => ({
      fast: DECAYS.fast ** h,
      slow: DECAYS.slow ** h,
      level: DECAYS.level ** h,
      log: log(h) / 3,
      inverse: 1 / h,
    }));
    const lengths = placesOf(seasons);
    this.#sums = new RunningSums(historySteps, lengths);
    this.#places = lengths.map((length, at) =>
      length === undefined
        ? undefined
        : { ...placeOf(length, steps), misses: this.#sums.misses[at]! },
    );
    this.#span = this.#places[1]?.steps ?? SPAN_STEPS;
    // Of a season that the history does not hold three times all misses are looked at.
    const recent = lengths.map((length = 0) => (3 * length < historySteps ? 2 * length : 0));
    this.#reach = max(this.#span, POOL_ENDS[POOL_ENDS.length - 1]!, ...recent);
  }

  /**
   * Looks at this history from now on.
   * @param earliest the first origin that will be asked: running sums are kept from as far before it as is looked
   */
  take({ roots, start }: Pick<Row, 'roots' | 'start'>, earliest: number): void {
    this.#roots = roots;
    this.#start = start;
    this.#sums.take(roots, start, max(start, earliest - this.#reach));
  }

  /**
   * Writes what there is to see before `origin`, from `contextAt` and `stepsAt` on.
   * @param origin at least one step after the start of the history
   */
  write(origin: number, context: Float32Array, contextAt: number, into: StepsInto): Gauge {
    const gauge = this.#gauge(origin);
    this.#describeHistory(origin, gauge, context, contextAt);
    this.#describeSteps(origin, gauge, into.values, into.at);
    return gauge;
  }

  #gauge(origin: number): Gauge {
    const near = max(this.#start, origin - this.#span);
    const centre = this.#mean(near, origin);
    const variance = (this.#variance(near, origin) + this.#variance(this.#start, origin)) / 2;
    const spread = sqrt(variance) + SPREAD_MIN * centre;
    let miss = this.#sums.changes[origin]! / (origin - this.#start);
    for (const place of this.#places) {
      const count = place === undefined ? 0 : origin - this.#start - place.steps;
      if (place !== undefined && count > 0) miss = min(miss, place.misses[origin]! / count);
    }
    const perSpread = spread > 0 ? 1 / spread : 0;
    return { centre, spread, perSpread, unrest: spread > 0 ? miss * perSpread : 1 };
  }

  #describeHistory(origin: number, gauge: Gauge, into: Float32Array, from: number): void {
    const roots = this.#roots;
    const start = this.#start;
    const length = origin - start;
    const scaled = (root: number): number => scale(root, gauge);
    let at = from;
    for (let lag = 1; lag <= LAGS; lag++) {
      into[at++] = scaled(roots[max(start, origin - lag)]!);
    }
    let newer = LAGS;
    for (const older of POOL_ENDS) {
      const first = max(start, origin - older);
      const last = max(start + 1, origin - newer);
      into[at++] = scaled(first < last ? this.#mean(first, last) : this.#mean(start, origin));
      newer = older;
    }
    let highest = -Infinity;
    let lowest = Infinity;
    let seen = 0;
    for (const steps of EXTREMES) {
      for (; seen < min(steps, length); seen++) {
        const root = roots[origin - 1 - seen]!;
        highest = max(highest, root);
        lowest = min(lowest, root);
      }
      into[at++] = scaled(highest);
      into[at++] = scaled(lowest);
    }
    const { perSpread } = gauge;
    const spreadOf = (steps: number): number =>
      sqrt(this.#variance(max(start, origin - steps), origin)) * perSpread;
    const changeOf = (steps: number): number => {
      const first = max(start, origin - steps);
      return (
        ((this.#sums.changes[origin]! - this.#sums.changes[first]!) / (origin - first)) * perSpread
      );
    };
    into[at++] = scaled(0);
    into[at++] = scaled(this.#mean(start, origin));
    into[at++] = clip(spreadOf(12));
    into[at++] = clip(spreadOf(48));
    into[at++] = clip(changeOf(24));
    into[at++] = clip(changeOf(length));
    into[at++] = log(length / STEPS_MAX) / 4;
    for (const place of this.#places) {
      this.#describeSeason(place, origin, gauge, into, at);
      at += SEASON_FACTS;
    }
  }

  #describeSeason(
    place: SeasonPlace | undefined,
    origin: number,
    gauge: Gauge,
    into: Float32Array,
    at: number,
  ): void {
    const cycles = place === undefined ? 0 : (origin - this.#start) / place.steps;
    if (place === undefined || cycles < 1) {
      into.fill(0, at, at + SEASON_FACTS);
      return;
    }
    const { steps, misses } = place;
    const oldest = this.#start + steps;
    const first = max(oldest, origin - 2 * steps);
    const count = origin - first;
    const before = first === oldest ? 0 : misses[first]!;
    const miss = count > 0 ? (misses[origin]! - before) / count : gauge.spread;
    const all = origin - this.#start - steps;
    const missAll = all > 0 ? misses[origin]! / all : gauge.spread;
    const then = origin - steps;
    into[at] = 1;
    into[at + 1] = log(cycles);
    into[at + 2] = log(steps) / 4;
    into[at + 3] = clip(miss * gauge.perSpread);
    into[at + 4] = clip(missAll * gauge.perSpread);
    into[at + 5] = then > this.#start ? scale(this.#levelAt(then), gauge) : 0;
  }

  #describeSteps(origin: number, gauge: Gauge, into: Float32Array, from: number): void {
    const roots = this.#roots;
    const start = this.#start;
    const last = scale(roots[origin - 1]!, gauge);
    const level = scale(this.#levelAt(origin), gauge);
    for (const [p, place] of this.#places.entries()) {
      this.#describeSlots(place, { origin, gauge, last, level }, into, from + p * SEASON_LOOKS);
    }
    let highest = -Infinity;
    let seen = 0;
    for (let k = 0; k < this.#steps.length; k++) {
      const h = this.#steps[k]!;
      let at = from + k * STEP_INPUTS + SEASON_PLACES * SEASON_LOOKS;
      for (; seen < min(h, origin - start); seen++) {
        highest = max(highest, roots[origin - 1 - seen]!);
      }
      into[at++] = scale(highest, gauge);
      const fades = this.#fades[k]!;
      into[at++] = fades.log;
      into[at++] = fades.inverse;
      into[at++] = last * fades.fast;
      into[at++] = last * fades.slow;
      into[at++] = level * fades.level;
    }
  }

  /** Of one season, for each step: the nearest slots before, middle and highest of all, and the highest so far. */
  #describeSlots(
    place: SeasonPlace | undefined,
    { origin, gauge, last, level }: Present,
    into: Float32Array,
    from: number,
  ): void {
    const roots = this.#roots;
    const start = this.#start;
    const steps = this.#steps;
    if (place === undefined) {
      for (let k = 0; k < steps.length; k++) leaveOut(level, into, from + k * STEP_INPUTS);
      return;
    }
    const { steps: season, backs, repeats } = place;
    let highestNear = -Infinity;
    let highestAll = -Infinity;
    let seen = 0;
    const then = origin - season;
    const isKnown = then > start;
    const lastMiss = isKnown ? last - scale(roots[then - 1]!, gauge) : 0;
    const levelMiss = isKnown ? level - scale(this.#levelAt(then), gauge) : 0;
    for (let k = 0; k < steps.length; k++) {
      const h = steps[k]!;
      const at = from + k * STEP_INPUTS;
      const near = origin + h - 1 - backs[h - 1]!;
      if (near < start) {
        leaveOut(level, into, at);
        continue;
      }
      // The slots of steps between those described count for the highest, too.
      for (; seen < h; seen++) {
        const same = origin + seen - backs[seen]!;
        if (same >= start && roots[same]! > highestNear) highestNear = roots[same]!;
      }
      if (repeats[k] === 1) {
        // A season earlier in the horizon the slot is the same, and counts already.
        const before = at - season * STEP_INPUTS;
        for (let look = 0; look < SLOT_LOOKS; look++) into[at + look] = into[before + look]!;
      } else {
        const highest = this.#lookAtSlot(near, season);
        if (highest > highestAll) highestAll = highest;
        into[at] = scale(roots[near]!, gauge);
        into[at + 1] = scale(roots[near > start ? near - 1 : start]!, gauge);
        into[at + 2] = scale(roots[near + 1 < origin ? near + 1 : origin - 1]!, gauge);
        into[at + 3] = scale(roots[near - season >= start ? near - season : near]!, gauge);
        into[at + 4] = scale(this.#slot.quantile(0.5), gauge);
        into[at + 5] = scale(highest, gauge);
      }
      const fades = this.#fades[k]!;
      into[at + 6] = scale(highestNear, gauge);
      into[at + 7] = scale(highestAll, gauge);
      into[at + 8] = lastMiss * fades.slow;
      into[at + 9] = levelMiss * fades.level;
    }
  }

  /** Fills the slot that a step is in; returns the highest of it. */
  #lookAtSlot(near: number, season: number): number {
    const slot = this.#slot;
    const roots = this.#roots;
    const start = this.#start;
    let count = 0;
    for (let step = near; step >= start && count < CYCLES_MAX; step -= season) {
      slot.values[count++] = roots[step]!;
    }
    slot.sort(count);
    return slot.values[count - 1]!;
  }

  #levelAt(step: number): number {
    const from = max(this.#start, step - LEVEL_STEPS);
    let sum = 0;
    for (let at = from; at < step; at++) sum += this.#roots[at]!;
    return sum / (step - from);
  }

  #mean(from: number, to: number): number {
    return (this.#sums.roots[to]! - this.#sums.roots[from]!) / (to - from);
  }

  #variance(from: number, to: number): number {
    const mean = this.#mean(from, to);
    return max(
      0,
      (this.#sums.squares[to]! - this.#sums.squares[from]!) / (to - from) - mean * mean,
    );
  }
}

/** What a step of the horizon is told of how far ahead it is. */
interface Fades {
  readonly fast: number;
  readonly slow: number;
  readonly level: number;
  readonly log: number;
  readonly inverse: number;
}

/** Of the moment at an origin; `last` and `level` in the units of the inputs. */
interface Present {
  readonly origin: number;
  readonly gauge: Gauge;
  readonly last: number;
  readonly level: number;
}

/** Where the numbers of all steps of an origin go, one step after the other. */
export interface StepsInto {
  readonly values: Float32Array;
  readonly at: number;
}

/** The root that a number of the network stands for. */
export function unscale(
  value: number,
  { centre, spread }: Pick<Gauge, 'centre' | 'spread'>,
): number {
  return max(0, centre + spread * value);
}

export function scale(
  root: number,
  { centre, perSpread }: Pick<Gauge, 'centre' | 'perSpread'>,
): number {
  return clip((root - centre) * perSpread);
}

function clip(value: number): number {
  return value > CLIP ? CLIP : value < -CLIP ? -CLIP : value;
}

/** Of a step whose slot nobody knows. */
function leaveOut(level: number, into: Float32Array, at: number): void {
  for (let look = 0; look < SEASON_LOOKS - 2; look++) into[at + look] = level;
  into[at + SEASON_LOOKS - 2] = 0;
  into[at + SEASON_LOOKS - 1] = 0;
}

function placeOf(season: number, steps: readonly number[]): Omit<SeasonPlace, 'misses'> {
  const backOf = (step: number): number => season * (1 + Math.floor(step / season));
  const isRepeated = (h: number, k: number): boolean =>
    h > season && steps[k - season] === h - season;
  return {
    steps: season,
    backs: Int32Array.from({ length: steps.at(-1)! }, (_, step) => backOf(step)),
    repeats: Uint8Array.from(steps, (h, k) => +isRepeated(h, k)),
  };
}

function placesOf(seasons: readonly number[]): (number | undefined)[] {
  const short = seasons.filter((steps) => steps < SHORT_STEPS_MAX);
  const long = seasons.filter((steps) => steps >= SHORT_STEPS_MAX);
  return [short.at(-1), long[0], long[1]];
}
