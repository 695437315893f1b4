import type { Packing } from './packing.js';
import { NOWHERE } from '../problem.js';
import { unlimited } from '../move-allowance.js';
import { sizesOf } from './sizes.js';
import { Tableau } from './tableau.js';

export interface PackingStandbys {
  /** Server by resource. */
  readonly standbys: ReadonlyMap<number, number>;
  /** Servers whose residents do not all fit elsewhere. */
  readonly unprotected: readonly number[];
}

/** So many servers that hold a resource are compared. */
const CANDIDATES_MAX = 16;

/**
 * Where each resource goes if its server is lost, one server lost at a time: what fits, together, beside what
 * the others carry; the largest first. Of an unprotected server not all does.
 */
export function standbysOf(packing: Packing, assignment: Int32Array): PackingStandbys {
  const tableau = new Tableau(afterLoss(packing, assignment));
  const standbys = new Map<number, number>();
  const unprotected: number[] = [];
  const order = serversByLoad(tableau);
  const residents = Array.from({ length: packing.servers }, (): number[] => []);
  for (const [resource, server] of assignment.entries()) {
    if (server !== NOWHERE) residents[server]!.push(resource);
  }
  const sizes = sizesOf(packing);
  for (const [lost, list] of residents.entries()) {
    list.sort((a, b) => sizes[b]! - sizes[a]! || a - b);
    for (const resource of list) tableau.move(resource, NOWHERE);
    for (const resource of list) {
      const target = cheapest(tableau, { resource, lost, order });
      if (target === NOWHERE) continue;
      standbys.set(resource, target);
      tableau.move(resource, target);
    }
    if (list.some((resource) => tableau.assignment[resource] === NOWHERE)) unprotected.push(lost);
    for (const resource of list) tableau.move(resource, lost);
  }
  return { standbys, unprotected };
}

/** What is on a lost server goes wherever it may serve: moves have no price or limit then. */
function afterLoss(packing: Packing, assignment: Int32Array): Packing {
  const { resources, cells, limits } = packing;
  return {
    ...packing,
    start: assignment,
    isMovable: new Uint8Array(resources).fill(1),
    isTransient: new Uint8Array(cells),
    price: { resource: new Float64Array(resources), distance: null, busiestGroup: 0 },
    limits: unlimited(limits),
  };
}

function cheapest(
  tableau: Tableau,
  {
    resource,
    lost,
    order,
  }: { readonly resource: number; readonly lost: number; readonly order: readonly number[] },
): number {
  let best = NOWHERE;
  let least = Infinity;
  let looked = 0;
  for (const server of order) {
    if (server === lost || !tableau.canMove(resource, server)) continue;
    if (++looked > CANDIDATES_MAX) break;
    const rise = tableau.moveDelta(resource, server);
    if (rise >= least) continue;
    least = rise;
    best = server;
  }
  return best;
}

function serversByLoad({ packing: { servers, cells, capacity }, usage }: Tableau): number[] {
  const peaks = Array.from({ length: servers }, (_hole, server) => {
    let peak = 0;
    for (let at = server * cells; at < (server + 1) * cells; at++) {
      if (capacity[at]! > 0) peak = Math.max(peak, usage[at]! / capacity[at]!);
    }
    return peak;
  });
  return [...peaks.keys()].sort((a, b) => peaks[a]! - peaks[b]! || a - b);
}
