import type { Score } from '../../core/metric-store/port.js';

/** Share of the scored steps that came out within P10 to P90: 0.8 is right. Null: too few to say. */
export function coverageOf(scores: readonly Score[]): number | null {
  const SCORES_MIN = 20;
  if (scores.length < SCORES_MIN) return null;
  return scores.reduce((sum, { inBand }) => sum + inBand, 0) / scores.length;
}
