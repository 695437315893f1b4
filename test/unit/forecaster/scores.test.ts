import { describe, expect, it } from '@jest/globals';
import { resourceId } from '../../../core/domain.js';
import { scoresOf, summariesOf } from '../../../forecaster/scores.js';

const series = { subject: 'resource', id: resourceId('vol-1'), metric: 'cpu' } as const;
const said = [
  { timeMs: 0, p10: 1, p50: 2, p90: 4 },
  { timeMs: 100, p10: 1, p50: 2, p90: 4 },
  { timeMs: 200, p10: 1, p50: 2, p90: 4 },
];

describe('scoresOf', () => {
  it('compares what was said with what came', () => {
    const came = new Map([
      [0, 2],
      [100, 5],
    ]);
    const scores = scoresOf({ series, leadMs: 300, said, cameAt: (t) => came.get(t) ?? NaN });
    expect(scores).toEqual([
      { series, timeMs: 0, leadMs: 300, inBand: 1, absoluteError: 0, pinball: expect.any(Number) },
      {
        series,
        timeMs: 100,
        leadMs: 300,
        inBand: 0,
        absoluteError: 3,
        pinball: expect.any(Number),
      },
    ]);
    // 2 · (0.1 · 1 + 0.5 · 0 + 0.1 · 2) / 3 and 2 · (0.1 · 4 + 0.5 · 3 + 0.9 · 1) / 3
    expect(scores[0]?.pinball).toBeCloseTo(0.2, 12);
    expect(scores[1]?.pinball).toBeCloseTo(5.6 / 3, 12);
  });

  it('leaves out what nobody measured', () => {
    expect(scoresOf({ series, leadMs: 300, said, cameAt: () => NaN })).toEqual([]);
  });
});

describe('summariesOf', () => {
  it('sums up each lead by itself, the nearest first', () => {
    const of = (leadMs: number, cameAt: number) =>
      scoresOf({ series, leadMs, said, cameAt: () => cameAt });
    const summaries = summariesOf([...of(900, 5), ...of(300, 2), ...of(300, 5)]);
    expect(summaries.map(({ leadMs, count, coverage }) => [leadMs, count, coverage])).toEqual([
      [300, 6, 0.5],
      [900, 3, 0],
    ]);
    expect(summaries[0]?.absoluteErrorMean).toBe(1.5);
  });

  it('says nothing of nothing', () => {
    expect(summariesOf([])).toEqual([]);
  });
});
