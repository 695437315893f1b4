import { describe, expect, it } from '@jest/globals';
import { NaiveScale, seasonalNaive } from '../../../../forecaster/backtest/seasonal-naive.js';

const values = Float32Array.of(1, 2, 3, 11, 12, NaN, 99, 99, 99);

describe('seasonalNaive', () => {
  it('says the last season over and over, and looks at nothing from the origin on', () => {
    const options = { seasonSteps: 3, horizonSteps: 5 };
    expect([...seasonalNaive(values, 3, options)]).toEqual([1, 2, 3, 1, 2]);
  });

  it('fills a gap by what was measured last', () => {
    expect([...seasonalNaive(values, 6, { seasonSteps: 3, horizonSteps: 3 })]).toEqual([
      11, 12, 12,
    ]);
  });

  it('holds the last value where a season is one step', () => {
    expect([...seasonalNaive(values, 2, { seasonSteps: 1, horizonSteps: 2 })]).toEqual([2, 2]);
  });
});

describe('NaiveScale', () => {
  it('is the mean error one season ahead over a context', () => {
    const scale = new NaiveScale(values, 3);
    expect(scale.over(0, 5)).toBe(10);
    expect(scale.over(0, 6)).toBe(10);
    expect(scale.over(0, 3)).toBeNaN();
  });
});
