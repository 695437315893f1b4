import type { Rng } from '../../core/rng.js';
import {
  between,
  chance,
  gaussian,
  integerBelow,
  pick,
  seedFor,
  SeededRng,
} from '../../core/rng.js';

/*
 * Loads to learn from, made of a seed: unlike those of the demo and the tests they are drawn from a space that is
 * as wide as we can make it, so that what the network learns is how loads behave, not how ours do.
 */

export interface MadeLoad {
  readonly values: Float32Array;
  /** Lengths of the seasons, ascending: the hour, the day, the week, whichever have four steps. */
  readonly seasons: readonly number[];
}

/** Steps a day: of five, ten and thirty minutes, of an hour. */
const RESOLUTIONS = [288, 288, 288, 288, 144, 48, 24, 24] as const;
const LENGTHS: Readonly<Record<number, number>> = { 288: 3600, 144: 2880, 48: 1200, 24: 1600 };
const SEASON_MIN = 4;

/** The load number `index` of this seed. */
export function madeLoad(seed: number, index: number): MadeLoad {
  const rng = new SeededRng(seedFor(seed, `load-${index}`));
  const day = pick(rng, RESOLUTIONS);
  const steps = LENGTHS[day] ?? 0;
  const values = new Float32Array(steps).fill(1);
  for (const { share, shape } of SHAPES) if (chance(rng, share)) shape(values, day, rng);
  wobble(values, rng);
  for (const { share, trouble } of TROUBLES) if (chance(rng, share)) trouble(values, day, rng);
  const size = 10 ** between(rng, -2, 4);
  for (let step = 0; step < steps; step++) values[step] = size * Math.max(0, values[step]!);
  return { values, seasons: seasonsOf(day) };
}

export function seasonsOf(daySteps: number): number[] {
  return [daySteps / 24, daySteps, 7 * daySteps].filter((steps) => steps >= SEASON_MIN);
}

type Change = (values: Float32Array, day: number, rng: Rng) => void;

/** What a load does by itself, each with the share of loads that do it. */
const SHAPES: readonly { readonly share: number; readonly shape: Change }[] = [
  { share: 0.45, shape: people },
  { share: 0.15, shape: waves },
  { share: 0.2, shape: weekends },
  { share: 0.2, shape: weekdays },
  { share: 0.35, shape: dailyJobs },
  { share: 0.12, shape: weeklyJobs },
  { share: 0.45, shape: hourlyJobs },
  { share: 0.15, shape: anyJobs },
  { share: 0.2, shape: drift },
];

/** What befalls it. */
const TROUBLES: readonly { readonly share: number; readonly trouble: Change }[] = [
  { share: 0.3, trouble: wander },
  { share: 0.35, trouble: bursts },
  { share: 0.3, trouble: spikes },
  { share: 0.3, trouble: shifts },
  { share: 0.12, trouble: pauses },
  { share: 0.1, trouble: ceiling },
  { share: 0.08, trouble: rarely },
  { share: 0.15, trouble: whole },
];

/** A hump by day, of any height and width, a little different every day. */
function people(values: Float32Array, day: number, rng: Rng): void {
  const peak = between(rng, 0, 1);
  const width = between(rng, 0.06, 0.3);
  const height = Math.exp(between(rng, -1.5, 2.5));
  const unrest = between(rng, 0, 0.3);
  const today = perCycle(values.length, day, () => Math.exp(unrest * gaussian(rng)));
  for (let step = 0; step < values.length; step++) {
    const apart = Math.abs((step / day - peak) % 1);
    const near = Math.min(apart, 1 - apart);
    values[step]! += height * today(step) * Math.exp(-0.5 * (near / width) ** 2);
  }
}

/** A few harmonics of the day. */
function waves(values: Float32Array, day: number, rng: Rng): void {
  for (let harmonic = 1; harmonic <= 3; harmonic++) {
    const height = between(rng, 0, 0.6) / harmonic;
    const phase = between(rng, 0, 1);
    for (let step = 0; step < values.length; step++) {
      values[step]! *= 1 + height * Math.sin(2 * Math.PI * harmonic * (step / day + phase));
    }
  }
}

function weekends(values: Float32Array, day: number, rng: Rng): void {
  const first = integerBelow(rng, 7);
  const factor = between(rng, 0.1, 1.2);
  for (let step = 0; step < values.length; step++) {
    if ((Math.floor(step / day) + first) % 7 < 2) values[step]! *= factor;
  }
}

/** Each day of the week has its own weight. */
function weekdays(values: Float32Array, day: number, rng: Rng): void {
  const unrest = between(rng, 0.1, 0.7);
  const weights = Float64Array.from({ length: 7 }, () => Math.exp(unrest * gaussian(rng)));
  for (let step = 0; step < values.length; step++) {
    values[step]! *= weights[Math.floor(step / day) % 7]!;
  }
}

/** One to four jobs at fixed times, on most days. */
function dailyJobs(values: Float32Array, day: number, rng: Rng): void {
  for (let jobs = 1 + integerBelow(rng, 4); jobs > 0; jobs--) {
    job(values, rng, { cycle: day, length: day * lengthShare(rng, 0.0005, 0.15) });
  }
}

function weeklyJobs(values: Float32Array, day: number, rng: Rng): void {
  for (let jobs = 1 + integerBelow(rng, 3); jobs > 0; jobs--) {
    job(values, rng, { cycle: 7 * day, length: day * lengthShare(rng, 0.005, 0.5) });
  }
}

/** A job every so many hours. */
function hourlyJobs(values: Float32Array, day: number, rng: Rng): void {
  const cycle = (day / 24) * pick(rng, [0.5, 1, 1, 1, 1, 1, 2, 3, 4, 6, 8, 8, 12]);
  job(values, rng, { cycle, length: cycle * lengthShare(rng, 0.005, 0.5) });
}

/** Of a period that is no part of the day. */
function anyJobs(values: Float32Array, day: number, rng: Rng): void {
  const cycle = day * between(rng, 0.02, 1.7);
  job(values, rng, { cycle, length: cycle * lengthShare(rng, 0.01, 0.4) });
}

function lengthShare(rng: Rng, least: number, most: number): number {
  return least * (most / least) ** rng.next();
}

/**
 * Begins at moments, not at steps: a step has the part of it that falls there. Many a job keeps its time exactly, others
 * begin late, or a little later every time since they wait after their own end.
 */
function job(
  values: Float32Array,
  rng: Rng,
  { cycle, length }: { readonly cycle: number; readonly length: number },
): void {
  const height = Math.exp(between(rng, -1, 4)) / Math.min(1, length);
  const unrest = chance(rng, 0.5) ? between(rng, 0, 0.05) : between(rng, 0.05, 0.5);
  const late = chance(rng, 0.3) ? lengthShare(rng, 0.02, 0.3) * Math.min(cycle, 24) : 0;
  const missed = chance(rng, 0.25) ? between(rng, 0, 0.4) : 0;
  const creep = chance(rng, 0.35) ? 1 + 0.02 * rng.next() ** 2 : 1;
  for (let due = cycle * rng.next(); due < values.length; due += cycle * creep) {
    const now = height * Math.exp(unrest * gaussian(rng));
    const begins = due + late * rng.next();
    const ends = begins + length * Math.exp(0.3 * unrest * gaussian(rng));
    if (chance(rng, missed)) continue;
    const last = Math.min(values.length, Math.ceil(ends));
    for (let step = Math.floor(begins); step < last; step++) {
      values[step]! += now * (Math.min(ends, step + 1) - Math.max(begins, step));
    }
  }
}

function drift(values: Float32Array, _day: number, rng: Rng): void {
  const slope = between(rng, -0.8, 1.5) / values.length;
  for (let step = 0; step < values.length; step++)
    values[step]! *= Math.max(0.05, 1 + slope * step);
}

/** Noise with some memory, and some without. */
function wobble(values: Float32Array, rng: Rng): void {
  const memory = pick(rng, [0, between(rng, 0.3, 0.9), between(rng, 0.8, 0.99)]);
  const size = Math.exp(between(rng, -5.5, -0.5));
  const plain = Math.exp(between(rng, -6, -1.2));
  const fresh = Math.sqrt(1 - memory * memory);
  let noise = 0;
  for (let step = 0; step < values.length; step++) {
    noise = memory * noise + fresh * gaussian(rng);
    values[step]! *= Math.exp(size * noise) * Math.max(0, 1 + plain * gaussian(rng));
  }
}

/** The level goes for a walk. */
function wander(values: Float32Array, day: number, rng: Rng): void {
  const size = between(rng, 0.1, 0.8) / Math.sqrt(day);
  const home = chance(rng, 0.5) ? 1 - between(rng, 0.1, 3) / day : 1;
  let level = 0;
  for (let step = 0; step < values.length; step++) {
    level = home * level + size * gaussian(rng);
    values[step]! *= Math.exp(Math.max(-3, Math.min(3, level)));
  }
}

/** Surges that nobody could foresee, of heavy-tailed heights, that hold for a while or die down. */
function bursts(values: Float32Array, day: number, rng: Rng): void {
  const perStep = Math.exp(between(rng, -1, 2.5)) / day;
  const holds = between(rng, 1, day / 12);
  const isFading = chance(rng, 0.5);
  let height = 0;
  let left = 0;
  for (let step = 0; step < values.length; step++) {
    if (chance(rng, perStep)) {
      height = 0.5 * (1 - rng.next()) ** -0.7;
      left = -holds * Math.log(1 - rng.next());
    }
    if (isFading) height *= Math.exp(-1 / holds);
    else if (left-- <= 0) height = 0;
    values[step]! += Math.min(50, height);
  }
}

/** Single steps, far above the rest. */
function spikes(values: Float32Array, _day: number, rng: Rng): void {
  const share = Math.exp(between(rng, -6, -2));
  const height = Math.exp(between(rng, 0, 3));
  for (let step = 0; step < values.length; step++) {
    if (chance(rng, share)) values[step]! += height * -Math.log(1 - rng.next());
  }
}

/** Another level from one step to the next, for good or until the next one. */
function shifts(values: Float32Array, day: number, rng: Rng): void {
  const perStep = between(rng, 0.02, 0.6) / day;
  let factor = 1;
  let lift = 0;
  for (let step = 0; step < values.length; step++) {
    if (chance(rng, perStep)) {
      factor = Math.exp(0.7 * gaussian(rng));
      lift = chance(rng, 0.3) ? between(rng, 0, 3) : 0;
    }
    values[step] = values[step]! * factor + lift;
  }
}

/** Switched off for hours at a time. */
function pauses(values: Float32Array, day: number, rng: Rng): void {
  const rest = chance(rng, 0.5) ? 0 : between(rng, 0, 0.2);
  let isOff = false;
  const off = between(rng, 0.5, 4) / day;
  const on = between(rng, 1, 12) / day;
  for (let step = 0; step < values.length; step++) {
    isOff = isOff ? !chance(rng, on) : chance(rng, off);
    if (isOff) values[step]! *= rest;
  }
}

/** As much as there is, and no more. */
function ceiling(values: Float32Array, _day: number, rng: Rng): void {
  const sorted = Float32Array.from(values).sort();
  const most = sorted[Math.floor(values.length * between(rng, 0.7, 0.99))]!;
  for (let step = 0; step < values.length; step++) values[step] = Math.min(most, values[step]!);
}

/** Nothing, most of the time. */
function rarely(values: Float32Array, _day: number, rng: Rng): void {
  const share = between(rng, 0.02, 0.5);
  for (let step = 0; step < values.length; step++) if (!chance(rng, share)) values[step] = 0;
}

/** Counted in whole numbers. */
function whole(values: Float32Array, _day: number, rng: Rng): void {
  const unit = Math.exp(between(rng, -2, 0.5));
  for (let step = 0; step < values.length; step++) {
    values[step] = unit * Math.round(values[step]! / unit);
  }
}

function perCycle(steps: number, cycle: number, draw: () => number): (step: number) => number {
  const drawn = Float64Array.from({ length: Math.ceil(steps / cycle) }, draw);
  return (step) => drawn[Math.floor(step / cycle)]!;
}
