import { describe, expect, it } from '@jest/globals';
import type { ForecastBlock } from '../../../../core/forecast.js';
import { assertSound, forecastBlock, pathOf } from '../../../../core/forecast.js';
import { atOnce } from '../../../../core/threads/slices.js';
import { lifted } from '../../../../forecaster/planner/lift.js';
import { resourceSeries } from '../../../support/series.js';

const RESOURCES = 20;
const GRID = { startMs: 0, stepMs: 1000, steps: 3 };

/** Each resource: 8, 10, 12 at the first step, twice that at the second, half at the third; of cpu and of memory. */
function forecast(resources = RESOURCES): ForecastBlock {
  const metrics = ['cpu', 'memory'] as const;
  const series = Array.from({ length: resources }, (_hole, at) =>
    metrics.map((metric) => resourceSeries(`r${at}`, metric)),
  ).flat();
  const block = forecastBlock(series, GRID);
  const steps = [1, 2, 0.5];
  for (let row = 0; row < series.length * 3; row++) {
    const value = [8, 10, 12][row % 3]!;
    block.paths.set(
      steps.map((step) => step * value),
      row * 3,
    );
    block.peaks[row] = 2 * value;
  }
  return block;
}

/** What is measured of each, cpu and memory. */
function measured({ series }: ForecastBlock, cpu: number, memory: number): Float32Array {
  return Float32Array.from(series, ({ metric }) => (metric === 'cpu' ? cpu : memory));
}

describe('a forecast that begins below what is measured', () => {
  it('is as high as the load, and keeps its shape, where a fleet carries far more than its P90s', () => {
    const block = forecast();
    const higher = atOnce(lifted(block, measured(block, 15, 10)));
    assertSound(higher);
    expect([...pathOf(higher, 0, 0.5)]).toEqual([15, 30, 7.5]);
    expect([...pathOf(higher, 38, 0.9)]).toEqual([18, 36, 9]);
    expect(higher.peaks[1]).toBe(30);
    // Memory is as was said.
    expect([...pathOf(higher, 1, 0.5)]).toEqual([10, 20, 5]);
    expect([...pathOf(block, 0, 0.5)]).toEqual([10, 20, 5]);
  });

  it('stays as it is while the load could be chance, or is less than was said', () => {
    const block = forecast();
    for (const cpu of [0, 10, 12, 13.7]) {
      expect(atOnce(lifted(block, measured(block, cpu, 10)))).toBe(block);
    }
  });

  it('is not judged by one resource, nor by few', () => {
    const block = forecast();
    const one = measured(block, 10, 10);
    one[0] = 50;
    expect(atOnce(lifted(block, one))).toBe(block);
    const few = forecast(RESOURCES - 1);
    expect(atOnce(lifted(few, measured(few, 15, 10)))).toBe(few);
  });

  it('is judged by what is measured alone', () => {
    const block = forecast(RESOURCES + 5);
    const last = measured(block, 15, 10);
    last.fill(NaN, 0, 10);
    expect(pathOf(atOnce(lifted(block, last)), 0, 0.5)[0]).toBe(15);
    last.fill(NaN, 0, 20);
    expect(atOnce(lifted(block, last))).toBe(block);
  });

  it('is lifted tenfold at most, and never if it says nothing', () => {
    const block = forecast();
    expect(pathOf(atOnce(lifted(block, measured(block, 1e30, 10))), 0, 0.5)[0]).toBe(100);
    block.paths.fill(0);
    expect(atOnce(lifted(block, measured(block, 15, 10)))).toBe(block);
  });
});
