import type { SeriesKey } from '../../core/sample.js';
import type { BreachSummary } from '../breaches.js';
import type { ScoredWindow } from './metrics.js';
import { metricsOf } from './metrics.js';

/** How the forecasts of one series turned out; figures that nothing is known of are NaN. */
export interface SeriesScore {
  readonly key: SeriesKey;
  /** First steps of the forecasts that were judged, ascending. */
  readonly origins: readonly number[];
  /** Mean error of P50, by that of seasonal naive over the context: MASE. */
  readonly error: number;
  /** The same of what seasonal naive said at the same origins. */
  readonly naiveError: number;
  /** Share of the steps that stayed below P90: 0.9 is right. */
  readonly coverage90: number;
  /** Error of the highest step, as `error`. */
  readonly peakError: number;
  readonly naivePeakError: number;
  /** What the load should stay below. */
  readonly limit: number;
  readonly breaches: Omit<BreachSummary, 'answered'>;
}

export interface ScoringInputs {
  readonly origins: readonly number[];
  readonly windows: readonly ScoredWindow[];
  /** The same windows, as seasonal naive said. */
  readonly naive: readonly ScoredWindow[];
  readonly horizonSteps: number;
  readonly limit: number;
  readonly breaches: Omit<BreachSummary, 'answered'>;
}

export function scoreOf(key: SeriesKey, inputs: ScoringInputs): SeriesScore {
  const { origins, windows, horizonSteps, limit, breaches } = inputs;
  const ours = metricsOf(windows, horizonSteps);
  const naive = metricsOf(inputs.naive, horizonSteps);
  return {
    key,
    origins,
    error: ours.MASE,
    naiveError: naive.MASE,
    coverage90: ours.cov90,
    peakError: ours.peakMASE,
    naivePeakError: naive.peakMASE,
    limit,
    breaches,
  };
}

/** Over all series: means over their windows, sums of breaches, the median of the leads. */
export interface OverallScore extends Omit<SeriesScore, 'key' | 'limit'> {
  readonly windows: number;
}

export function overallOf(scores: readonly SeriesScore[]): OverallScore {
  const judged = scores.filter(({ origins }) => origins.length > 0);
  const windows = judged.reduce((sum, { origins }) => sum + origins.length, 0);
  const meanOf = (valueOf: (score: SeriesScore) => number): number =>
    judged.reduce((sum, score) => sum + score.origins.length * valueOf(score), 0) / windows;
  const sumOf = (name: 'called' | 'missed' | 'false'): number =>
    judged.reduce((sum, { breaches }) => sum + breaches[name], 0);
  const leadsMs = judged.flatMap(({ breaches }) => breaches.leadsMs).sort((a, b) => a - b);
  const origins = new Set(judged.flatMap((score) => score.origins));
  return {
    windows,
    origins: [...origins].sort((a, b) => a - b),
    error: meanOf(({ error }) => error),
    naiveError: meanOf(({ naiveError }) => naiveError),
    coverage90: meanOf(({ coverage90 }) => coverage90),
    peakError: meanOf(({ peakError }) => peakError),
    naivePeakError: meanOf(({ naivePeakError }) => naivePeakError),
    breaches: {
      called: sumOf('called'),
      missed: sumOf('missed'),
      false: sumOf('false'),
      leadMs: leadsMs[leadsMs.length >> 1] ?? NaN,
      leadsMs,
    },
  };
}
