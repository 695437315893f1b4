import type { ResourceId, ServerId } from '../../core/domain.js';
import type { Batch, Blocker, NoPlan } from '../../core/plan.js';
import { isNeeded } from '../../core/plan.js';
import { analyse } from './analysis.js';
import { blockersOf, missOf } from './blockers.js';
import { GroupTally } from './group-tally.js';
import { headroomBlockers } from './headroom.js';
import type { PlanningInputs, PlanningResult, Standbys } from './inputs.js';
import { noPlan } from './no-plan.js';
import { plannedMove } from './planned-move.js';
import { NOWHERE } from './problem.js';
import type { PlanningRun, Solved } from './solved.js';
import { solve } from './solved.js';
import { standbysFor } from './standbys.js';
import { StartWindows } from './start-window.js';
import type { Translated } from './translation.js';

/**
 * Plans: where resources should go, in which batches, why, how good that is; or why nothing is to be done.
 * Pure: the same inputs give the same answer to the byte, in whatever order they are listed.
 * @throws ERR_PLANNING_INVALID — inputs that contradict themselves, or numbers that none can be
 */
export function planFor(inputs: PlanningInputs, run: PlanningRun = {}): PlanningResult {
  return resultOf(planned(inputs, run));
}

/** What a round is told of what was planned. */
export function resultOf({ inputs, solved, outcome }: Planned): PlanningResult {
  const { translation, assignment, stopped } = solved;
  const standbys = standbysOf(solved, assignment);
  if (outcome.none !== null) {
    return { plan: null, none: outcome.none, standbys, standing: standbys };
  }
  const { batches, blockers } = outcome;
  const analysis = {
    ...analyse(inputs, translation, assignment),
    blockers: [...blockers],
    stopped,
  };
  const stays = standingIn(inputs, solved, batches);
  const standing = stays === undefined ? standbys : standbysOf(solved, stays);
  return { plan: { batches: [...batches], analysis }, none: null, standbys, standing };
}

/**
 * What was planned, and with what: all that is said of it to who asks is in here. How good it is in other worlds, and where standbys
 * should be, nobody is told: a round alone finds that out (`resultOf`).
 */
export interface Planned {
  readonly inputs: PlanningInputs;
  readonly solved: Solved;
  readonly outcome: Outcome;
}

/** For whoever plans with the same forecast next. */
export function translatedBy({ inputs, solved }: Planned): Translated {
  return { inputs, translation: solved.translation };
}

/** The moves, or why there are none; and what stands in the way of more. */
export interface Outcome {
  readonly batches: readonly Batch[];
  readonly none: NoPlan | null;
  readonly blockers: readonly Blocker[];
}

/** @throws ERR_PLANNING_INVALID */
export function planned(inputs: PlanningInputs, run: PlanningRun = {}): Planned {
  const solved = solve(inputs, run);
  return { inputs, solved, outcome: outcomeOf(inputs, solved) };
}

function outcomeOf(inputs: PlanningInputs, { translation, batches, assignment }: Solved): Outcome {
  if (batches.length === 0) {
    const none = noPlan(inputs, translation, assignment);
    return { batches: [], none, blockers: none.blockers };
  }
  const { problem } = translation;
  const miss = missOf(translation, assignment);
  const isAtStake = miss !== undefined && miss.aim !== 'pressure';
  const windows = new StartWindows(problem, inputs.forecast.grid, inputs.nowMs);
  return {
    batches: batches.map((batch) => ({
      moves: batch.map((shift) => plannedMove(shift, translation, windows)),
    })),
    none: null,
    blockers: [
      ...(isAtStake ? blockersOf(inputs, translation, { assignment, miss }) : []),
      ...headroomBlockers(problem, assignment, inputs.options.headroom),
    ],
  };
}

/** Where everything is after the batches that wait for nobody. Undefined: that is all of them. */
function standingIn(
  { servers }: PlanningInputs,
  { translation, batches: shifts }: Solved,
  batches: readonly Batch[],
): Int32Array | undefined {
  const states = new Map(servers.map(({ id, state }) => [id, state]));
  const needed = shifts.filter((_shifts, at) =>
    isNeeded(batches[at]!, (server) => states.get(server) ?? 'unknown'),
  );
  if (needed.length === shifts.length) return undefined;
  const assignment = Int32Array.from(translation.problem.start);
  for (const { resource, target } of needed.flat()) assignment[resource] = target;
  return assignment;
}

/** The standbys that are to change, with everything there. */
function standbysOf(
  { translation: { problem, resources } }: Solved,
  assignment: Int32Array,
): Standbys {
  const serverIndex = new Map(problem.servers.map((id, index) => [id, index]));
  const current = Int32Array.from(resources, ({ standby }) =>
    standby === null ? NOWHERE : (serverIndex.get(standby) ?? NOWHERE),
  );
  const groups = new GroupTally(problem.grouping, assignment);
  const standbys: Record<ResourceId, ServerId | null> = {};
  for (const [resource, server] of standbysFor(problem, assignment, current).entries()) {
    const { id, standby, eligible } = resources[resource]!;
    if (server !== NOWHERE) {
      if (server !== current[resource]) standbys[id] = problem.servers[server]!;
    } else if (standby !== null && assignment[resource] !== NOWHERE) {
      // One that is only not ready now stays: it may be when it is needed.
      const mayServe = eligible.includes(standby) && !groups.meets(resource, current[resource]!);
      if (!mayServe) standbys[id] = null;
    }
  }
  return standbys;
}
