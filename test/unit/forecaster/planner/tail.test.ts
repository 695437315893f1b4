import { describe, expect, it } from '@jest/globals';
import type { ForecastBlock } from '../../../../core/forecast.js';
import { forecastBlock } from '../../../../core/forecast.js';
import { demandAt, loadOf, normalQuantile } from '../../../../forecaster/planner/demand.js';
import { CERTAIN } from '../../../../forecaster/planner/problem.js';
import { TailSpreads } from '../../../../forecaster/planner/tail.js';
import { resourceSeries } from '../../../support/series.js';

const STEPS = 12;
const ROWS = { resources: 1, dimensions: 1, series: Int32Array.of(0) };

/** Of one resource, alike in all steps. */
function forecast(path: readonly number[], peaks: readonly number[], steps = STEPS): ForecastBlock {
  const grid = { startMs: 0, stepMs: 300_000, steps };
  const block = forecastBlock([resourceSeries('a', 'cpu')], grid, {
    quantiles: [0.1, 0.5, 0.9],
    factors: 0,
  });
  for (const [row, value] of path.entries())
    block.paths.fill(value, row * steps, (row + 1) * steps);
  block.peaks.set(peaks);
  return block;
}

function deviationOf(block: ForecastBlock, mean: number): number {
  const { steps } = block.grid;
  const into = new Float64Array(steps);
  TailSpreads.of(block)?.fill(0, new Float64Array(steps).fill(mean), into);
  return into[0]!;
}

/** By a sum over a million values of p in place of the formula. */
function deviationBySum(points: readonly (readonly [p: number, q: number])[], mean: number) {
  const count = 1_000_000;
  let sum = 0;
  for (let index = 0; index < count; index++) {
    const p = (index + 0.5) / count;
    const after = points.findIndex(([at]) => at > p);
    const [p1, q1] = points[after === -1 ? points.length - 1 : Math.max(0, after)]!;
    const [p0, q0] = points[after === -1 ? points.length - 1 : Math.max(0, after - 1)]!;
    const value = p1 === p0 ? q1 : q0 + ((q1 - q0) * (p - p0)) / (p1 - p0);
    sum += (value - mean) ** 2;
  }
  return Math.sqrt(sum / count);
}

describe('the tail of a load', () => {
  it('is what the highest step is above the others, where these know nothing of it', () => {
    const block = forecast([0, 0, 0], [0, 50, 80]);
    const points = [
      [0.9, 0],
      [0.5 ** (1 / STEPS), 50],
      [0.9 ** (1 / STEPS), 80],
    ] as const;
    expect(deviationOf(block, 1)).toBeCloseTo(deviationBySum(points, 1), 3);
    expect(loadOf(demandAt(block, ROWS, 0.95), 0, 0)).toBe(0);
    expect(loadOf(demandAt(block, ROWS, 0.95, { tail: true }), 0, 0)).toBeGreaterThan(10);
  });

  it('hardly widens what is normal, of which the steps know all', () => {
    const deviation = 10;
    const at = (p: number): number => 100 + deviation * normalQuantile(p);
    const peaks = [0.1, 0.5, 0.9].map((p) => at(p ** (1 / STEPS)));
    const block = forecast([at(0.1), 100, at(0.9)], peaks);
    expect(deviationOf(block, 100) / deviation).toBeCloseTo(0.97, 1);
  });

  it.each([0.6, 0.85, 0.95])('never makes less of a load: P%d', (quantile) => {
    const block = forecast([8, 10, 15], [12, 14, 15]);
    const without = loadOf(demandAt(block, ROWS, quantile), 0, 0);
    expect(loadOf(demandAt(block, ROWS, quantile, { tail: true }), 0, 0)).toBeGreaterThanOrEqual(
      without,
    );
  });

  it('says nothing of a horizon of a step, of what is certain, and below the median', () => {
    const one = forecast([8, 10, 15], [8, 10, 15], 1);
    const points = [
      [0.1, 8],
      [0.5, 10],
      [0.9, 15],
    ] as const;
    expect(deviationOf(one, 10.5)).toBeCloseTo(deviationBySum(points, 10.5), 3);
    const sure = forecast([10, 10, 10], [10, 10, 10]);
    expect(demandAt(sure, ROWS, 0.9, { tail: true })).toMatchObject({ factors: CERTAIN });
    const block = forecast([0, 1, 2], [0, 50, 80]);
    expect(demandAt(block, ROWS, 0.1, { tail: true })).toEqual(demandAt(block, ROWS, 0.1));
  });

  it('of no number is refused', () => {
    const block = forecast([0, 1, 2], [0, NaN, 80]);
    expect(() => demandAt(block, ROWS, 0.9, { tail: true })).toThrow('resource/a/cpu');
  });
});
