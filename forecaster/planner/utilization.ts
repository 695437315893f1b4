import type { Demand, Problem } from './problem.js';
import { CERTAIN, NOWHERE } from './problem.js';

/**
 * The utilization of each server in each cell under an assignment, at `s · cells + cell`, computed afresh:
 * what plans are scored and explained by. (`Loads` is the same, kept up to date move by move.)
 */
export function utilizationOf(
  { servers, dimensions, perCapacity, base, roles }: Problem,
  demand: Demand,
  assignment: Int32Array,
): Float64Array {
  const { cells, steps, mean, sign } = demand;
  const sums = new Float64Array(servers.length * cells);
  for (const [resource, server] of assignment.entries()) {
    if (server === NOWHERE) continue;
    const from = resource * cells;
    const to = server * cells;
    for (let cell = 0; cell < cells; cell++) sums[to + cell]! += mean[from + cell]!;
  }
  const variance = varianceOf(demand, assignment, servers.length);
  for (const [server, role] of roles.entries()) {
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

/** Of each server's sum, in each cell; null if the demand is certain. */
function varianceOf(
  { cells, own, common, factors }: Demand,
  assignment: Int32Array,
  servers: number,
): Float64Array | null {
  if (factors === CERTAIN) return null;
  const variance = new Float64Array(servers * cells);
  const together = new Float64Array(servers * factors * cells);
  for (const [resource, server] of assignment.entries()) {
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
