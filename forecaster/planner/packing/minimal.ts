import { isAway } from '../problem.js';
import type { Tableau } from './tableau.js';

/** Takes back every move that the plan is no worse without, until each that is left is worth it: 1-minimal. */
export function makeMinimal(tableau: Tableau): void {
  const { start } = tableau.packing;
  for (let hasChanged = true; hasChanged;) {
    hasChanged = false;
    for (const [resource, home] of start.entries()) {
      const server = tableau.assignment[resource]!;
      if (isAway(home, server) === 0 || !isUseless(tableau, resource)) continue;
      tableau.move(resource, home);
      // It mends one rule of its group and breaks another, which was not broken at the start.
      if (!tableau.groups.isNoWorse()) {
        tableau.move(resource, server);
        continue;
      }
      hasChanged = true;
    }
  }
}

/** The resource may as well be at home. */
function isUseless(tableau: Tableau, resource: number): boolean {
  const home = tableau.packing.start[resource]!;
  const server = tableau.assignment[resource]!;
  return (
    tableau.misplacedDelta(resource, home) <= 0 &&
    tableau.canMove(resource, home) &&
    tableau.groups.faultsDelta(resource, server, home) <= 0 &&
    tableau.moveDelta(resource, home) <= 0
  );
}
