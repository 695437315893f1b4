import type { ForecastBlock } from '../../core/forecast.js';
import { pathOf } from '../../core/forecast.js';

/** What was said of one series over a horizon. */
export interface SaidWindow {
  readonly p50: Float32Array;
  readonly p90: Float32Array;
  /** Of the highest step. */
  readonly peak50: number;
  readonly peak90: number;
}

/** Copies: a forecaster may use its block again. */
export function saidWindow(block: ForecastBlock, row: number): SaidWindow {
  return {
    p50: pathOf(block, row, 0.5).slice(),
    p90: pathOf(block, row, 0.9).slice(),
    peak50: peakOf(block, row, 0.5),
    peak90: peakOf(block, row, 0.9),
  };
}

export function peakOf({ peaks, quantiles }: ForecastBlock, row: number, quantile: number): number {
  return peaks[row * quantiles.length + quantiles.indexOf(quantile)] ?? NaN;
}
