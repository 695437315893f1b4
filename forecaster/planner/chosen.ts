import type { Move, PlanAnalysis } from '../../core/plan.js';
import { analyse } from './analysis.js';
import { demandAt } from './demand.js';
import type { PlanningInputs } from './inputs.js';
import { rounded } from './rounded.js';
import type { Translation } from './translation.js';
import { translate } from './translation.js';
import { utilizationOf } from './utilization.js';

/** How good moves are that somebody chose: scored by the planner's own measure, without a search. */
export interface Chosen {
  readonly analysis: Omit<PlanAnalysis, 'stopped' | 'blockers'>;
  /** Moves that cannot be made any more: the resource is elsewhere, or a server is gone. */
  readonly impossible: readonly Move[];
  /** Of each server that some move changes: how full it gets at the high quantile, step by step. */
  readonly ahead: readonly Ahead[];
}

export interface Ahead {
  readonly server: string;
  /** The largest of its utilizations at each step, without and with the moves. */
  readonly nothing: readonly number[];
  readonly plan: readonly number[];
}

/** @throws ERR_PLANNING_INVALID */
export function chosen(inputs: PlanningInputs, moves: readonly Move[]): Chosen {
  const translation = translate(inputs);
  const { problem, resources } = translation;
  const resourceIndex = new Map(problem.resources.map((id, index) => [id, index]));
  const serverIndex = new Map(problem.servers.map((id, index) => [id, index]));
  const assignment = Int32Array.from(problem.start);
  const impossible: Move[] = [];
  for (const move of moves) {
    const resource = resourceIndex.get(move.resource);
    const target = serverIndex.get(move.target);
    if (resource === undefined || target === undefined) {
      impossible.push(move);
    } else if (resources[resource]!.server !== move.source) {
      impossible.push(move);
    } else {
      assignment[resource] = target;
    }
  }
  return {
    analysis: analyse(inputs, translation, assignment),
    impossible,
    ahead: aheadOf(inputs, translation, assignment),
  };
}

function aheadOf(
  { forecast }: PlanningInputs,
  { problem, rows }: Translation,
  assignment: Int32Array,
): Ahead[] {
  const high = demandAt(forecast, rows, Math.max(...forecast.quantiles));
  const nothing = utilizationOf(problem, high, problem.start);
  const plan = utilizationOf(problem, high, assignment);
  const { cells, steps } = high;
  const fullest = (utilization: Float64Array, server: number): number[] =>
    Array.from({ length: steps }, (_, step) => {
      let most = 0;
      for (let at = server * cells + step; at < (server + 1) * cells; at += steps) {
        most = Math.max(most, utilization[at]!);
      }
      return rounded(most);
    });
  const changed = new Set<number>();
  for (const [resource, server] of assignment.entries()) {
    const home = problem.start[resource]!;
    if (home === server) continue;
    for (const each of [home, server]) if (each >= 0) changed.add(each);
  }
  return [...changed]
    .sort((a, b) => a - b)
    .map((server) => ({
      server: problem.servers[server]!,
      nothing: fullest(nothing, server),
      plan: fullest(plan, server),
    }));
}
