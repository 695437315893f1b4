import type { NoPlan } from '../../core/plan.js';
import { blockersOf, missOf } from './blockers.js';
import { headroomBlockers } from './headroom.js';
import type { PlanningInputs } from './inputs.js';
import type { Problem } from './problem.js';
import { movedBetween } from './problem.js';
import { rounded } from './rounded.js';
import { eveningWeightOf, scoreOf } from './score.js';
import { first } from './search.js';
import type { Translation } from './translation.js';

/** What moves could win is looked for with so much work at most. */
const WORK_UNITS = 50_000;

/** Why there is no plan. @param assignment what the search ended with: the start */
export function noPlan(
  inputs: PlanningInputs,
  translation: Translation,
  assignment: Int32Array,
): NoPlan {
  const none = noPlanForLoad(inputs, translation, assignment);
  if (none.why !== 'balanced' && none.why !== 'gain-too-small' && none.why !== 'blocked')
    return none;
  const missing = headroomBlockers(translation.problem, assignment, inputs.options.headroom);
  if (missing.length === 0) return none;
  return { ...none, why: 'blocked', blockers: [...none.blockers, ...missing] };
}

function noPlanForLoad(
  inputs: PlanningInputs,
  translation: Translation,
  assignment: Int32Array,
): NoPlan {
  const { problem } = translation;
  const score = scoreOf(problem, assignment);
  const none: NoPlan = {
    why: 'balanced',
    blockers: [],
    score,
    gain: null,
    gainMin: null,
    steps: null,
    stepsMin: null,
  };
  if (!problem.roles.includes('ready')) return { ...none, why: 'no-servers' };
  const miss = missOf(translation, assignment);
  const blocked = (): NoPlan => ({
    ...none,
    why: 'blocked',
    blockers: miss === undefined ? [] : blockersOf(inputs, translation, { assignment, miss }),
  });
  if (miss?.aim === 'misplaced') return blocked();
  const { restraint, options, seed } = inputs;
  if (restraint?.why === 'paused') return { ...none, why: 'paused' };
  if (restraint?.why === 'unmeasured') {
    return { ...none, why: 'unmeasured', steps: restraint.steps };
  }
  if (restraint?.why === 'learning') {
    const { steps, stepsMin } = restraint;
    return { ...none, why: 'learning', steps, stepsMin };
  }
  if (miss === undefined && eveningWeightOf(problem, assignment) === 0) return none;
  const gain = possibleGain(problem, { seed, gainMin: options.gainMin });
  // A move that takes away overload is always worth it: there is none.
  if (miss?.aim === 'overload' || (miss !== undefined && gain === 0)) return blocked();
  return { ...none, why: 'gain-too-small', gain, gainMin: options.gainMin };
}

/**
 * What a move wins if none need win anything, in the measure of `gainMin`: the square root of the cost it
 * takes away, since costs are squares of utilizations.
 */
function possibleGain(
  problem: Problem,
  { seed, gainMin }: { readonly seed: number; readonly gainMin: number },
): number {
  const free = { ...problem, moveCost: problem.moveCost.map(() => 0) };
  const { assignment, value } = first(free, { workUnits: WORK_UNITS, seed });
  const moved = movedBetween(problem.start, assignment);
  if (moved.length === 0) return 0;
  const price = moved.reduce((sum, resource) => sum + problem.moveCost[resource]!, 0);
  const won = Math.max(0, valueAtStart(free) - value);
  return price === 0 ? 0 : rounded(Math.min(gainMin, gainMin * Math.sqrt(won / price)));
}

function valueAtStart(problem: Problem): number {
  const { overload, pressure, unevenness } = scoreOf(problem, problem.start);
  const evening = eveningWeightOf(problem, problem.start) * unevenness;
  return overload * problem.objective.overloadWeight + pressure + evening;
}
