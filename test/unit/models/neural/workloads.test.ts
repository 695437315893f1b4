import { describe, expect, it } from '@jest/globals';
import { madeLoad } from '../../../../models/neural/workloads.js';

describe('made loads', () => {
  it('are the same for the same seed and number, and no two are alike', () => {
    expect(madeLoad(1, 5)).toEqual(madeLoad(1, 5));
    const loads = Array.from({ length: 50 }, (_, index) => madeLoad(1, index).values.join());
    expect(new Set(loads).size).toBe(50);
    expect(madeLoad(2, 5)).not.toEqual(madeLoad(1, 5));
  });

  it('are loads: finite, not negative, with seasons of four steps at least', () => {
    for (let index = 0; index < 100; index++) {
      const { values, seasons } = madeLoad(3, index);
      expect(values.every((value) => Number.isFinite(value) && value >= 0)).toBe(true);
      expect(Math.min(...seasons)).toBeGreaterThanOrEqual(4);
      expect(values.length).toBeGreaterThanOrEqual(2 * Math.min(...seasons.slice(-2)));
    }
  });
});
