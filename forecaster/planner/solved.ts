import type { ReasonedShift } from './batches.js';
import type { PlannerOptions, PlanningInputs } from './inputs.js';
import type { Problem } from './problem.js';
import type { Stopped } from './search.js';
import { best, first } from './search.js';
import { moveCostsOf } from './sizing.js';
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
  const options = { ...run, workUnits, seed: inputs.seed };
  const { assignment, stopped } = best(problem, options);
  const rest = first(easier(problem, assignment, inputs.options), { ...options, from: assignment });
  return {
    translation,
    ...switchable(problem, rest.assignment, inputs.forecast.grid),
    stopped,
  };
}

/** Beside an overload the rest of the load above the target is nothing: once it is gone, that is worth moves of its own. */
function easier(problem: Problem, assignment: Int32Array, options: PlannerOptions): Problem {
  return { ...problem, moveCost: moveCostsOf(problem, options, assignment) };
}
