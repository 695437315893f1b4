import { GroupTally } from './group-tally.js';
import { MoveTally, isAway } from './move-tally.js';
import type { Packing, ServerTerm } from './packing.js';
import { NOWHERE } from './packing.js';

/** How good an assignment is, computed afresh; lower is better, the earlier first. */
export interface PackingScore {
  /** Resources without a server, or on one where they may not be. */
  readonly misplaced: number;
  /** Rules of groups that are broken. */
  readonly faults: number;
  /** Σ of what is above a capacity ÷ that capacity, over servers, dimensions and steps. */
  readonly overload: number;
  /** What is above the soft capacities, unevenness and further terms, by their weights. */
  readonly load: number;
  readonly moves: number;
  /** By their weights. */
  readonly movePrice: number;
  /** load + movePrice: what the search lowers once nothing is misplaced or overloaded. */
  readonly cost: number;
  /** The highest share of a capacity that any server carries at any step. */
  readonly peak: number;
}

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
    if (limit > 0) peak = Math.max(peak, value / limit);
    if (value > limit) overload += limit > 0 ? (value - limit) / limit : value;
    load += softWeight[at]! * Math.max(0, value - soft[at]!) + evenWeight[at]! * value * value;
  }
  const none = packing.resources * cells;
  for (let server = 0; server < servers; server++) {
    load += term?.of(usage, server * cells, demand, none, none) ?? 0;
  }
  const { moves, movePrice } = movesOf(packing, assignment);
  return {
    misplaced: assignment.reduce(
      (count, server, resource) =>
        count + (server !== NOWHERE && packing.allowed[resource]![server] === 1 ? 0 : 1),
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

/** The load of each server, at `s · cells + cell`. */
export function usageOf(
  { servers, cells }: Packing,
  assignment: Int32Array,
  demand: Float64Array,
): Float64Array {
  const usage = new Float64Array(servers * cells);
  for (const [resource, server] of assignment.entries()) {
    if (server === NOWHERE) continue;
    for (let cell = 0; cell < cells; cell++) {
      usage[server * cells + cell]! += demand[resource * cells + cell]!;
    }
  }
  return usage;
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
