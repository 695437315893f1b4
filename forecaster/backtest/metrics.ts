import type { SaidWindow } from './said-window.js';

/** One window: what was said of it, and what came; NaN was not measured. */
export interface ScoredWindow extends SaidWindow {
  /** What an error of 1 is worth: the mean error of seasonal naive over the context (Hyndman and Koehler 2006). */
  readonly scale: number;
  readonly came: Float32Array;
}

/**
 * How good forecasts were, over windows cut to their first `steps`: errors by their scale (MASE, sQL90, peakMASE,
 * peakQL90), pooled (WAPE, wQL), and shares. NaN where no window has a sample. The bench on published baselines and
 * `foreshift backtest` both judge by these.
 */
export function metricsOf(windows: readonly ScoredWindow[], steps: number) {
  const known = windows.filter(({ came }) => stepsOf(came, steps).length > 0);
  const each = known.map((window) => metricsOfWindow(window, steps));
  const meanOf = (metric: keyof WindowFigures): number => mean(each.map((of) => of[metric]));
  const sumOf = (metric: keyof WindowFigures): number => sum(each.map((of) => of[metric]));
  const medianOf = (metric: keyof WindowFigures): number => median(each.map((of) => of[metric]));
  const came = sumOf('came');
  return {
    MASE: meanOf('error'),
    sQL90: meanOf('loss90'),
    WAPE: sumOf('errorSum') / came,
    wQL50: sumOf('errorSum') / came,
    wQL90: sumOf('loss90Sum') / came,
    cov90: sumOf('covered') / sumOf('steps'),
    peakMASE: meanOf('peakError'),
    peakQL90: meanOf('peakLoss90'),
    peakWQL90: sumOf('peakLoss90Sum') / sumOf('peak'),
    peakAPE_median: medianOf('peakApe'),
    peakP90APE_median: medianOf('peak90Ape'),
    peakMiss: meanOf('peakMiss'),
    peakBias_median: medianOf('peakBias'),
  };
}

type WindowFigures = ReturnType<typeof metricsOfWindow>;

function metricsOfWindow({ scale, came, p50, p90, peak50, peak90 }: ScoredWindow, steps: number) {
  const known = stepsOf(came, steps);
  const errorSum = sum(known.map((h) => Math.abs(came[h]! - p50[h]!)));
  const loss90Sum = sum(known.map((h) => pinball(came[h]!, p90[h]!, 0.9)));
  const peak = Math.max(...known.map((h) => came[h]!));
  return {
    steps: known.length,
    came: sum(known.map((h) => came[h]!)),
    error: errorSum / known.length / scale,
    errorSum,
    loss90: loss90Sum / known.length / scale,
    loss90Sum,
    covered: known.filter((h) => came[h]! <= p90[h]!).length,
    peak,
    peakError: Math.abs(peak50 - peak) / scale,
    peakLoss90: pinball(peak, peak90, 0.9) / scale,
    peakLoss90Sum: pinball(peak, peak90, 0.9),
    peakApe: Math.abs(peak50 - peak) / peak,
    peak90Ape: Math.abs(peak90 - peak) / peak,
    peakMiss: peak > 1.1 * peak90 ? 1 : 0,
    peakBias: (peak50 - peak) / peak,
  };
}

function stepsOf(came: Float32Array, steps: number): number[] {
  return [...came.keys()].filter((h) => h < steps && !Number.isNaN(came[h]!));
}

/** Twice, so that at 0.5 it is the absolute error. */
function pinball(came: number, said: number, quantile: number): number {
  return 2 * (came >= said ? quantile * (came - said) : (1 - quantile) * (said - came));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

function median(values: readonly number[]): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle]!;
  return ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}
