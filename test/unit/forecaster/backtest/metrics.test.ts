import { describe, expect, it } from '@jest/globals';
import type { ScoredWindow } from '../../../../forecaster/backtest/metrics.js';
import { metricsOf } from '../../../../forecaster/backtest/metrics.js';

function window(over: Partial<ScoredWindow> = {}): ScoredWindow {
  return {
    scale: 2,
    came: Float32Array.of(4, 8, 6, NaN),
    p50: Float32Array.of(5, 5, 6, 1),
    p90: Float32Array.of(9, 7, 7, 1),
    peak50: 6,
    peak90: 7,
    ...over,
  };
}

describe('metricsOf', () => {
  it('measures errors by the scale, gaps left out', () => {
    const metrics = metricsOf([window()], 4);
    expect(metrics.MASE).toBeCloseTo((1 + 3 + 0) / 3 / 2, 6);
    expect(metrics.WAPE).toBeCloseTo(4 / 18, 6);
    // 2 × pinball at 0.9: (1 − 0.9) × 5, 0.9 × 1, (1 − 0.9) × 1.
    expect(metrics.sQL90).toBeCloseTo((2 * (0.5 + 0.9 + 0.1)) / 3 / 2, 6);
    expect(metrics.cov90).toBeCloseTo(2 / 3, 6);
  });

  it('judges the highest step by what was said of the peak', () => {
    const metrics = metricsOf([window()], 4);
    expect(metrics.peakMASE).toBeCloseTo(2 / 2, 6);
    expect(metrics.peakQL90).toBeCloseTo((2 * 0.9 * 1) / 2, 6);
    expect(metrics.peakAPE_median).toBeCloseTo(2 / 8, 6);
    // 8 is above 1.1 × 7.
    expect(metrics.peakMiss).toBe(1);
  });

  it('cuts windows to the first steps', () => {
    const metrics = metricsOf([window()], 1);
    expect(metrics.MASE).toBeCloseTo(0.5, 6);
    expect(metrics.cov90).toBe(1);
  });

  it('leaves out a window in which nothing was measured, and is the mean of the others', () => {
    const nothing = window({ came: new Float32Array(4).fill(NaN) });
    const worse = window({ scale: 1 });
    const metrics = metricsOf([nothing, window(), worse], 4);
    expect(metrics.MASE).toBeCloseTo((4 / 3 / 2 + 4 / 3) / 2, 6);
    expect(metricsOf([nothing], 4).MASE).toBeNaN();
  });
});
