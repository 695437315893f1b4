import type { Panel } from '../../core/panel.js';
import { panelOf, rowOf } from '../../core/panel.js';
import type { BacktestOptions } from './backtest.js';
import { originsOf } from './backtest.js';
import { naiveSeasonSteps, usualWarmSteps } from './warm-up.js';

/* What of a stored history is walked over, and how. */

/** With less before the first origin nothing is foreseen. */
const WARM_STEPS_MIN = 3;

export type HistoryRules = Pick<
  BacktestOptions,
  'horizonSteps' | 'everySteps' | 'warmSteps' | 'seasonSteps'
>;

/** Two origins a horizon, after as long a warm-up as there may be. Undefined: it is too short. */
export function historyRules(
  { steps, stepMs }: { readonly steps: number; readonly stepMs: number },
  horizonSteps: number,
): HistoryRules | undefined {
  const warmSteps = usualWarmSteps({ steps, stepMs });
  if (warmSteps < WARM_STEPS_MIN || steps < warmSteps + horizonSteps) return undefined;
  const everySteps = Math.max(1, horizonSteps >> 1);
  const seasonSteps = naiveSeasonSteps(stepMs, warmSteps);
  return { horizonSteps, everySteps, warmSteps, seasonSteps };
}

/** So many series can be judged by so many forecasts; one at least. */
export function seriesWithin(forecastsMax: number, steps: number, rules: HistoryRules): number {
  return Math.max(1, Math.floor(forecastsMax / Math.max(1, originsOf(steps, rules).length)));
}

/** From the first step on of which something is known: a young fleet has no more. */
export function knownPart(panel: Panel): Panel {
  const { grid, series } = panel;
  const firsts = series.map((_, row) =>
    rowOf(panel, row).findIndex((value) => !Number.isNaN(value)),
  );
  const from = firsts.reduce((min, at) => (at === -1 ? min : Math.min(min, at)), grid.steps);
  const steps = grid.steps - from;
  const values = new Float32Array(series.length * steps);
  for (const row of series.keys()) values.set(rowOf(panel, row).subarray(from), row * steps);
  const startMs = grid.startMs + from * grid.stepMs;
  return panelOf(series, { ...grid, startMs, steps }, values);
}
