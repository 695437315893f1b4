import type { Layout } from './layout.js';
import type { Problem } from './problem.js';
import { EPSILON, NOWHERE } from './problem.js';
import { largestFirst } from './residents.js';
import type { Rules } from './rules.js';
import { isMisplaced } from './score.js';

/**
 * Gives each resource that must leave its server, or has none, the best that still holds it; the largest
 * first. What fits nowhere stays misplaced.
 */
export function placeNeedy(layout: Layout, rules: Rules): void {
  const placed = new Int32Array(layout.problem.servers.length);
  let needy = needyOf(layout, rules);
  for (let before = Infinity; needy.length < before;) {
    for (const resource of needy) {
      const server = bestServerFor(resource, { layout, rules, placed });
      if (server === NOWHERE) continue;
      layout.move(resource, server);
      placed[server]!++;
    }
    // What another needs in its zone may have come after it.
    if (!layout.groups.hasNeeds) return;
    before = needy.length;
    needy = needyOf(layout, rules);
  }
}

/**
 * What nobody serves is served, even where it fits nowhere: on the server that it overloads least. That
 * server's limits then are what it carries, and the resource stays there: others give way.
 * @returns whether there was anything of that kind
 */
export function forcePlacement(layout: Layout, rules: Rules): boolean {
  let hasForced = false;
  for (const resource of needyOf(layout, rules)) {
    if (layout.assignment[resource] !== NOWHERE) continue;
    let best = NOWHERE;
    let leastCost = Infinity;
    for (const server of layout.byPeak) {
      if (!rules.canTake(server, resource)) continue;
      const cost = layout.probe(server, resource, layout.nobody) - layout.costOf(server);
      if (cost >= leastCost - EPSILON) continue;
      leastCost = cost;
      best = server;
    }
    if (best === NOWHERE) continue;
    layout.move(resource, best);
    layout.loads.tolerate(best);
    rules.hold(resource);
    hasForced = true;
  }
  return hasForced;
}

/** Those that are misplaced and may move, the largest first. */
export function needyOf({ problem, assignment }: Layout, rules: Rules): number[] {
  return needing(problem)
    .filter(
      (resource) =>
        rules.canMove(resource) && isMisplaced(problem, resource, assignment[resource]!),
    )
    .sort(largestFirst(problem));
}

const known = new WeakMap<Problem['needs'], readonly number[]>();

/** Those that must leave their server, or have none: the same few in all searches of a planning. */
function needing({ needs }: Problem): readonly number[] {
  const before = known.get(needs);
  if (before !== undefined) return before;
  const rows: number[] = [];
  for (let resource = 0; resource < needs.length; resource++) {
    if (needs[resource] !== null) rows.push(resource);
  }
  known.set(needs, rows);
  return rows;
}

/** So many of the emptiest servers are looked at first; all others only if each of them would cost something. */
const CANDIDATES_MAX = 32;

/** What it is worth to mend a rule of groups: more than any load. */
const FAULTS_WEIGHT = 1e5;

interface Placing {
  readonly layout: Layout;
  readonly rules: Rules;
  /** By server, how many were placed there. */
  readonly placed: Int32Array;
}

/**
 * Where the resource adds least to the cost; among equals where the peak, then the count stays lowest. What is not known to
 * need anything goes by the count first, to servers that have room: by the peak all of it would go to the same one. What was
 * never measured goes first of all by the measured response times, where there are: to the one that answers soonest, each that
 * was placed there before counted as another response time to wait.
 */
function bestServerFor(resource: number, { layout, rules, placed }: Placing): number {
  const { loads, counts, groups, assignment } = layout;
  const isSized = layout.problem.size[resource]! > EPSILON;
  const { response, isUnmeasured, needs } = layout.problem;
  const isByResponse = isUnmeasured[resource] === 1 && needs[resource] === 'place';
  const waitAt = (server: number): number =>
    response !== null && isByResponse ? response[server]! * (1 + placed[server]!) : 0;
  // With all rules of groups kept nothing is cheaper than to add nothing.
  const costMin = groups.faults === 0 ? 0 : -FAULTS_WEIGHT;
  let best = NOWHERE;
  let leastCost = Infinity;
  let shortestWait = Infinity;
  let lowestPeak = Infinity;
  let fewest = Infinity;
  let looked = 0;
  for (const server of layout.byPeak) {
    if (!rules.canTake(server, resource)) continue;
    if (++looked > CANDIDATES_MAX && leastCost <= costMin + EPSILON) break;
    if (!layout.canAfford(layout.extraMoves(resource, server))) continue;
    const faults = groups.faultsDelta(resource, assignment[resource]!, server);
    const rise = layout.probe(server, resource, layout.nobody) - layout.costOf(server);
    const cost = rise + faults * FAULTS_WEIGHT;
    if (loads.isBroken || cost > leastCost + EPSILON) continue;
    const byPeak =
      loads.peak < lowestPeak - EPSILON ? -1 : loads.peak < lowestPeak + EPSILON ? 0 : 1;
    const byCount = counts[server]! - fewest;
    const wait = waitAt(server);
    const byLoad = isSized ? byPeak || byCount : byCount || byPeak;
    const order = Math.abs(wait - shortestWait) <= EPSILON ? byLoad : wait - shortestWait;
    if (cost >= leastCost - EPSILON && order >= 0) continue;
    best = server;
    leastCost = Math.min(cost, leastCost);
    shortestWait = wait;
    lowestPeak = loads.peak;
    fewest = counts[server]!;
  }
  return best;
}
