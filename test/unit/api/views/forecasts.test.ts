import { describe, expect, it } from '@jest/globals';
import { Forecasts } from '../../../../api/views/forecasts.js';
import { QUANTILES, forecastBlock } from '../../../../core/forecast.js';
import { s } from '../../../support/names.js';

const START_MS = 1_700_000_000_000;
const STEP_MS = 300_000;

/** What is expected of s1: P10, P50 and P90, step by step, in each dimension. */
function forecastOf(paths: Readonly<Partial<Record<'cpu' | 'memory', readonly number[][]>>>) {
  const metrics = Object.keys(paths) as ('cpu' | 'memory')[];
  const series = metrics.map((metric) => ({ subject: 'server', id: s('s1'), metric }) as const);
  const block = forecastBlock(series, { startMs: START_MS, stepMs: STEP_MS, steps: 3 });
  for (const [row, metric] of metrics.entries()) {
    block.paths.set(paths[metric]?.flat() ?? [], row * 3 * QUANTILES.length);
  }
  const models = metrics.map(() => 'naive');
  return new Forecasts({ madeAtMs: START_MS, models, block, leads: [1] });
}

describe('what is predicted of a server', () => {
  it('is its highest P90 where that is most, when it comes, and when the capacity is passed', () => {
    const forecasts = forecastOf({
      memory: [
        [1, 1, 1],
        [1, 1, 1],
        [1, 1, 1],
      ],
      cpu: [
        [1, 1, 1],
        [2, 4.5, 3],
        [3, 5, 8],
      ],
    });
    const predicted = (quantile: number) =>
      forecasts.predicted(s('s1'), { cpu: 4, memory: 2 }, quantile);
    const peak = { dimension: 'cpu', p90: 2, peakAtMs: START_MS + 2 * STEP_MS };
    expect(predicted(0.5)).toEqual({ ...peak, overAtMs: START_MS + STEP_MS });
    expect(predicted(0.9)).toEqual({ ...peak, overAtMs: START_MS + STEP_MS });
    expect(forecasts.predicted(s('s1'), { cpu: 40 }, 0.9)).toMatchObject({ overAtMs: null });
  });

  it('is nothing of who is not forecast, or has no capacity', () => {
    expect(forecastOf({}).predicted(s('s1'), { cpu: 4 }, 0.9)).toBeNull();
    expect(new Forecasts(undefined).predicted(s('s1'), { cpu: 4 }, 0.9)).toBeNull();
  });
});
