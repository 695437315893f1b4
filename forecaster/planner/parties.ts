import type { Layout } from './layout.js';
import { needyOf } from './placement.js';
import { EPSILON, NOWHERE } from './problem.js';
import { largestFirst } from './residents.js';
import type { Rules } from './rules.js';

/** A zone, of one way of dividing the servers. */
interface Place {
  readonly zoning: number;
  readonly zone: number;
}

/**
 * Resources in one zone whose groups need one another are a *party*: none of them can leave it without the others. Parties
 * that keep a resource on a server which it must leave, and those that lack company where they are, go to another zone
 * as one, if that breaks no other rule.
 */
export function moveParties(layout: Layout, rules: Rules, isOver: () => boolean): void {
  const { groups, assignment, problem } = layout;
  const { groupOf, zonings } = problem.grouping;
  for (const resource of needyOf(layout, rules)) {
    const group = groupOf[resource]!;
    const source = assignment[resource]!;
    if (isOver()) return;
    if (group === NOWHERE || source === NOWHERE) continue;
    for (const zoning of new Set(groups.linkedTo(group).map((link) => link.zoning))) {
      relocate(layout, rules, group, { zoning, zone: zonings[zoning]![source]! });
    }
  }
  for (const group of problem.grouping.groups.keys()) {
    for (const place of groups.lonelyZonesOf(group)) {
      if (isOver()) return;
      relocate(layout, rules, group, place);
    }
  }
}

/** Moves the party of a group to the zone where it costs least, if there is one where fewer things are wrong then. */
function relocate(layout: Layout, rules: Rules, group: number, place: Place): void {
  const { groups, problem, assignment } = layout;
  const party = partyOf(layout, rules, group, place);
  const zoneOf = problem.grouping.zonings[place.zoning]!;
  const { faults } = groups;
  const { misplaced } = layout;
  const wasNoWorse = groups.isNoWorse();
  let best: readonly number[] | undefined;
  let leastValue = Infinity;
  for (const zone of new Set(zoneOf)) {
    if (zone === place.zone) continue;
    const mark = layout.mark();
    const isThere = party.every((resource) =>
      moveInto(layout, rules, resource, { ...place, zone }),
    );
    const isBetter =
      isThere &&
      groups.faults <= faults &&
      layout.misplaced <= misplaced &&
      groups.faults + layout.misplaced < faults + misplaced &&
      (!wasNoWorse || groups.isNoWorse());
    if (isBetter && layout.value < leastValue - EPSILON) {
      best = party.map((resource) => assignment[resource]!);
      leastValue = layout.value;
    }
    layout.rollback(mark);
  }
  if (best === undefined) return;
  for (const [at, resource] of party.entries()) layout.move(resource, best[at]!);
}

/** The largest first; what may not move at all stays. */
function partyOf(layout: Layout, rules: Rules, group: number, { zoning, zone }: Place): number[] {
  const { groups, assignment, problem } = layout;
  const { grouping } = problem;
  const zoneOf = grouping.zonings[zoning]!;
  const party: number[] = [];
  const linked = new Set([group]);
  // Grows while it is gone through.
  for (const current of linked) {
    const there = [...grouping.groups[current]!.members].filter((member) => {
      const server = assignment[member]!;
      return server !== NOWHERE && zoneOf[server] === zone;
    });
    party.push(...there.filter((member) => rules.canMove(member)));
    if (there.length === 0) continue;
    for (const link of groups.linkedTo(current)) {
      if (link.zoning === zoning) linked.add(link.group);
    }
  }
  return party.sort(largestFirst(problem));
}

/** To the server of the zone where the resource costs least; false: none holds it. */
function moveInto(
  layout: Layout,
  rules: Rules,
  resource: number,
  { zoning, zone }: Place,
): boolean {
  const { loads, problem } = layout;
  const zoneOf = problem.grouping.zonings[zoning]!;
  let best = NOWHERE;
  let leastCost = Infinity;
  for (const server of layout.byPeak) {
    if (zoneOf[server] !== zone || !rules.canTakeInParty(server, resource)) continue;
    const extra = layout.extraMoves(resource, server);
    if (!layout.canAfford(extra)) continue;
    const rise = layout.probe(server, resource, layout.nobody) - layout.costOf(server);
    const cost = rise + extra * problem.moveCost[resource]!;
    if (loads.isBroken || cost >= leastCost - EPSILON) continue;
    best = server;
    leastCost = cost;
  }
  if (best !== NOWHERE) layout.move(resource, best);
  return best !== NOWHERE;
}
