import { describe, expect, it } from '@jest/globals';
import { forecastBlock } from '../../../../core/forecast.js';
import {
  demandAt,
  lastDemand,
  loadOf,
  normalQuantile,
} from '../../../../forecaster/planner/demand.js';
import { CERTAIN } from '../../../../forecaster/planner/problem.js';
import { r } from '../../../support/names.js';

/** One resource, one dimension, two steps: 10 then 20, quantiles 20 % below and 50 % above. */
const FORECAST = forecastBlock([{ subject: 'resource', id: r('a'), metric: 'cpu' }], {
  startMs: 0,
  stepMs: 60_000,
  steps: 2,
});
FORECAST.paths.set([8, 16, 10, 20, 15, 30]);
FORECAST.loadings[0] = 0.6;
/** Of the first step: the median, and how unevenly the others lie around it. */
const MEAN = 10 + (15 + 8 - 2 * 10) / (2 * 1.2815516 ** 2);
const ROWS = { resources: 1, dimensions: 1, series: Int32Array.of(0) };

describe('normalQuantile', () => {
  it('is right to six digits, in the middle and in both tails', () => {
    const known = [
      [0.5, 0],
      [0.85, 1.0364334],
      [0.9, 1.2815516],
      [0.95, 1.6448536],
      [0.99, 2.3263479],
      [0.1, -1.2815516],
      [0.001, -3.0902323],
      [1e-12, -7.0344838],
    ] as const;
    for (const [p, z] of known) expect(normalQuantile(p)).toBeCloseTo(z, 6);
  });
});

describe('demandAt', () => {
  it('is the forecast itself at a quantile that it carries', () => {
    const high = demandAt(FORECAST, ROWS, 0.9);
    expect(loadOf(high, 0, 0)).toBeCloseTo(15, 5);
    expect(loadOf(high, 0, 1)).toBeCloseTo(30, 5);
    const low = demandAt(FORECAST, ROWS, 0.1);
    expect(loadOf(low, 0, 0)).toBeCloseTo(8, 5);
    expect(loadOf(low, 0, 1)).toBeCloseTo(16, 5);
  });

  it('lies between by the normal distribution around the mean', () => {
    const spread = 15 - MEAN;
    const at = (quantile: number) => loadOf(demandAt(FORECAST, ROWS, quantile), 0, 0);
    expect(at(0.85)).toBeCloseTo(MEAN + spread * (1.0364334 / 1.2815516), 5);
    expect(at(0.95)).toBeCloseTo(MEAN + spread * 1.2834857, 5);
  });

  it('is certain at the median, and where nothing is uncertain', () => {
    expect(demandAt(FORECAST, ROWS, 0.5)).toMatchObject({ factors: CERTAIN });
    const sure = { ...FORECAST, paths: Float32Array.of(10, 20, 10, 20, 10, 20) };
    expect(demandAt(sure, ROWS, 0.9)).toMatchObject({ factors: CERTAIN });
  });

  it('splits the spread into what is common and what is its own', () => {
    const { own, common } = demandAt(FORECAST, ROWS, 0.9);
    expect(common[0]).toBeCloseTo(0.6 * (15 - MEAN), 5);
    expect(own[0]).toBeCloseTo(0.64 * (15 - MEAN) ** 2, 5);
  });

  it('has a row of nobody, which adds nothing', () => {
    const demand = demandAt(FORECAST, ROWS, 0.9);
    expect(loadOf(demand, 1, 0)).toBe(0);
  });

  it('refuses loadings that none can be, and a forecast without a median', () => {
    const loaded = { ...FORECAST, loadings: Float32Array.of(1.5) };
    expect(() => demandAt(loaded, ROWS, 0.9)).toThrow('resource/a/cpu');
    const odd = { ...FORECAST, quantiles: [0.1, 0.4, 0.9] };
    expect(() => demandAt(odd, ROWS, 0.9)).toThrow('no median');
  });
});

describe('lastDemand', () => {
  it('is what was measured last, or the first median if that is not known', () => {
    expect(loadOf(lastDemand(FORECAST, ROWS, Float32Array.of(12)), 0, 0)).toBe(12);
    expect(loadOf(lastDemand(FORECAST, ROWS, Float32Array.of(NaN)), 0, 0)).toBe(10);
  });
});
