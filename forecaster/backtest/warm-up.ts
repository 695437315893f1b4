import type { Grid } from '../../core/panel.js';

const DAY_MS = 86_400_000;

/** What forecasts of a recorded load learn from first, where nobody says otherwise: a week, so that each day is known. */
export const WARM_MS = 7 * 86_400_000;

/** That long, at most half of the load: the rest is what they are judged on. */
export function usualWarmSteps({ steps, stepMs }: Pick<Grid, 'steps' | 'stepMs'>): number {
  return Math.min(Math.floor(steps / 2), Math.round(WARM_MS / stepMs));
}

/** What seasonal naive repeats: a day where two of them are known before the first origin; 1: the last value. */
export function naiveSeasonSteps(stepMs: number, warmSteps: number): number {
  const daySteps = Math.round(DAY_MS / stepMs);
  return daySteps >= 1 && warmSteps >= 2 * daySteps ? daySteps : 1;
}
