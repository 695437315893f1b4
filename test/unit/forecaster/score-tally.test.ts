import { describe, expect, it } from '@jest/globals';
import type { Score } from '../../../core/metric-store/port.js';
import { ScoreTally } from '../../../forecaster/score-tally.js';
import { scoresOf } from '../../../forecaster/scores.js';
import { serverSeries } from '../../support/series.js';

const SCORE: Score = {
  series: serverSeries('s1', 'utilization'),
  timeMs: 0,
  leadMs: 300_000,
  inBand: 1,
  absoluteError: 0.1,
  pinball: 0.05,
};

describe('the tally of scores', () => {
  it('sums by lead', () => {
    const tally = new ScoreTally();
    tally.add(SCORE, 0.2);
    tally.add({ ...SCORE, inBand: 0, pinball: 0.15 }, 0.3);
    tally.add({ ...SCORE, leadMs: 60_000 }, 0);
    expect(tally.sums).toEqual([
      { leadMs: 60_000, count: 1, inBand: 1, pinball: 0.05, naivePinball: 0 },
      { leadMs: 300_000, count: 2, inBand: 1, pinball: 0.2, naivePinball: 0.5 },
    ]);
  });

  it('takes for the loss of one value said of all quantiles what the score itself takes', () => {
    const said = [{ timeMs: 0, p10: 3, p50: 3, p90: 3 }];
    const { series, leadMs } = SCORE;
    for (const came of [1, 3, 10]) {
      const [score] = scoresOf({ series, leadMs, said, cameAt: () => came });
      expect(score?.pinball).toBeCloseTo(Math.abs(came - 3));
    }
  });
});
