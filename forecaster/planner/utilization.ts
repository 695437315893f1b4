import type { Changed } from './nearby.js';
import { Nearby } from './nearby.js';
import type { Demand, Problem } from './problem.js';
import { CERTAIN, NOWHERE } from './problem.js';

/**
 * The utilization of each server in each cell under an assignment, at `s · cells + cell`, computed afresh:
 * what plans are scored and explained by. (`Loads` is the same, kept up to date move by move.)
 * @param known under the other assignment: only the servers that are changed are computed, each from nothing and in the same
 * order, so the answer is the same, bit for bit
 */
export function utilizationOf(
  { servers, dimensions, perCapacity, base, roles }: Problem,
  demand: Demand,
  assignment: Int32Array,
  known?: Changed & { readonly utilization: Float64Array },
): Float64Array {
  const { cells, steps, mean, sign } = demand;
  const isWanted = known?.isChanged ?? new Uint8Array(servers.length).fill(1);
  const residents = known?.residents ?? Int32Array.from(assignment.keys());
  const sums = known?.utilization.slice() ?? new Float64Array(servers.length * cells);
  if (known !== undefined) {
    for (const server of servers.keys()) {
      if (isWanted[server] === 1) sums.fill(0, server * cells, (server + 1) * cells);
    }
  }
  for (const resource of residents) {
    const server = assignment[resource]!;
    if (server === NOWHERE) continue;
    const from = resource * cells;
    const to = server * cells;
    for (let cell = 0; cell < cells; cell++) sums[to + cell]! += mean[from + cell]!;
  }
  const variance = varianceOf(demand, assignment, residents, servers.length);
  for (const [server, role] of roles.entries()) {
    if (isWanted[server] === 0) continue;
    for (let cell = 0; cell < cells; cell++) {
      const at = server * cells + cell;
      const place = server * dimensions.length + Math.floor(cell / steps);
      const spread = variance === null ? 0 : sign * Math.sqrt(variance[at]!);
      const load = Math.max(0, base[place]! + sums[at]! + spread);
      sums[at] = role === 'lost' ? 0 : load * perCapacity[place]!;
    }
  }
  return sums;
}

const NEARBY = new Nearby<Float64Array>();

/**
 * The same, from what was last made of this demand as far as it is the same, bit by bit.
 * @param assignment is not changed any more, and neither is what is returned
 */
export function keptUtilizationOf(
  problem: Problem,
  demand: Demand,
  assignment: Int32Array,
): Float64Array {
  const { perCapacity, base, roles } = problem;
  const standing = { perCapacity, base, roles, assignment };
  const near = NEARBY.of(demand, standing);
  if (near?.changed === null) return near.value;
  const known = near?.changed && { ...near.changed, utilization: near.value };
  const utilization = utilizationOf(problem, demand, assignment, known);
  NEARBY.keep(demand, standing, utilization);
  return utilization;
}

/** Of the sum of each server's residents, in each cell; null if the demand is certain. */
function varianceOf(
  { cells, own, common, factors }: Demand,
  assignment: Int32Array,
  residents: Int32Array,
  servers: number,
): Float64Array | null {
  if (factors === CERTAIN) return null;
  const variance = new Float64Array(servers * cells);
  const together = new Float64Array(servers * factors * cells);
  for (const resource of residents) {
    const server = assignment[resource]!;
    if (server === NOWHERE) continue;
    for (let cell = 0; cell < cells; cell++) {
      variance[server * cells + cell]! += own[resource * cells + cell]!;
    }
    for (let cell = 0; cell < factors * cells; cell++) {
      together[server * factors * cells + cell]! += common[resource * factors * cells + cell]!;
    }
  }
  for (let at = 0; at < together.length; at++) {
    const server = Math.floor(at / (factors * cells));
    variance[server * cells + (at % cells)]! += together[at]! * together[at]!;
  }
  return variance;
}
