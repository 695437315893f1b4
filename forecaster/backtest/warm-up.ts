import type { Grid } from '../../core/panel.js';

/** What forecasts of a recorded load learn from first, where nobody says otherwise: a week, so that each day is known. */
export const WARM_MS = 7 * 86_400_000;

/** That long, at most half of the load: the rest is what they are judged on. */
export function usualWarmSteps({ steps, stepMs }: Pick<Grid, 'steps' | 'stepMs'>): number {
  return Math.min(Math.floor(steps / 2), Math.round(WARM_MS / stepMs));
}
