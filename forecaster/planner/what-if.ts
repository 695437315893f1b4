import type { Dimension, ServerId } from '../../core/domain.js';
import type { Grid } from '../../core/panel.js';
import type { Batch, Blocker, NoPlan, PlanScore, ScorePair } from '../../core/plan.js';
import type { PlanningInputs } from './inputs.js';
import type { Planned } from './planner.js';
import type { Problem } from './problem.js';
import { EPSILON, movedBetween } from './problem.js';
import { rounded } from './rounded.js';
import { scoreBy, wrongsOf } from './score.js';
import { keptUtilizationOf } from './utilization.js';

/** What a change would bring: the fleet as it is beside the fleet as it would be, each planned for. */
export interface WhatIf {
  /** Of which moment both are, epoch milliseconds. */
  readonly plannedAtMs: number;
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

/** What it comes to, as it was planned. */
export function worldOf({ inputs, solved, outcome }: Planned): World {
  const { assignment, translation } = solved;
  const { problem } = translation;
  const nothing = standingOf(inputs, problem, problem.start);
  const isSame = movedBetween(problem.start, assignment).length === 0;
  const plan = isSame ? nothing : standingOf(inputs, problem, assignment);
  return {
    score: { nothing: nothing.score, plan: plan.score },
    breaches: { nothing: nothing.breaches, plan: plan.breaches },
    ...outcome,
  };
}

function standingOf(
  { forecast: { grid } }: PlanningInputs,
  problem: Problem,
  assignment: Int32Array,
): { readonly score: PlanScore; readonly breaches: readonly Breach[] } {
  const { demand } = problem;
  const utilization = keptUtilizationOf(problem, demand, assignment);
  const judged = { assignment, ...wrongsOf(problem, assignment) };
  return {
    score: scoreBy(problem, judged, demand, utilization),
    breaches: breachesOf(problem, utilization, grid),
  };
}

/** Each server and dimension above its capacity at some step, the earliest first. */
function breachesOf(
  { servers, dimensions, demand }: Problem,
  utilization: Float64Array,
  grid: Grid,
): Breach[] {
  const { cells, steps } = demand;
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
