import type { TuningRecord } from '../../core/table-store/records/tuning.js';
import type { Scene } from '../scene.js';
import type { QuantileTrial } from './choice.js';
import { BETTER_DAYS_MIN } from './choice.js';
import type { TrialFigures } from './trial-tally.js';
import { halfOf } from './trials.js';

/** Quantiles that are tried, besides the safe one and the one in force. */
export const QUANTILES_TRIED = [0.7, 0.8, 0.85, 0.9, 0.95] as const;

/** Of a history, what is replayed: so many days at least, with fewer nothing could be chosen; so many at most. */
export const TRIED_DAYS_MIN = BETTER_DAYS_MIN;
export const TRIED_DAYS_MAX = 14;

/** What is written down of a tuning: what was tried on which history, and what came of it. */
export function tuningOf(
  scene: Scene,
  trials: readonly QuantileTrial[],
): Pick<TuningRecord, 'history' | 'trials'> {
  const { startMs, stepMs, steps } = scene.recorded.grid;
  const timeOf = (step: number): number => startMs + step * stepMs;
  return {
    history: {
      dimension: scene.dimension,
      servers: scene.servers.length,
      resources: scene.resources.length,
      fromMs: timeOf(scene.warmSteps),
      judgedFromMs: timeOf(halfOf(scene)),
      toMs: timeOf(steps),
    },
    trials: trials.map(({ quantile, choosing, judging }) => ({
      quantile,
      choosing: figuresOf(choosing),
      judging: figuresOf(judging),
    })),
  };
}

function figuresOf({ overloadMinutesPerServerDay, movesPerResourceDay }: TrialFigures) {
  return {
    overloadMinutesPerServerDay: rounded(overloadMinutesPerServerDay),
    movesPerResourceDay: rounded(movesPerResourceDay),
  };
}

function rounded(value: number): number {
  return Number(value.toPrecision(6));
}
