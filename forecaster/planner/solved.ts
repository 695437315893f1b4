import type { ReasonedShift } from './batches.js';
import type { PlanningInputs } from './inputs.js';
import type { Stopped } from './search.js';
import { best } from './search.js';
import { switchable } from './switchable.js';
import type { Translation } from './translation.js';
import { translate } from './translation.js';

/** How a run goes on, beyond the inputs: no part of what the answer should be. */
export interface PlanningRun {
  /** True ends the search early; the plan then says that it was stopped by the clock. */
  readonly shouldStop?: () => boolean;
}

/** The inputs as numbers, and what the search made of them. */
export interface Solved {
  readonly translation: Translation;
  readonly batches: readonly (readonly ReasonedShift[])[];
  /** Where everything is after the batches. */
  readonly assignment: Int32Array;
  readonly stopped: Stopped;
}

/** @throws ERR_PLANNING_INVALID — inputs that contradict themselves, or numbers that none can be */
export function solve(inputs: PlanningInputs, run: PlanningRun = {}): Solved {
  const translation = translate(inputs);
  const { problem } = translation;
  const { workUnits } = inputs.options;
  const { assignment, stopped } = best(problem, { ...run, workUnits, seed: inputs.seed });
  return {
    translation,
    ...switchable(problem, assignment, inputs.forecast.grid),
    stopped,
  };
}
