import { NOWHERE } from './packing.js';
import type { Tableau } from './tableau.js';

/**
 * Gives each resource that must leave its server, or has none, the cheapest that holds it; the largest first.
 * What fits nowhere stays misplaced: a search may make room.
 */
export function placeMisplaced(tableau: Tableau): void {
  const { packing, assignment } = tableau;
  const { allowed, start, isMovable } = packing;
  const size = sizesOf(tableau);
  const needy = [...start.keys()].filter((resource) => {
    const server = assignment[resource]!;
    const isWell = server !== NOWHERE && allowed[resource]![server] === 1;
    return !isWell && isMovable[resource] === 1;
  });
  needy.sort((a, b) => size[b]! - size[a]! || a - b);
  for (const resource of needy) {
    const target = cheapestFor(tableau, resource);
    if (target !== NOWHERE) tableau.move(resource, target);
  }
}

function cheapestFor(tableau: Tableau, resource: number): number {
  const source = tableau.assignment[resource]!;
  let best = NOWHERE;
  let least = Infinity;
  let leastFaults = Infinity;
  for (let server = 0; server < tableau.packing.servers; server++) {
    if (!tableau.canMove(resource, server)) continue;
    const faults = tableau.groups.faultsDelta(resource, source, server);
    const rise = tableau.moveDelta(resource, server);
    if (faults > 0 || faults > leastFaults || (faults === leastFaults && rise >= least)) continue;
    best = server;
    least = rise;
    leastFaults = faults;
  }
  return best;
}

/** The largest share of a mean server's capacity that each resource needs. */
function sizesOf({
  packing: { resources, servers, cells, demand, capacity },
}: Tableau): Float64Array {
  const mean = new Float64Array(cells);
  for (const [at, limit] of capacity.entries()) mean[at % cells]! += limit / servers;
  return Float64Array.from({ length: resources }, (_hole, resource) => {
    let most = 0;
    for (let cell = 0; cell < cells; cell++) {
      if (mean[cell]! > 0) most = Math.max(most, demand[resource * cells + cell]! / mean[cell]!);
    }
    return most;
  });
}
