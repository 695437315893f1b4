import type { Said, Score } from '../core/metric-store/port.js';
import type { SeriesKey } from '../core/sample.js';

/** A quantile of each `Said`, for the pinball loss. */
const LEVELS = [0.1, 0.5, 0.9] as const;

export interface ScoringInputs {
  readonly series: SeriesKey;
  readonly leadMs: number;
  /** What was said `leadMs` ahead. */
  readonly said: readonly Said[];
  /** What was measured in the step that starts at `timeMs`; NaN if nothing was. */
  readonly cameAt: (timeMs: number) => number;
}

/** How good what was said turned out. Steps of which nothing is known are left out: they are no misses. */
export function scoresOf({ series, leadMs, said, cameAt }: ScoringInputs): Score[] {
  return said.flatMap((at) => {
    const came = cameAt(at.timeMs);
    if (!Number.isFinite(came)) return [];
    return [
      {
        series,
        timeMs: at.timeMs,
        leadMs,
        inBand: at.p10 <= came && came <= at.p90 ? 1 : 0,
        absoluteError: Math.abs(came - at.p50),
        pinball: pinballOf(at, came),
      },
    ];
  });
}

/** Mean over the quantiles of 2 × pinball loss, as in WQL (Park et al. 2022); 0 is perfect. */
function pinballOf({ p10, p50, p90 }: Said, came: number): number {
  const losses = [p10, p50, p90].map((value, at) => {
    const level = LEVELS[at] ?? 0.5;
    return 2 * (came >= value ? level * (came - value) : (1 - level) * (value - came));
  });
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

/** Scores of one lead in one line. */
export interface ScoreSummary {
  readonly leadMs: number;
  readonly count: number;
  /** Share of what came that was between P10 and P90; 0.8 is right. */
  readonly coverage: number;
  readonly absoluteErrorMean: number;
  readonly pinballMean: number;
}

/** By lead, ascending. Sums over series: only scores of one metric may come together. */
export function summariesOf(scores: readonly Score[]): ScoreSummary[] {
  const byLead = new Map<number, Score[]>();
  for (const score of scores) {
    const same = byLead.get(score.leadMs);
    if (same === undefined) byLead.set(score.leadMs, [score]);
    else same.push(score);
  }
  return [...byLead]
    .sort(([a], [b]) => a - b)
    .map(([leadMs, all]) => ({
      leadMs,
      count: all.length,
      coverage: mean(all, ({ inBand }) => inBand),
      absoluteErrorMean: mean(all, ({ absoluteError }) => absoluteError),
      pinballMean: mean(all, ({ pinball }) => pinball),
    }));
}

function mean(scores: readonly Score[], valueOf: (score: Score) => number): number {
  return scores.reduce((sum, score) => sum + valueOf(score), 0) / scores.length;
}
