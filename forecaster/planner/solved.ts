import type { ReasonedShift } from './batches.js';
import type { PlannerOptions, PlanningInputs } from './inputs.js';
import type { Problem } from './problem.js';
import { EPSILON, movedBetween } from './problem.js';
import { wrongsOf } from './score.js';
import type { SearchOptions, Stopped } from './search.js';
import { best, first } from './search.js';
import { moveCostsOf } from './sizing.js';
import { switchable } from './switchable.js';
import type { Translated, Translation } from './translation.js';
import { translate } from './translation.js';

/** How a run goes on, beyond the inputs: no part of what the answer should be. */
export interface PlanningRun {
  /** Share of the time that is over, from 0; 1 ends the search: the plan then says that the clock stopped it. */
  readonly timeShare?: () => number;
  /** What was planned before, of the same forecast: what they have in common is taken from there. */
  readonly before?: Translated | undefined;
}

/** The inputs as numbers, and what the search made of them. */
export interface Solved {
  readonly translation: Translation;
  readonly batches: readonly (readonly ReasonedShift[])[];
  /** Where everything is after the batches. */
  readonly assignment: Int32Array;
  readonly stopped: Stopped;
}

/** Work of the search where a server is lost: what it served waits for the answer, and the rest is planned anew after it. */
const URGENT_WORK_UNITS = 50_000;

/** @throws ERR_PLANNING_INVALID — inputs that contradict themselves, or numbers that none can be */
export function solve(inputs: PlanningInputs, { before, ...run }: PlanningRun = {}): Solved {
  const translation = translate(inputs, before);
  const { problem } = translation;
  const most = problem.needs.includes('lost') ? URGENT_WORK_UNITS : Infinity;
  const workUnits = Math.min(inputs.options.workUnits, most);
  const options = { ...run, workUnits, seed: inputs.seed };
  const { assignment, stopped } = warm(problem, options) ?? best(problem, options);
  const rest = relieved(problem, assignment, { ...options, planner: inputs.options });
  return {
    translation,
    ...switchable(problem, rest, inputs.forecast.grid),
    stopped,
  };
}

/**
 * The plan that waits, brought up to date by plain steps: nearly all of a search is in it. Undefined: none waits, or
 * what it leaves is worth a search of its own.
 */
function warm(
  problem: Problem,
  options: SearchOptions,
): { readonly assignment: Int32Array; readonly stopped: Stopped } | undefined {
  const { wanted } = problem;
  if (wanted === null) return undefined;
  const { assignment, overload } = first(problem, { ...options, wanted });
  const { misplaced, faults } = wrongsOf(problem, assignment);
  return misplaced > 0 || faults > 0 || overload > EPSILON
    ? undefined
    : { assignment, stopped: 'complete' };
}

/** So often at most; each time a tenth of what is left is enough. */
const PASSES_MAX = 16;

/**
 * Beside an overload the rest of the load above the target is nothing: once it is gone, that is worth moves of its own. And
 * while some overload is left, what was too little beside all of it is worth moves, too.
 */
export function relieved(
  problem: Problem,
  from: Int32Array,
  { planner, ...options }: SearchOptions & { readonly planner: PlannerOptions },
): Int32Array {
  let assignment = from;
  for (let pass = 0; pass < PASSES_MAX; pass++) {
    const easier = { ...problem, moveCost: moveCostsOf(problem, planner, assignment) };
    const next = first(easier, { ...options, from: assignment, isHasty: true });
    const isSame = movedBetween(assignment, next.assignment).length === 0;
    assignment = next.assignment;
    if (isSame || next.overload <= EPSILON) break;
  }
  return assignment;
}
