import type { ResourceId } from '../../core/domain.js';
import type { Batch } from '../../core/plan.js';
import type { PlanningInputs } from './inputs.js';
import { Layout } from './layout.js';
import { placeNeedy } from './placement.js';
import { plannedMove } from './planned-move.js';
import type { Problem } from './problem.js';
import { NOWHERE } from './problem.js';
import { resume } from './resumption.js';
import { Rules } from './rules.js';
import { StartWindows } from './start-window.js';
import { switchable } from './switchable.js';
import type { Translated, Translation } from './translation.js';
import { translateUnpriced } from './translation.js';

/** Where what lost servers had is to go, at once. */
export interface Rescue {
  readonly batches: readonly Batch[];
  /** What no server has room for while the others stay where they are: for a whole plan to settle. */
  readonly left: readonly ResourceId[];
}

/** Something has lost its server and is not under way to another. */
export function hasLost({ servers, resources }: PlanningInputs): boolean {
  const lost = new Set(servers.flatMap(({ id, state }) => (state === 'lost' ? [id] : [])));
  return (
    lost.size > 0 &&
    resources.some(
      ({ server, movingTo }) => server !== null && movingTo === null && lost.has(server),
    )
  );
}

/**
 * The first answer to the loss of a server: what it had, and nothing else, goes to its standbys, or where it adds
 * least; every hard limit holds. No search: a better plan can be made while this one is carried out. Pure.
 * @param before of the same forecast as a rule: what resources need is half of the work, and known then
 * @throws ERR_PLANNING_INVALID — inputs that contradict themselves, or numbers that none can be
 */
export function rescueFor(inputs: PlanningInputs, before?: Translated): Rescue {
  const translation = translateUnpriced(inputs, before);
  const problem = ofLost(translation.problem);
  const layout = new Layout(problem);
  const rules = new Rules(layout);
  resume(layout, rules, standbysOf(translation));
  placeNeedy(layout, rules);
  const { batches, assignment } = switchable(problem, layout.assignment, inputs.forecast.grid);
  const windows = new StartWindows(translation.problem, inputs.forecast.grid, inputs.nowMs);
  return {
    batches: batches.map((batch) => ({
      moves: batch.map((shift) => plannedMove(shift, translation, windows)),
    })),
    left: problem.resources.filter(
      (_id, resource) => problem.needs[resource] === 'lost' && assignment[resource] === NOWHERE,
    ),
  };
}

/** The problem in which only what was lost needs anything, and nothing is made even. */
function ofLost(problem: Problem): Problem {
  const needs = problem.needs.map((need) => (need === 'lost' ? need : null));
  return { ...problem, needs, objective: { ...problem.objective, imbalanceMax: Infinity } };
}

/** Of what was lost, by index; `NOWHERE`: of all else. */
function standbysOf({ problem, resources }: Translation): Int32Array {
  const serverIndex = new Map(problem.servers.map((id, index) => [id, index]));
  return Int32Array.from(resources, ({ standby }, resource) =>
    problem.needs[resource] !== 'lost' || standby === null
      ? NOWHERE
      : (serverIndex.get(standby) ?? NOWHERE),
  );
}
