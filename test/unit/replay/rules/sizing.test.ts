import { describe, expect, it } from '@jest/globals';
import { capacityFor } from '../../../../replay/rules/capacity.js';
import { longestFirst } from '../../../../replay/rules/first-map.js';
import { withoutGaps } from '../../../../replay/rules/gaps.js';
import { percentile } from '../../../../replay/rules/percentile.js';

describe('percentile', () => {
  it('lies between two values by a straight line', () => {
    expect(percentile([10, 0], 0.25)).toBe(2.5);
    expect(percentile([3, 1, 2, 4, 5], 0.5)).toBe(3);
    expect(percentile([0, 1, 2, 3], 0.99)).toBeCloseTo(2.97, 12);
  });

  it('has its ends at the least and the greatest value', () => {
    expect(percentile([7, 1, 4], 0)).toBe(1);
    expect(percentile([7, 1, 4], 1)).toBe(7);
    expect(percentile([7], 0.9)).toBe(7);
  });
});

describe('gaps', () => {
  it('are filled by straight lines, the ends held', () => {
    const filled = withoutGaps(Float32Array.from([NaN, 2, NaN, NaN, 8, NaN]), 6);
    expect([...filled]).toEqual([2, 2, 4, 6, 8, 8]);
  });

  it('do not reach over from one series to the next', () => {
    expect([...withoutGaps(Float32Array.from([1, NaN, NaN, 5]), 2)]).toEqual([1, 1, 5, 5]);
  });

  it('count as zero where a series has no sample at all', () => {
    expect([...withoutGaps(Float32Array.from([NaN, NaN, 3, 3]), 2)]).toEqual([0, 0, 3, 3]);
  });

  it('are filled in a copy: what was recorded stays', () => {
    const recorded = Float32Array.from([1, NaN]);
    withoutGaps(recorded, 2);
    expect(recorded[1]).toBeNaN();
  });
});

describe('capacity', () => {
  const steps = 101;
  const loads = (make: (resource: number, step: number) => number) => ({
    steps,
    values: Float32Array.from({ length: 2 * steps }, (_, at) =>
      make(Math.floor(at / steps), at % steps),
    ),
  });

  it("makes the total's P99 three quarters of all servers", () => {
    // Totals 0, 2, … 200: the P99 is 198.
    expect(
      capacityFor(
        loads((_, step) => step),
        2,
        0,
      ),
    ).toBeCloseTo(198 / 1.5, 6);
  });

  it('takes any one resource with 5 % to spare', () => {
    const one = loads((resource, step) => (resource === 0 ? step : 0));
    expect(capacityFor(one, 8, 0)).toBeCloseTo(1.05 * 99.9, 4);
  });

  it('is judged on what follows the warm-up', () => {
    const high = loads((_, step) => (step < 50 ? 1000 : 10));
    expect(capacityFor(high, 2, 50)).toBeCloseTo(20 / 1.5, 6);
  });
});

describe('the first map', () => {
  it('puts the heaviest first, each on the least loaded server', () => {
    expect([...longestFirst([3, 9, 5, 4, 4], 2)]).toEqual([1, 0, 1, 1, 0]);
  });

  it('takes of equals the first', () => {
    expect([...longestFirst([1, 1, 1, 1], 3)]).toEqual([0, 1, 2, 0]);
  });
});
