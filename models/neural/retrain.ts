import { integerBelow, SeededRng, seedFor } from '../../core/rng.js';
import type { Rng } from '../../core/rng.js';
import { batchOf, HISTORY_MAX, HISTORY_MIN, HORIZON, lessonOf, Teacher } from './lessons.js';
import type { Batch, Lesson } from './lessons.js';
import { lossOf, Trainer } from './trainer.js';
import { madeLoad } from './workloads.js';

/** Parts of each history, in the order of time: learnt from, watched for the best moment to stop, judged by. */
const LEARNT = 0.7;
const WATCHED = 0.85;
/** Moments of a batch, of which so many are of made loads: so that it does not forget what is rare here. */
const ORIGINS = 128;
const MADE = 32;
const MADE_LOADS = 60;
/** Looked at between so many batches, and at the end by as many batches of moments. */
const LOOK_BATCHES = 10;
const JUDGED_BATCHES = 4;
const RATE = 1e-3;
/** The challenger must be better by so much, or nothing changes. */
const GAIN_MIN = 0.01;
/** A history must have so many steps in each of its three parts. */
const PART_MIN = HORIZON + 12;

export interface RetrainOptions {
  readonly batches: number;
  readonly seed: number;
  /** So many made loads are repeated meanwhile; default 60. */
  readonly madeLoads?: number;
}

export interface Retrained {
  /** The challenger's, if they are taken, else the champion's. */
  readonly values: Float32Array;
  readonly isTaken: boolean;
  /** Histories that could be learnt from. */
  readonly series: number;
  /** Mean quantile loss on the last part of the histories, of champion and challenger; NaN: nothing to judge by. */
  readonly before: number;
  readonly after: number;
}

/**
 * Teaches a copy of the network the fleet's own histories, and takes it only if it forecasts the latest part of
 * them better, which it has never seen (champion and challenger). Yields after every batch, so that the
 * caller may rest, tell, or stop. Deterministic.
 */
export function* retrain(
  champion: Float32Array,
  histories: readonly { readonly values: Float32Array; readonly seasons: readonly number[] }[],
  { batches, seed, madeLoads = MADE_LOADS }: RetrainOptions,
): Generator<number, Retrained> {
  const lessons = histories
    .map(({ values, seasons }) => lessonOf(values, seasons))
    .filter((lesson) => lesson !== undefined)
    .filter(
      ({ roots }) =>
        roots.length * (1 - WATCHED) >= PART_MIN && partOf(roots, LEARNT) > HISTORY_MIN + HORIZON,
    );
  const series = lessons.length;
  if (series === 0) return { values: champion, isTaken: false, series, before: NaN, after: NaN };
  const teacher = new Teacher();
  const rngOf = (part: string): Rng => new SeededRng(seedFor(seed, part));
  const watched = heldOut(teacher, lessons, { from: LEARNT, to: WATCHED, rng: rngOf('watched') });
  const judged = heldOut(teacher, lessons, { from: WATCHED, to: 1, rng: rngOf('judged') });
  const rng = rngOf('learnt');
  const made = madeLessons(madeLoads, seed);
  const past = lessons.map(({ roots, isKnown, seasons }) => {
    const end = partOf(roots, LEARNT);
    return { roots: roots.subarray(0, end), isKnown: isKnown.subarray(0, end), seasons };
  });
  const trainer = new Trainer(champion);
  let best = { values: champion, loss: meanLoss(champion, watched) };
  const batch = batchOf(ORIGINS);
  for (let done = 0; done < batches; done++) {
    for (let at = 0; at < ORIGINS; at++) {
      const from = at < MADE ? made : past;
      teacher.ask(from[integerBelow(rng, from.length)]!, batch, at, rng);
    }
    trainer.step(batch, RATE * (1 - done / batches));
    if ((done + 1) % LOOK_BATCHES === 0) {
      const loss = meanLoss(trainer.weights, watched);
      if (loss < best.loss) best = { values: trainer.weights.slice(), loss };
    }
    yield done + 1;
  }
  const before = meanLoss(champion, judged);
  const after = meanLoss(best.values, judged);
  const isTaken = after < before * (1 - GAIN_MIN);
  return { values: isTaken ? best.values : champion, isTaken, series, before, after };
}

function partOf(roots: Float32Array, share: number): number {
  return Math.floor(roots.length * share);
}

/** Moments whose horizon lies in a part of the histories; what came before them is seen. */
function heldOut(
  teacher: Teacher,
  lessons: readonly Lesson[],
  { from, to, rng }: { readonly from: number; readonly to: number; readonly rng: Rng },
): Batch[] {
  return Array.from({ length: JUDGED_BATCHES }, () => {
    const batch = batchOf(ORIGINS);
    for (let at = 0; at < ORIGINS; at++) {
      const lesson = lessons[integerBelow(rng, lessons.length)]!;
      const first = partOf(lesson.roots, from);
      const last = partOf(lesson.roots, to) - HORIZON;
      const origin = first + integerBelow(rng, last - first + 1);
      teacher.put(lesson, { origin, length: Math.min(origin, HISTORY_MAX), stride: 1 }, batch, at);
    }
    return batch;
  });
}

function meanLoss(values: Float32Array, batches: readonly Batch[]): number {
  return batches.reduce((sum, batch) => sum + lossOf(values, batch), 0) / batches.length;
}

function madeLessons(count: number, seed: number): Lesson[] {
  return Array.from({ length: count }, (_, index) => madeLoad(seed, index)).flatMap(
    ({ values, seasons }) => lessonOf(values, seasons) ?? [],
  );
}
