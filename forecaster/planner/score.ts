import type { PlanScore } from '../../core/plan.js';
import { GroupTally } from './group-tally.js';
import type { Demand, Problem } from './problem.js';
import { EPSILON, NOWHERE } from './problem.js';
import { rounded } from './rounded.js';
import { keptUtilizationOf } from './utilization.js';

/** A fleet whose fullest server carries no more than this is even: a ratio of roundings says nothing. */
const IDLE = 1e-6;

/** A move is worth it if it takes a fiftieth of the fullest server's square off the sum, at the default `gainMin`. */
const EVENING_WEIGHT = 0.13;

/** How good an assignment is, at a demand (the plan's own, or that of another world). */
export function scoreOf(
  problem: Problem,
  assignment: Int32Array,
  demand = problem.demand,
): PlanScore {
  const utilization = keptUtilizationOf(problem, demand, assignment);
  return scoreBy(problem, { assignment, ...wrongsOf(problem, assignment) }, demand, utilization);
}

/** An assignment, and what is wrong with it in every world. */
export interface Judged extends Pick<PlanScore, 'misplaced' | 'faults'> {
  readonly assignment: Int32Array;
}

/** What is wrong with an assignment whatever the demand is. */
export function wrongsOf(
  problem: Problem,
  assignment: Int32Array,
): Pick<PlanScore, 'misplaced' | 'faults'> {
  const { faults } = new GroupTally(problem.grouping, assignment);
  return { misplaced: misplacedOf(problem, assignment), faults };
}

/** The same score, of what is known. @param utilization under the assignment, at the demand */
export function scoreBy(
  problem: Problem,
  { assignment, misplaced, faults }: Judged,
  demand: Demand,
  utilization: Float64Array,
): PlanScore {
  const peaks = peaksOf(problem, demand, utilization);
  const levels = levelsOf(problem, demand, utilization);
  const { overload, pressure } = excessOf(utilization, problem.objective.target);
  // A world of fewer steps stands for the whole horizon.
  const stretch = demand.steps === 0 ? 0 : problem.steps / demand.steps;
  return {
    misplaced,
    faults,
    overload: rounded(overload * stretch),
    pressure: demand.steps === 0 ? 0 : rounded(pressure / demand.steps),
    unevenness: rounded(unevennessOf(problem, levels)),
    peak: rounded(peaks.reduce((highest, peak) => Math.max(highest, peak), 0)),
    imbalance: rounded(imbalanceOf(problem, assignment, levels)),
  };
}

/** The peak of each server: the highest utilization in any dimension at any step. */
export function peaksOf(
  { servers }: Problem,
  { cells }: Demand,
  utilization: Float64Array,
): Float64Array {
  return Float64Array.from(servers, (_server, index) => {
    let peak = 0;
    for (let at = index * cells; at < (index + 1) * cells; at++) {
      peak = Math.max(peak, utilization[at]!);
    }
    return peak;
  });
}

/** The overall load of each server: the largest of its utilizations, each the mean over the horizon. */
function levelsOf(
  { servers }: Problem,
  { cells, steps }: Demand,
  utilization: Float64Array,
): Float64Array {
  return Float64Array.from(servers, (_server, index) => {
    let level = 0;
    for (let from = index * cells; from < (index + 1) * cells; from += steps) {
      let sum = 0;
      for (let at = from; at < from + steps; at++) sum += utilization[at]!;
      level = Math.max(level, sum / steps);
    }
    return level;
  });
}

/**
 * What the square of an overall load costs, once the servers are so uneven that this alone is worth moves; 0
 * while they are not. In measures of the fullest server, so that it is the same for large and small servers.
 */
export function eveningWeightOf(problem: Problem, assignment: Int32Array): number {
  const { demand, objective } = problem;
  if (objective.imbalanceMax === Infinity) return 0;
  const levels = levelsOf(problem, demand, keptUtilizationOf(problem, demand, assignment));
  const highest = levels.reduce((most, level) => Math.max(most, level), 0);
  const isUneven = imbalanceOf(problem, assignment, levels) > objective.imbalanceMax + EPSILON;
  const isLoaded = highest > objective.imbalanceLoadMin;
  return isUneven && isLoaded ? EVENING_WEIGHT / (highest * highest) : 0;
}

/** Max ÷ mean of the overall loads of the servers that share the work: ready, and spare only if in use. */
function imbalanceOf(
  { roles, isSpare }: Problem,
  assignment: Int32Array,
  levels: Float64Array,
): number {
  const used = new Uint8Array(roles.length);
  // Only of spare servers it plays a part.
  if (isSpare.includes(true)) {
    for (const server of assignment) if (server !== NOWHERE) used[server] = 1;
  }
  let sum = 0;
  let count = 0;
  let highest = 0;
  for (const [server, role] of roles.entries()) {
    if (role !== 'ready' || (isSpare[server]! && used[server] === 0)) continue;
    sum += levels[server]!;
    highest = Math.max(highest, levels[server]!);
    count++;
  }
  return highest <= IDLE ? 1 : (highest * count) / sum;
}

function unevennessOf({ roles }: Problem, levels: Float64Array): number {
  return levels.reduce(
    (sum, level, server) => sum + (roles[server] === 'ready' ? level * level : 0),
    0,
  );
}

export function isMisplaced({ allowed }: Problem, resource: number, server: number): boolean {
  return server === NOWHERE || allowed[resource]!.mask[server] === 0;
}

export function misplacedOf(problem: Problem, assignment: Int32Array): number {
  let count = 0;
  for (let resource = 0; resource < assignment.length; resource++) {
    if (isMisplaced(problem, resource, assignment[resource]!)) count++;
  }
  return count;
}

/** What is wrong with each server, in the unit of `Objective`; evenness left out. */
export function costsOf(problem: Problem, assignment: Int32Array): Float64Array {
  const { servers, demand, objective } = problem;
  const { cells, steps } = demand;
  const utilization = keptUtilizationOf(problem, demand, assignment);
  return Float64Array.from(servers, (_server, index) => {
    const { overload, pressure } = excessOf(
      utilization.subarray(index * cells, (index + 1) * cells),
      objective.target,
    );
    return overload * objective.overloadWeight + (steps === 0 ? 0 : pressure / steps);
  });
}

function excessOf(
  utilization: Float64Array,
  target: number,
): { readonly overload: number; readonly pressure: number } {
  let overload = 0;
  let pressure = 0;
  for (const value of utilization) {
    if (value <= target) continue;
    pressure += (value - target) * (value - target);
    if (value > 1) overload += value - 1;
  }
  return { overload, pressure };
}
