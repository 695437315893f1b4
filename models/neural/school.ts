import type { Rng } from '../../core/rng.js';
import { integerBelow, SeededRng, seedFor } from '../../core/rng.js';
import type { Trace } from '../../core/trace/trace.js';
import { dimensionsOf } from '../../core/trace/trace.js';
import { batchOf, lessonOf, Teacher } from './lessons.js';
import type { Lesson } from './lessons.js';
import { firstWeights, Trainer } from './trainer.js';
import { madeLoad, seasonsOf } from './workloads.js';

/** Lessons of one origin, and how often they are drawn from, among others. */
export interface Subject {
  readonly lessons: readonly Lesson[];
  readonly share: number;
}

export interface Schooling {
  readonly batches: number;
  readonly seed: number;
}

const ORIGINS = 192;
const RATE = 3e-3;
/** The rate rises over so many batches, then falls along a cosine to this share of it. */
const WARM_BATCHES = 100;
const LAST_SHARE = 0.02;
/** Over so many batches the loss is averaged that is told. */
const SMOOTHING = 50;
const DAY_MS = 86_400_000;
/** Recorded loads are learnt from as they are and by means of so many steps, down to hours. */
const COARSER = [1, 2, 6, 12] as const;
const DAY_STEPS_MIN = 24;

export function madeSubject(count: number, { seed }: { readonly seed: number }): Subject {
  const lessons = Array.from({ length: count }, (_, index) => madeLoad(seed, index));
  return {
    lessons: lessons.flatMap(({ values, seasons }) => lessonOf(values, seasons) ?? []),
    share: 1,
  };
}

/** Every load of a trace, and its means over more steps. */
export function traceSubject(trace: Trace, share: number): Subject {
  const { grid, loads, resources } = trace;
  const lessons = dimensionsOf(trace).flatMap((dimension) =>
    resources.flatMap((_, row) => {
      const values = loads[dimension]?.subarray(row * grid.steps, (row + 1) * grid.steps);
      return values === undefined ? [] : lessonsOf(values, Math.round(DAY_MS / grid.stepMs));
    }),
  );
  return { lessons, share };
}

function lessonsOf(values: Float32Array, day: number): Lesson[] {
  return COARSER.filter((by) => day / by >= DAY_STEPS_MIN || by === 1).flatMap(
    (by) => lessonOf(meansOf(values, by), seasonsOf(day / by)) ?? [],
  );
}

function meansOf(values: Float32Array, by: number): Float32Array {
  return Float32Array.from({ length: Math.floor(values.length / by) }, (_, at) => {
    const part = values.subarray(at * by, (at + 1) * by).filter(Number.isFinite);
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
}

/**
 * A network from its beginnings: batches of moments of lessons, by chance. Yields the mean loss of the
 * latest batches after each; the same options give the same weights on the same engine.
 */
export function* teach(
  subjects: readonly Subject[],
  { batches, seed }: Schooling,
): Generator<number, Float32Array> {
  const rng = new SeededRng(seedFor(seed, 'teach'));
  const trainer = new Trainer(firstWeights(rng));
  const teacher = new Teacher();
  const batch = batchOf(ORIGINS);
  const total = subjects.reduce((sum, { share }) => sum + share, 0);
  let mean = NaN;
  for (let done = 0; done < batches; done++) {
    for (let at = 0; at < ORIGINS; at++) {
      const { lessons } = drawn(subjects, total, rng);
      teacher.ask(lessons[integerBelow(rng, lessons.length)]!, batch, at, rng);
    }
    const loss = trainer.step(batch, rateAt(done, batches));
    mean = Number.isNaN(mean) ? loss : mean + (loss - mean) / SMOOTHING;
    yield mean;
  }
  return trainer.weights;
}

function rateAt(done: number, batches: number): number {
  const fall = LAST_SHARE + (1 - LAST_SHARE) * 0.5 * (1 + Math.cos((Math.PI * done) / batches));
  return RATE * Math.min(1, (done + 1) / WARM_BATCHES) * fall;
}

function drawn(subjects: readonly Subject[], total: number, rng: Rng): Subject {
  let left = rng.next() * total;
  for (const subject of subjects) {
    left -= subject.share;
    if (left < 0) return subject;
  }
  return subjects[0]!;
}
