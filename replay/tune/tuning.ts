import type { TuningRecord } from '../../core/table-store/records/tuning.js';
import type { Measures } from '../rules/measures.js';
import type { Scene } from '../scene.js';
import type { QuantileTrial } from './choice.js';
import { halfOf } from './trials.js';

/** Quantiles that are tried, besides the safe one and the one in force. */
export const QUANTILES_TRIED = [0.7, 0.8, 0.85, 0.9, 0.95] as const;

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

function figuresOf({ overloadMinutesPerServerDay, movesPerResourceDay }: Measures) {
  return {
    overloadMinutesPerServerDay: rounded(overloadMinutesPerServerDay),
    movesPerResourceDay: rounded(movesPerResourceDay),
  };
}

function rounded(value: number): number {
  return Number(value.toPrecision(6));
}
