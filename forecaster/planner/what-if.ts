import type { Dimension, ServerId } from '../../core/domain.js';
import type { Batch, Blocker, NoPlan, ScorePair } from '../../core/plan.js';
import type { PlanningInputs } from './inputs.js';
import type { Planned } from './planner.js';
import { EPSILON } from './problem.js';
import { rounded } from './rounded.js';
import { scoreOf } from './score.js';
import type { Solved } from './solved.js';
import { utilizationOf } from './utilization.js';

/** What a change would bring: the fleet as it is beside the fleet as it would be, each planned for. */
export interface WhatIf {
  readonly before: World;
  readonly after: World;
}

export interface World {
  /** If nothing is done, and with the plan. */
  readonly score: ScorePair;
  readonly breaches: { readonly nothing: readonly Breach[]; readonly plan: readonly Breach[] };
  readonly batches: readonly Batch[];
  /** Why there is no plan; null: there is one. */
  readonly none: NoPlan | null;
  readonly blockers: readonly Blocker[];
}

/** A server that passes its capacity in a dimension. */
export interface Breach {
  readonly server: ServerId;
  readonly dimension: Dimension;
  /** When it first does, epoch milliseconds. */
  readonly atMs: number;
  /** The highest of the horizon. */
  readonly peak: number;
}

/** Both as they were planned. */
export function whatIf(before: Planned, after: Planned): WhatIf {
  return { before: worldOf(before), after: worldOf(after) };
}

function worldOf({ inputs, solved, result: { plan, none } }: Planned): World {
  const {
    assignment,
    translation: { problem },
  } = solved;
  const breaches = (where: Int32Array): Breach[] => breachesOf(inputs, solved, where);
  return {
    score: { nothing: scoreOf(problem, problem.start), plan: scoreOf(problem, assignment) },
    breaches: { nothing: breaches(problem.start), plan: breaches(assignment) },
    batches: plan?.batches ?? [],
    none,
    blockers: plan?.analysis.blockers ?? none?.blockers ?? [],
  };
}

/** Each server and dimension above its capacity at some step, the earliest first. */
function breachesOf(
  { forecast: { grid } }: PlanningInputs,
  { translation: { problem } }: Solved,
  assignment: Int32Array,
): Breach[] {
  const { servers, dimensions, demand } = problem;
  const { cells, steps } = demand;
  const utilization = utilizationOf(problem, demand, assignment);
  const breaches = servers.flatMap((server, index) =>
    dimensions.flatMap((dimension, at): Breach[] => {
      const from = index * cells + at * steps;
      const path = utilization.subarray(from, from + steps);
      const first = path.findIndex((value) => value > 1 + EPSILON);
      if (first < 0) return [];
      const peak = rounded(path.reduce((most, value) => Math.max(most, value), 0));
      return [{ server, dimension, atMs: grid.startMs + first * grid.stepMs, peak }];
    }),
  );
  return breaches.sort((a, b) => a.atMs - b.atMs || b.peak - a.peak);
}
