import type { ResourceId, ServerId } from '../../core/domain.js';
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

/**
 * Plans: where resources should go, in which batches, why, how good that is; or why nothing is to be done.
 * Pure: the same inputs give the same answer to the byte, in whatever order they are listed.
 * @throws ERR_PLANNING_INVALID — inputs that contradict themselves, or numbers that none can be
 */
export function planFor(inputs: PlanningInputs, run: PlanningRun = {}): PlanningResult {
  return planned(inputs, run).result;
}

/** What was planned, and with what: all that can be said about it is in here. */
export interface Planned {
  readonly inputs: PlanningInputs;
  readonly solved: Solved;
  readonly result: PlanningResult;
}

/** @throws ERR_PLANNING_INVALID */
export function planned(inputs: PlanningInputs, run: PlanningRun = {}): Planned {
  const solved = solve(inputs, run);
  return { inputs, solved, result: resultOf(inputs, solved) };
}

function resultOf(inputs: PlanningInputs, solved: Solved): PlanningResult {
  const { translation, batches, assignment, stopped } = solved;
  const standbys = standbysOf(solved);
  if (batches.length === 0) {
    return { plan: null, none: noPlan(inputs, translation, assignment), standbys };
  }
  const miss = missOf(translation, assignment);
  const isAtStake = miss !== undefined && miss.aim !== 'pressure';
  const { headroom } = inputs.options;
  const windows = new StartWindows(translation.problem, inputs.forecast.grid, inputs.nowMs);
  const blockers = [
    ...(isAtStake ? blockersOf(inputs, translation, { assignment, miss }) : []),
    ...headroomBlockers(translation.problem, assignment, headroom),
  ];
  return {
    plan: {
      batches: batches.map((batch) => ({
        moves: batch.map((shift) => plannedMove(shift, translation, windows)),
      })),
      analysis: { ...analyse(inputs, translation, assignment), blockers, stopped },
    },
    none: null,
    standbys,
  };
}

/** The standbys that are to change. */
function standbysOf({ translation: { problem, resources }, assignment }: Solved): Standbys {
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
