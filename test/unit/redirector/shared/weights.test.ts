import { describe, expect, it } from '@jest/globals';
import { weightsOf } from '../../../../redirector/shared/weights.js';

const LONG = { availableForMs: Infinity, capacity: {} };

describe('the weights of servers', () => {
  it('are what the forecast leaves of them, and never nothing', () => {
    const weights = weightsOf(
      [
        { ...LONG, headroom: 0.8 },
        { ...LONG, headroom: 0.2 },
        { ...LONG, headroom: 0 },
      ],
      30_000,
    );
    expect(weights).toEqual([0.8, 0.2, 0.05]);
  });

  it('take a server of which nothing is known for the mean of the others', () => {
    const weights = weightsOf(
      [
        { ...LONG, headroom: 0.8 },
        { ...LONG, headroom: undefined },
        { ...LONG, headroom: 0.2 },
      ],
      30_000,
    );
    expect(weights).toEqual([0.8, 0.5, 0.2]);
  });

  it('grow with the size, in a dimension that all declare', () => {
    const weights = weightsOf(
      [
        { headroom: 0.5, availableForMs: Infinity, capacity: { cpu: 2, hits: 100 } },
        { headroom: 0.5, availableForMs: Infinity, capacity: { hits: 300 } },
      ],
      30_000,
    );
    expect(weights).toEqual([0.25, 0.75]);
  });

  it('are equal where nothing is declared and nothing forecast', () => {
    const weights = weightsOf(
      [
        { ...LONG, headroom: undefined },
        { headroom: undefined, availableForMs: Infinity, capacity: { cpu: 8 } },
      ],
      30_000,
    );
    expect(weights).toEqual([1, 1]);
  });

  it('begin with a tenth and grow evenly until the slow start is over', () => {
    const at = (availableForMs: number): number =>
      weightsOf([{ headroom: 1, availableForMs, capacity: {} }], 30_000)[0]!;
    expect(at(0)).toBeCloseTo(0.1);
    expect(at(15_000)).toBeCloseTo(0.55);
    expect(at(30_000)).toBe(1);
    expect(weightsOf([{ headroom: 1, availableForMs: 0, capacity: {} }], 0)).toEqual([1]);
  });
});
