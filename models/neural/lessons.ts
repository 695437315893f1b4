import type { Rng } from '../../core/rng.js';
import { chance, integerBelow } from '../../core/rng.js';
import { CONTEXT_INPUTS, Inputs, STEP_INPUTS } from './inputs.js';
import { OUTPUTS, STEP_QUANTILES } from './layers.js';

/** A history to learn from: roots without gaps, and which of them were measured. */
export interface Lesson {
  readonly roots: Float32Array;
  readonly isKnown: Uint8Array;
  readonly seasons: readonly number[];
}

/** Undefined: too short, or nothing but zeros. */
export function lessonOf(values: Float32Array, seasons: readonly number[]): Lesson | undefined {
  let start = 0;
  let end = values.length;
  while (start < end && !Number.isFinite(values[start]!)) start++;
  while (end > start && !Number.isFinite(values[end - 1]!)) end--;
  const length = end - start;
  if (length < HISTORY_MIN + HORIZON) return undefined;
  const roots = new Float32Array(length);
  const isKnown = new Uint8Array(length);
  let before = 0;
  let highest = 0;
  for (let step = 0; step < length; step++) {
    const value = values[start + step]!;
    if (!Number.isFinite(value)) continue;
    isKnown[step] = 1;
    roots[step] = Math.sqrt(Math.max(0, value));
    highest = Math.max(highest, roots[step]!);
    const slope = (roots[step]! - roots[before]!) / (step - before);
    for (let gap = before + 1; gap < step; gap++) {
      roots[gap] = roots[before]! + slope * (gap - before);
    }
    before = step;
  }
  return highest > 0 ? { roots, isKnown, seasons } : undefined;
}

/** Steps of a horizon that are learnt at once. */
export const HORIZON = 24;
/** The shortest history that is learnt from. */
export const HISTORY_MIN = 24;
export const HISTORY_MAX = 2016;
/** How often a history is as long as it can be; the others are of all lengths. */
const WHOLE_SHARE = 0.5;
/** Far horizons are learnt by every so many steps. */
const FAR_STRIDES = [2, 4, 12] as const;
const FAR_SHARE = 0.12;
/** What came is at most so many spreads away. */
const TARGET_CLIP = 20;
/** Forecasts are judged by how much better they are than the same step a season ago: so are lessons, within reason. */
const UNREST_MIN = 0.08;

/** Some moments of some histories: what was seen, and what came. */
export interface Batch {
  readonly origins: number;
  readonly context: Float32Array;
  readonly steps: Float32Array;
  /** [origins × HORIZON × OUTPUTS] what came at each step, and the highest up to it; in the units of the inputs. */
  readonly targets: Float32Array;
  /** What a miss counts: more in histories that are easily foretold; 0 where nothing is known. */
  readonly counts: Float32Array;
}

export function batchOf(origins: number): Batch {
  const cells = origins * HORIZON;
  return {
    origins,
    context: new Float32Array(origins * CONTEXT_INPUTS),
    steps: new Float32Array(cells * STEP_INPUTS),
    targets: new Float32Array(cells * OUTPUTS),
    counts: new Float32Array(cells * OUTPUTS),
  };
}

/** Makes batches of lessons: at each moment nothing after it is seen. */
export class Teacher {
  readonly #inputs = new Map<string, Inputs>();

  /** Fills place `at` of a batch with a moment of this lesson, drawn by chance from `from` on. */
  ask(lesson: Lesson, batch: Batch, at: number, rng: Rng): void {
    const { roots } = lesson;
    const stride = chance(rng, FAR_SHARE) ? FAR_STRIDES[integerBelow(rng, FAR_STRIDES.length)]! : 1;
    const reach = roots.length >= HISTORY_MIN + HORIZON * stride ? stride : 1;
    const last = roots.length - HORIZON * reach;
    const origin = HISTORY_MIN + integerBelow(rng, last - HISTORY_MIN + 1);
    const most = Math.min(HISTORY_MAX, origin);
    const length = chance(rng, WHOLE_SHARE)
      ? most
      : Math.round(HISTORY_MIN * (most / HISTORY_MIN) ** rng.next());
    this.put(lesson, { origin, length, stride: reach }, batch, at);
  }

  put(
    { roots, isKnown, seasons }: Lesson,
    { origin, length, stride }: { origin: number; length: number; stride: number },
    batch: Batch,
    at: number,
  ): void {
    const inputs = this.#inputsOf(seasons, stride);
    const seen = { roots: roots.subarray(origin - length, origin), start: 0 };
    inputs.take(seen);
    const gauge = inputs.write(length, batch.context, at * CONTEXT_INPUTS, {
      values: batch.steps,
      at: at * HORIZON * STEP_INPUTS,
    });
    const count = 1 / Math.max(UNREST_MIN, Math.min(1, gauge.unrest));
    let highest = -Infinity;
    let step = origin;
    for (let k = 0; k < HORIZON; k++) {
      for (; step < origin + (k + 1) * stride; step++) {
        if (isKnown[step] === 1) highest = Math.max(highest, roots[step]!);
      }
      const cell = (at * HORIZON + k) * OUTPUTS;
      const came = isKnown[step - 1] === 1 ? roots[step - 1]! : NaN;
      for (let output = 0; output < OUTPUTS; output++) {
        const root = output < STEP_QUANTILES.length ? came : highest;
        const isCounted = Number.isFinite(root) && gauge.spread > 0;
        batch.counts[cell + output] = isCounted ? count : 0;
        batch.targets[cell + output] = isCounted ? target(root, gauge) : 0;
      }
    }
  }

  #inputsOf(seasons: readonly number[], stride: number): Inputs {
    const key = `${stride} ${seasons.join(' ')}`;
    const known = this.#inputs.get(key);
    if (known !== undefined) return known;
    const steps = Array.from({ length: HORIZON }, (_, k) => (k + 1) * stride);
    const inputs = new Inputs({ historySteps: HISTORY_MAX, seasons, steps });
    this.#inputs.set(key, inputs);
    return inputs;
  }
}

function target(root: number, { centre, spread }: { centre: number; spread: number }): number {
  return Math.min(TARGET_CLIP, Math.max(-TARGET_CLIP, (root - centre) / spread));
}
