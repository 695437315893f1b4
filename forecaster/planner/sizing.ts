import { loadOf } from './demand.js';
import type { PlannerOptions } from './inputs.js';
import type { Demand, Problem, Role } from './problem.js';
import { NOWHERE } from './problem.js';
import { costsOf } from './score.js';

/** No move costs less than this share of what the largest costs. */
const SIZE_MIN = 0.05;

/**
 * A move must also take away a share of what is wrong, in an assignment, with the server that the resource leaves: where
 * nothing helps much, nothing is moved about for little. Where all that may leave is small, none could: as much is asked then
 * as the largest of them is of the server's load. What has to leave its server costs no more for that. What carries much
 * along, or interrupts much, costs more beside it (`burdensOf`).
 */
export function moveCostsOf(
  problem: Problem,
  { gainMin, reliefMin }: Pick<PlannerOptions, 'gainMin' | 'reliefMin'>,
  assignment = problem.start,
): Float64Array {
  const { start, needs, size, burden } = problem;
  const wrong = costsOf(problem, assignment);
  const shares = largestSharesOf(problem).map(
    (largest, server) => Math.min(reliefMin, largest) * wrong[server]!,
  );
  const least = SIZE_MIN * gainMin;
  const costs = new Float64Array(size.length);
  for (let resource = 0; resource < size.length; resource++) {
    // A large resource costs what a move must win; a small one costs less, in proportion.
    const cost = gainMin * Math.min(gainMin, Math.max(least, size[resource]!));
    const extra = cost * burden[resource]!;
    const home = start[resource]!;
    const isBound = home === NOWHERE || needs[resource] !== null;
    costs[resource] = (isBound ? cost : Math.max(cost, shares[home]!)) + extra;
  }
  return costs;
}

/**
 * How much dearer each move is than its size says: the weight of each thing × the share that the resource has of what the one
 * with most of it has.
 */
export function burdensOf(
  count: number,
  things: readonly { readonly weight: number; readonly amounts: Float64Array }[],
): Float64Array {
  const burdens = new Float64Array(count);
  for (const { weight, amounts } of things) {
    let most = 0;
    for (const amount of amounts) most = Math.max(most, amount);
    if (most === 0) continue;
    for (let resource = 0; resource < count; resource++) {
      burdens[resource]! += (weight * amounts[resource]!) / most;
    }
  }
  return burdens;
}

/** By server: the largest resource that may leave it, as a share of all that it has. */
function largestSharesOf({ servers, start, size, freedom, allowed }: Problem): Float64Array {
  const sums = new Float64Array(servers.length);
  const largest = new Float64Array(servers.length);
  for (let resource = 0; resource < start.length; resource++) {
    const home = start[resource]!;
    if (home === NOWHERE) continue;
    sums[home]! += size[resource]!;
    if (freedom[resource] === 'fixed' || allowed[resource]!.isPin) continue;
    largest[home] = Math.max(largest[home]!, size[resource]!);
  }
  return largest.map((most, server) => (sums[server]! > 0 ? most / sums[server]! : 0));
}

interface Sizing {
  readonly demand: Demand;
  readonly perCapacity: Float64Array;
  readonly roles: readonly Role[];
}

/** The highest utilization that each resource alone would make on a server of mean capacity. */
export function sizesOf(count: number, sizing: Sizing): Float64Array {
  const perMean = perMeanCapacity(sizing);
  const loads = highestLoadsOf(sizing.demand, count, perMean.length);
  const sizes = new Float64Array(count);
  for (let resource = 0; resource < count; resource++) {
    for (let dimension = 0; dimension < perMean.length; dimension++) {
      const share = loads[resource * perMean.length + dimension]! * perMean[dimension]!;
      if (share > sizes[resource]!) sizes[resource] = share;
    }
  }
  return sizes;
}

const highestLoads = new WeakMap<Demand, Float64Array>();

/** The highest load of each resource alone, at `r · dimensions + d`: made once for each demand, whatever servers there are. */
function highestLoadsOf(demand: Demand, count: number, dimensions: number): Float64Array {
  const known = highestLoads.get(demand);
  if (known !== undefined) return known;
  const { steps } = demand;
  const loads = new Float64Array(count * dimensions);
  for (let at = 0; at < loads.length; at++) {
    const dimension = at % dimensions;
    const resource = (at - dimension) / dimensions;
    for (let cell = dimension * steps; cell < (dimension + 1) * steps; cell++) {
      const load = loadOf(demand, resource, cell);
      if (load > loads[at]!) loads[at] = load;
    }
  }
  highestLoads.set(demand, loads);
  return loads;
}

/** 1 ÷ the mean capacity of the ready servers that limit the dimension; 0: none does. */
export function perMeanCapacity({
  demand: { cells, steps },
  perCapacity,
  roles,
}: Sizing): Float64Array {
  const dimensions = steps === 0 ? 0 : cells / steps;
  return Float64Array.from({ length: dimensions }, (_hole, dimension) => {
    let sum = 0;
    let count = 0;
    for (const [server, role] of roles.entries()) {
      const per = perCapacity[server * dimensions + dimension]!;
      if (role !== 'ready' || per === 0) continue;
      sum += 1 / per;
      count++;
    }
    return count === 0 ? 0 : count / sum;
  });
}
