import { z } from 'zod';
import { GroupTally } from '../group-tally.js';
import { isAway } from '../problem.js';
import { MoveTally } from './move-tally.js';
import type { Packing, ServerTerm } from './packing.js';
import { isAbove, isMisplaced, usageOf } from './packing.js';

/** How good an assignment is, computed afresh; lower is better, the earlier first. */
export const packingScoreSchema = z.object({
  /** Resources without a server, or on one where they may not be. */
  misplaced: z.number(),
  /** Rules of groups that are broken. */
  faults: z.number(),
  /** Σ of what is above a capacity ÷ that capacity (of none: as it is), over servers, dimensions and steps. */
  overload: z.number(),
  /** What is above the soft capacities, unevenness and further terms, by their weights. */
  load: z.number(),
  moves: z.number(),
  /** By their weights. */
  movePrice: z.number(),
  /** load + movePrice: what the search lowers once nothing is misplaced or overloaded. */
  cost: z.number(),
  /** The highest share of a capacity that any server carries at any step. */
  peak: z.number(),
});
export type PackingScore = Readonly<z.output<typeof packingScoreSchema>>;

export function scorePacking(
  packing: Packing,
  assignment: Int32Array,
  {
    demand = packing.demand,
    term,
  }: { readonly demand?: Float64Array; readonly term?: ServerTerm | undefined } = {},
): PackingScore {
  const { capacity, soft, softWeight, evenWeight, cells, servers } = packing;
  const usage = usageOf(packing, assignment, demand);
  let overload = 0;
  let load = 0;
  let peak = 0;
  for (const [at, value] of usage.entries()) {
    const limit = capacity[at]!;
    const per = packing.perCapacity[at]!;
    // Of what a server has nothing and carries nothing it is not full.
    const isIdle = packing.whole[at] === 0 && !(value > limit);
    if (per > 0 && !isIdle) peak = Math.max(peak, 1 + (value - limit) * per);
    if (isAbove(value, limit)) overload += (value - limit) * per;
    load += softWeight[at]! * Math.max(0, value - soft[at]!) + evenWeight[at]! * value * value;
  }
  const none = packing.resources * cells;
  for (let server = 0; server < servers; server++) {
    load += term?.of(usage, server * cells, demand, none, none) ?? 0;
  }
  const { moves, movePrice } = movesOf(packing, assignment);
  return {
    misplaced: assignment.reduce(
      (count, server, resource) => count + (isMisplaced(packing, resource, server) ? 1 : 0),
      0,
    ),
    faults: new GroupTally(packing, assignment).faults,
    overload,
    load,
    moves,
    movePrice,
    cost: load + movePrice,
    peak,
  };
}

/** Nothing is misplaced or overloaded, and no rule of groups is broken. */
export function isFeasible({ misplaced, faults, overload }: PackingScore): boolean {
  return misplaced === 0 && faults === 0 && overload === 0;
}

function movesOf(
  packing: Packing,
  assignment: Int32Array,
): { readonly moves: number; readonly movePrice: number } {
  const places = Int32Array.from(packing.start);
  const tally = new MoveTally(packing, places);
  let movePrice = 0;
  for (const [resource, home] of packing.start.entries()) {
    const server = assignment[resource]!;
    if (isAway(home, server) === 0) continue;
    movePrice += tally.priceDelta(resource, server);
    tally.moved(resource, home, server);
    places[resource] = server;
  }
  return { moves: tally.moves, movePrice };
}
