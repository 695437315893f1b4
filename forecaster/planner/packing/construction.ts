import { NOWHERE } from '../problem.js';
import { largestFirst } from '../residents.js';
import { isMisplaced, movablesOf } from './packing.js';
import { sizesOf } from './sizes.js';
import type { Tableau } from './tableau.js';

/**
 * Gives each resource that must leave its server, or has none, the cheapest that holds it; the largest first.
 * What fits nowhere stays misplaced: a search may make room.
 */
export function placeMisplaced(tableau: Tableau): void {
  const { packing, assignment } = tableau;
  if (tableau.misplaced === 0) return;
  const needy = movablesOf(packing).filter((resource) =>
    isMisplaced(packing, resource, assignment[resource]!),
  );
  needy.sort(largestFirst({ size: sizesOf(packing) }));
  for (const resource of needy) {
    const target = cheapestFor(tableau, resource);
    if (target === NOWHERE) continue;
    const source = assignment[resource]!;
    tableau.move(resource, target);
    if (!tableau.groups.isNoWorse()) tableau.move(resource, source);
  }
}

/** Mends rules of groups that are broken, as far as single moves do that, each time by the cheapest of a resource. */
export function mendFaults(tableau: Tableau): void {
  const grouped = movablesOf(tableau.packing).filter(
    (resource) => tableau.packing.groupOf[resource] !== NOWHERE,
  );
  for (let before = Infinity; tableau.faults > 0 && tableau.faults < before;) {
    before = tableau.faults;
    for (const resource of grouped) mendBy(tableau, resource);
  }
}

function mendBy(tableau: Tableau, resource: number): void {
  const { groups, assignment, packing } = tableau;
  const source = assignment[resource]!;
  let best = NOWHERE;
  let least = Infinity;
  for (let server = 0; server < packing.servers; server++) {
    if (groups.faultsDelta(resource, source, server) >= 0) continue;
    if (!tableau.canMove(resource, server) || tableau.overDelta(resource, server) > 0) continue;
    const rise = tableau.moveDelta(resource, server);
    if (rise >= least) continue;
    best = server;
    least = rise;
  }
  if (best === NOWHERE) return;
  tableau.move(resource, best);
  if (!groups.isNoWorse()) tableau.move(resource, source);
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
