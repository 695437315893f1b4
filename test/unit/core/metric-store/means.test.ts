import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Means } from '../../../../core/metric-store/means.js';
import { fuzzRuns } from '../../../support/fuzz.js';

function valuesOf(means: Means): number[] {
  return [...means.valuesOf([0])];
}

describe('Means', () => {
  it('leaves out what is before its first step or after its last', () => {
    const means = new Means(1, { startMs: 1000, stepMs: 10, steps: 2 });
    for (const timeMs of [999, 1000, 1009, 1010, 1019, 1020]) means.add(0, timeMs, timeMs);
    expect(valuesOf(means)).toEqual([1004.5, 1014.5]);
  });

  it('keeps large sums exact', () => {
    const means = new Means(1, { startMs: 0, stepMs: 1000, steps: 1 });
    for (let timeMs = 0; timeMs < 1000; timeMs++)
      means.add(0, timeMs, 2 ** 36 + 2 ** 13 * (timeMs % 2));
    expect(valuesOf(means)).toEqual([2 ** 36 + 2 ** 12].map(Math.fround));
  });

  it('gives each step its share of a mean over a span', () => {
    const means = new Means(1, { startMs: 0, stepMs: 10, steps: 4 });
    // 4 samples over 5 … 25: one in the first step, two in the second, one in the third.
    means.addSpan(0, { fromMs: 5, toMs: 25 }, { mean: 8, weight: 4 });
    means.add(0, 1, 2);
    means.add(0, 29, 4);
    expect(valuesOf(means)).toEqual([5, 8, 6, NaN]);
    expect([...means.weights]).toEqual([2, 2, 2, 0]);
  });

  it('spreads the whole weight of a span over a grid that covers it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 0, max: 400 }),
        fc.integer({ min: 1, max: 400 }),
        (stepMs, fromMs, lengthMs) => {
          const means = new Means(1, { startMs: 0, stepMs, steps: Math.ceil(800 / stepMs) });
          means.addSpan(0, { fromMs, toMs: fromMs + lengthMs }, { mean: 3, weight: 7 });
          const weight = means.weights.reduce((sum, one) => sum + one, 0);
          expect(weight).toBeCloseTo(7, 9);
          expect(valuesOf(means).filter((value) => !Number.isNaN(value) && value !== 3)).toEqual(
            [],
          );
        },
      ),
      fuzzRuns(1000),
    );
  });

  it('takes a mean for a step in place of what was there', () => {
    const means = new Means(2, { startMs: 0, stepMs: 10, steps: 1 });
    means.add(1, 5, 100);
    means.set(1, 0, { mean: 3, weight: 2 });
    means.add(1, 5, 6);
    expect([...means.valuesOf([1, 0])]).toEqual([4, NaN]);
  });
});
