import { NOWHERE } from '../problem.js';
import { movablesOf } from './packing.js';
import { copyOf, isBetter } from './standing.js';
import type { Standing } from './standing.js';
import type { Tableau } from './tableau.js';

/** With more assignments than this a search by chance is the better use of the time. */
const ASSIGNMENTS_MAX = 20_000;

/** Whether all assignments can be tried: there are few. */
export function isCountable(tableau: Tableau): boolean {
  let count = 1;
  for (const resource of movablesOf(tableau.packing)) {
    count *= choicesOf(tableau, resource).length;
    if (count > ASSIGNMENTS_MAX) return false;
  }
  return true;
}

/**
 * Tries every assignment that keeps the limits, those that cannot fit cut off early; the tableau then is the
 * best. What it finds is proven: no plan is better.
 */
export function tryAll(tableau: Tableau): void {
  const movables = movablesOf(tableau.packing);
  const { start } = tableau.packing;
  const best = Int32Array.from(tableau.assignment);
  let standing: Standing = copyOf(tableau);
  for (const resource of movables) tableau.move(resource, NOWHERE);
  const place = (index: number): void => {
    const resource = movables[index];
    if (resource === undefined) {
      if (!isBetter(tableau, standing) || !tableau.groups.isNoWorse()) return;
      standing = copyOf(tableau);
      best.set(tableau.assignment);
      return;
    }
    for (const server of choicesOf(tableau, resource)) {
      const isHome = server === start[resource];
      if (
        server !== NOWHERE &&
        !(isHome ? tableau.canStay(resource) : tableau.canMove(resource, server))
      )
        continue;
      tableau.move(resource, server);
      place(index + 1);
      tableau.move(resource, NOWHERE);
    }
  };
  place(0);
  for (const [resource, server] of best.entries()) tableau.move(resource, server);
}

/** Where it may be, and where it is. */
function choicesOf({ packing: { allowed, start } }: Tableau, resource: number): number[] {
  const home = start[resource]!;
  const mask = allowed[resource]!;
  return [home, ...[...mask.keys()].filter((server) => mask[server] === 1 && server !== home)];
}
