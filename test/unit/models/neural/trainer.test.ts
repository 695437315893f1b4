import { beforeAll, describe, expect, it } from '@jest/globals';
import { SeededRng } from '../../../../core/rng.js';
import { openBackend } from '../../../../models/neural/backend.js';
import { LAYERS } from '../../../../models/neural/layers.js';
import type { Batch, Lesson } from '../../../../models/neural/lessons.js';
import { batchOf, HORIZON, lessonOf, Teacher } from '../../../../models/neural/lessons.js';
import {
  firstWeights,
  lossAndGradient,
  lossOf,
  Trainer,
} from '../../../../models/neural/trainer.js';
import { DAY, HOUR, workload } from '../../../support/workloads.js';

const SEASONS = [HOUR, DAY];

function lesson(): Lesson {
  const made = lessonOf(workload('hourly-jobs', 3 * DAY), SEASONS);
  if (made === undefined) throw new Error('long enough');
  return made;
}

function batch(origins: number, seed = 1): Batch {
  const rng = new SeededRng(seed);
  const made = batchOf(origins);
  const teacher = new Teacher();
  for (let at = 0; at < origins; at++) teacher.ask(lesson(), made, at, rng);
  return made;
}

describe('the trainer', () => {
  beforeAll(() => openBackend('wasm'));

  it('has the gradients that small differences show, in every layer', () => {
    const rng = new SeededRng(2);
    // No bias or linear way begins at a kink.
    const weights = firstWeights(rng).map((weight) => weight + 0.05 * (rng.next() - 0.5));
    const few = batch(4);
    const { gradient } = lossAndGradient(weights, few);
    let from = 0;
    for (const { rows, columns } of LAYERS) {
      // The steepest of a layer: the others drown in the noise of 32 bits.
      const slopes = gradient.subarray(from, from + rows * columns);
      const at = slopes.reduce(
        (best, slope, i) => (Math.abs(slope) > Math.abs(slopes[best]!) ? i : best),
        0,
      );
      const moved = (by: number): number => {
        const copy = weights.slice();
        copy[from + at]! += by;
        return lossOf(copy, few);
      };
      const step = 2e-3;
      const slope = (moved(step) - moved(-step)) / (2 * step);
      expect(Math.abs(slope / slopes[at]! - 1)).toBeLessThan(0.05);
      from += rows * columns;
    }
  });

  it('learns, and the same way every time', () => {
    const learnt = (): { first: number; last: number; weights: Float32Array } => {
      const trainer = new Trainer(firstWeights(new SeededRng(1)));
      const few = batch(16);
      const first = trainer.step(few, 3e-3);
      let last = first;
      for (let step = 0; step < 30; step++) last = trainer.step(few, 3e-3);
      return { first, last, weights: trainer.weights };
    };
    const once = learnt();
    expect(once.last).toBeLessThan(0.7 * once.first);
    expect(learnt()).toEqual(once);
  });

  it('leaves the weights alone that it was given', () => {
    const weights = firstWeights(new SeededRng(1));
    const before = weights.slice();
    new Trainer(weights).step(batch(4), 1e-2);
    expect(weights).toEqual(before);
  });
});

describe('the teacher', () => {
  it('shows what came, and the highest load up to each step', () => {
    const { roots } = lesson();
    const made = batchOf(1);
    const origin = 2 * DAY;
    new Teacher().put(lesson(), { origin, length: DAY, stride: 1 }, made, 0);
    const column = (output: number): number[] =>
      Array.from({ length: HORIZON }, (_, h) => made.targets[h * 5 + output]!);
    const middle = column(1);
    const peaks = column(3);
    let highest = -Infinity;
    for (let h = 0; h < HORIZON; h++) {
      highest = Math.max(highest, middle[h]!);
      expect(peaks[h]).toBe(highest);
    }
    // The same order as what came.
    const came = [...roots.subarray(origin, origin + HORIZON)];
    const places = (values: number[]): number[] =>
      values.map((_, at) => at).sort((a, b) => values[a]! - values[b]!);
    expect(places(middle)).toEqual(places(came));
  });

  it('does not count what was not measured', () => {
    const values = workload('gappy', 2 * DAY);
    const gappy = lessonOf(values, SEASONS)!;
    const made = batchOf(1);
    const origin = DAY;
    new Teacher().put(gappy, { origin, length: DAY, stride: 1 }, made, 0);
    for (let h = 0; h < HORIZON; h++) {
      expect(made.counts[h * 5]! > 0).toBe(gappy.isKnown[origin + h] === 1);
    }
    expect(made.counts.includes(0)).toBe(true);
  });

  it('makes no lesson of nothing', () => {
    expect(lessonOf(new Float32Array(100), SEASONS)).toBeUndefined();
    expect(lessonOf(new Float32Array(100).fill(NaN), SEASONS)).toBeUndefined();
    expect(lessonOf(new Float32Array(30).fill(1), SEASONS)).toBeUndefined();
  });
});
