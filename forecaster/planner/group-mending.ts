import type { Layout } from './layout.js';
import { EPSILON, NOWHERE } from './problem.js';
import { moveParties } from './parties.js';
import type { Rules } from './rules.js';

/** Mends what is broken of the rules of groups, as far as single moves do, and parties that go as one. */
export function mendGroups(layout: Layout, rules: Rules, isOver: () => boolean): void {
  mendOneByOne(layout, rules, isOver);
  if (layout.groups.hasNeeds) moveParties(layout, rules, isOver);
}

/** The small resources first. */
function mendOneByOne(layout: Layout, rules: Rules, isOver: () => boolean): void {
  const { groups, problem } = layout;
  const { groupOf } = problem.grouping;
  if (groups.faults === 0) return;
  const grouped = [...groupOf.keys()]
    .filter((resource) => groupOf[resource] !== NOWHERE && rules.canMove(resource))
    .sort((a, b) => problem.size[a]! - problem.size[b]! || a - b);
  for (let before = Infinity; groups.faults > 0 && groups.faults < before;) {
    before = groups.faults;
    for (const resource of grouped) {
      if (groups.faults === 0 || isOver()) return;
      if (groups.isInvolved(groupOf[resource]!)) mendBy(layout, rules, resource);
    }
  }
}

/** Moves the resource where that mends most, if there is such a server; among equals where it costs least. */
function mendBy(layout: Layout, rules: Rules, resource: number): void {
  const { groups, loads, problem, assignment } = layout;
  const source = assignment[resource]!;
  if (source === NOWHERE) return;
  let best = NOWHERE;
  let leastFaults = 0;
  let leastCost = Infinity;
  for (const server of layout.byPeak) {
    const faults = groups.faultsDelta(resource, source, server);
    if (faults >= 0 || faults > leastFaults || !rules.canTake(server, resource)) continue;
    const extra = layout.extraMoves(resource, server);
    if (!layout.canAfford(extra)) continue;
    const rise = layout.probe(server, resource, layout.nobody) - layout.costOf(server);
    const cost = rise + extra * problem.moveCost[resource]!;
    if (loads.isBroken || (faults === leastFaults && cost >= leastCost - EPSILON)) continue;
    best = server;
    leastFaults = faults;
    leastCost = cost;
  }
  if (best !== NOWHERE) layout.move(resource, best);
}
