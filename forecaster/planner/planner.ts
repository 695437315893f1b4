import type { ResourceId, ServerId } from '../../core/domain.js';
import type { Batch, PlannedMove } from '../../core/plan.js';
import { analyse } from './analysis.js';
import type { ReasonedShift } from './batches.js';
import { blockersOf, missOf } from './blockers.js';
import type { PlanningInputs, PlanningResult, Standbys } from './inputs.js';
import { noPlan } from './no-plan.js';
import { NOWHERE } from './problem.js';
import { best } from './search.js';
import { standbysFor } from './standbys.js';
import { switchable } from './switchable.js';
import type { Translation } from './translation.js';
import { loadOf, translate } from './translation.js';

/** How a run goes on, beyond the inputs: no part of what the answer should be. */
export interface PlanningRun {
  /** True ends the search early; the plan then says that it was stopped by the clock. */
  readonly shouldStop?: () => boolean;
}

/**
 * Plans: where resources should go, in which batches, why, how good that is; or why nothing is to be done.
 * Pure: the same inputs give the same answer to the byte, in whatever order they are listed.
 * @throws ERR_PLANNING_INVALID — inputs that contradict themselves, or numbers that none can be
 */
export function planFor(inputs: PlanningInputs, run: PlanningRun = {}): PlanningResult {
  const translation = translate(inputs);
  const { problem } = translation;
  const { workUnits } = inputs.options;
  const solution = best(problem, { ...run, workUnits, seed: inputs.seed });
  const { batches, assignment } = switchable(problem, solution.assignment, inputs.forecast.grid);
  const standbys = standbysOf(translation, assignment);
  if (batches.length === 0) {
    return { plan: null, none: noPlan(inputs, translation, assignment), standbys };
  }
  const miss = missOf(translation, assignment);
  const isAtStake = miss !== undefined && miss.aim !== 'pressure';
  const blockers = isAtStake ? blockersOf(inputs, translation, { assignment, miss }) : [];
  const { stopped } = solution;
  return {
    plan: {
      batches: batches.map((batch) => batchOf(batch, translation)),
      analysis: { ...analyse(inputs, translation, assignment), blockers, stopped },
    },
    none: null,
    standbys,
  };
}

function batchOf(batch: readonly ReasonedShift[], translation: Translation): Batch {
  return { moves: batch.map((shift) => moveOf(shift, translation)) };
}

function moveOf(
  { resource, source, target, reason }: ReasonedShift,
  { problem, resources }: Translation,
): PlannedMove {
  const { id, since } = resources[resource]!;
  return {
    resource: id,
    source: source === NOWHERE ? null : problem.servers[source]!,
    target: problem.servers[target]!,
    since: source === NOWHERE ? null : since,
    reason,
    demand: peakDemandOf(resource, problem),
  };
}

/** Its own highest demand over the horizon, by dimension, in the dimension's unit. */
function peakDemandOf(
  resource: number,
  { dimensions, demand, steps }: Translation['problem'],
): PlannedMove['demand'] {
  return Object.fromEntries(
    dimensions.map((name, dimension) => {
      let peak = 0;
      for (let cell = dimension * steps; cell < (dimension + 1) * steps; cell++) {
        peak = Math.max(peak, loadOf(demand, resource, cell));
      }
      return [name, peak];
    }),
  );
}

/** The standbys that are to change. */
function standbysOf({ problem, resources }: Translation, assignment: Int32Array): Standbys {
  const serverIndex = new Map(problem.servers.map((id, index) => [id, index]));
  const current = Int32Array.from(resources, ({ standby }) =>
    standby === null ? NOWHERE : (serverIndex.get(standby) ?? NOWHERE),
  );
  const standbys: Record<ResourceId, ServerId> = {};
  for (const [resource, server] of standbysFor(problem, assignment, current).entries()) {
    if (server === NOWHERE || server === current[resource]) continue;
    standbys[problem.resources[resource]!] = problem.servers[server]!;
  }
  return standbys;
}
