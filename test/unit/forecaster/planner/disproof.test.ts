import { describe, expect, it } from '@jest/globals';
import type { ForecastBlock } from '../../../../core/forecast.js';
import { assertSound, forecastBlock, pathOf } from '../../../../core/forecast.js';
import { atOnce } from '../../../../core/threads/slices.js';
import { borneOut } from '../../../../forecaster/planner/disproof.js';
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

/** The same, but each resource's cpu is so many times as high as was said. */
function spread(block: ForecastBlock, shares: readonly number[]): Float32Array {
  return measured(block, 10, 10).map((value, row) =>
    row % 2 === 0 ? value * shares[(row / 2) % shares.length]! : value,
  );
}

function believed(block: ForecastBlock, last: Float32Array, nowMs = 0): ForecastBlock {
  return atOnce(borneOut(block, last, nowMs)).forecast;
}

describe('a forecast that begins elsewhere than most resources are', () => {
  it('begins where the load is, if that is all that is wrong', () => {
    const block = forecast();
    const lower = believed(block, measured(block, 5, 10));
    assertSound(lower);
    expect([...pathOf(lower, 0, 0.5)]).toEqual([5, 10, 2.5]);
    expect([...pathOf(lower, 0, 0.9)]).toEqual([6, 12, 3]);
    expect(lower.peaks[1]).toBe(10);
    expect([...pathOf(lower, 1, 0.5)]).toEqual([10, 20, 5]);
    expect([...pathOf(block, 0, 0.5)]).toEqual([10, 20, 5]);
  });

  it('is said to be so, with what is counted with in its place', () => {
    const block = forecast();
    const disprovedBy = (last: Float32Array, nowMs = 0) =>
      atOnce(borneOut(block, last, nowMs)).disproved;
    expect(disprovedBy(measured(block, 10, 10))).toEqual([]);
    expect(disprovedBy(measured(block, 5, 10))).toEqual([{ metric: 'cpu', factor: 0.5 }]);
    expect(disprovedBy(spread(block, [0.2, 0.5, 1, 3]))).toEqual([{ metric: 'cpu', factor: null }]);
  });

  it('is judged by the step that has begun, where it is of an earlier round', () => {
    const block = forecast();
    const second = GRID.startMs + GRID.stepMs;
    const twice = measured(block, 20, 20);
    for (const nowMs of [second, second + GRID.stepMs - 1]) {
      expect(believed(block, twice, nowMs)).toBe(block);
    }
    expect(believed(block, twice, second - 1)).not.toBe(block);
    const higher = believed(block, measured(block, 40, 20), second);
    expect([...pathOf(higher, 0, 0.5)]).toEqual([20, 40, 10]);
    // Before and after all steps the nearest.
    expect(believed(block, measured(block, 10, 10), GRID.startMs - 1)).toBe(block);
    expect(believed(block, measured(block, 5, 5), GRID.startMs + 9 * GRID.stepMs)).toBe(block);
  });

  it('is the last value where no factor helps', () => {
    const block = forecast();
    block.loadings.fill(0.5);
    const last = spread(block, [0.2, 0.5, 1, 3]);
    const flat = believed(block, last);
    assertSound(flat);
    expect([0.1, 0.5, 0.9].map((quantile) => [...pathOf(flat, 0, quantile)])).toEqual([
      [2, 2, 2],
      [2, 2, 2],
      [2, 2, 2],
    ]);
    expect([...pathOf(flat, 6, 0.9)]).toEqual([30, 30, 30]);
    expect([...flat.peaks.subarray(18, 21)]).toEqual([30, 30, 30]);
    // Memory is as was said, and moves as was said.
    expect([...pathOf(flat, 1, 0.5)]).toEqual([10, 20, 5]);
    expect([...flat.loadings.subarray(0, 2)]).toEqual([0, 0.5]);
    expect(block.loadings[0]).toBe(0.5);
  });

  it('stays for what was not measured, and is not judged by it', () => {
    const block = forecast(RESOURCES + 5);
    const last = spread(block, [0.2, 0.5, 1, 3]).fill(NaN, 0, 10);
    const flat = believed(block, last);
    expect([...pathOf(flat, 12, 0.5)]).toEqual([10, 10, 10]);
    expect(pathOf(flat, 0, 0.5)[2]).toBeLessThan(5.9);
    expect(believed(block, last.fill(NaN, 10, 12))).toBe(block);
  });

  it('is borne out by what was said exactly, though the band has no width', () => {
    const block = forecast();
    block.paths.fill(0.1);
    expect(believed(block, measured(block, 0.10002, 0.1))).toBe(block);
  });

  it('is not borne out by resources that do nothing, as was said', () => {
    const block = forecast(100);
    block.paths.fill(0, RESOURCES * 2 * 9);
    const last = spread(block, [0.2, 0.5, 1, 3]);
    last.fill(0, RESOURCES * 2);
    expect([...pathOf(believed(block, last), 0, 0.5)]).toEqual([2, 2, 2]);
  });
});

describe('a forecast that begins below what is measured', () => {
  it('is as high as the load, and keeps its shape, where a fleet carries far more than its P90s', () => {
    const block = forecast();
    const higher = believed(block, measured(block, 15, 10));
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
    for (const cpu of [8, 10, 12]) {
      expect(believed(block, measured(block, cpu, 10))).toBe(block);
    }
    // Twelve of twenty resources are outside, by a little or by much; the fleet carries 1.14 times its P90s at most.
    for (const cpu of [0, 7, 13, 14.7]) {
      const last = measured(block, 10, 10);
      for (let resource = 0; resource < 12; resource++) last[2 * resource] = cpu;
      expect(believed(block, last)).toBe(block);
    }
  });

  it('keeps its shape, too, where a few carry all that was not foreseen', () => {
    const block = forecast();
    const last = measured(block, 10, 10);
    for (let resource = 0; resource < 5; resource++) last[2 * resource] = 30;
    const higher = believed(block, last);
    expect([...pathOf(higher, 0, 0.5)]).toEqual([15, 30, 7.5]);
    expect([...pathOf(higher, 38, 0.9)]).toEqual([18, 36, 9]);
  });

  it('is not judged by one resource, nor by few', () => {
    const block = forecast();
    const one = measured(block, 10, 10);
    one[0] = 50;
    expect(believed(block, one)).toBe(block);
    const few = forecast(RESOURCES - 1);
    expect(believed(few, measured(few, 15, 10))).toBe(few);
  });

  it('is judged by what is measured alone', () => {
    const block = forecast(RESOURCES + 5);
    const last = measured(block, 15, 10);
    last.fill(NaN, 0, 10);
    expect(pathOf(believed(block, last), 0, 0.5)[0]).toBe(15);
    last.fill(NaN, 0, 20);
    expect(believed(block, last)).toBe(block);
  });

  it('keeps no shape if it says nothing, or ten times too little', () => {
    const block = forecast();
    expect([...pathOf(believed(block, measured(block, 1000, 10)), 0, 0.5)]).toEqual([
      1000, 1000, 1000,
    ]);
    block.paths.fill(0);
    expect([...pathOf(believed(block, measured(block, 15, 10)), 0, 0.9)]).toEqual([15, 15, 15]);
  });
});
