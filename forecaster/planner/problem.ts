import type { Dimension, ResourceId, ServerId } from '../../core/domain.js';

/**
 * The planning problem as numbers: resources r, servers s, dimensions d, steps t, all by index, in the order
 * of their names. A *cell* is a dimension at a step, number `d · steps + t`. Pure data, never changed.
 */
export interface Problem {
  readonly resources: readonly ResourceId[];
  readonly servers: readonly ServerId[];
  readonly dimensions: readonly Dimension[];
  readonly steps: number;
  readonly demand: Demand;
  /** 1 ÷ capacity at `s · dimensions + d`; 0: this dimension is not planned for this server. */
  readonly perCapacity: Float64Array;
  /** What the server carries besides its resources, at `s · dimensions + d`, in the dimension's unit. */
  readonly base: Float64Array;
  readonly roles: readonly Role[];
  readonly isSpare: readonly boolean[];
  readonly zones: readonly (string | null)[];
  /** Which server r has by the table, a lost one too; `NOWHERE`: none. */
  readonly origin: Int32Array;
  /** Which server serves r, or soon will by a move under way; `NOWHERE`: none does. */
  readonly start: Int32Array;
  /** Where a plan that waits would have r; null: none waits. */
  readonly wanted: Int32Array | null;
  /** Where r may be. */
  readonly allowed: readonly Allowed[];
  /** Where it may be when its server is lost: a pin does not hold then. */
  readonly refuges: readonly Allowed[];
  /** Who is to be apart, or in several zones. */
  readonly grouping: Grouping;
  readonly freedom: readonly Freedom[];
  readonly needs: readonly (Need | null)[];
  /** The highest utilization that r alone makes, as the share of an average server. */
  readonly size: Float64Array;
  /** What moving r costs, in the unit of `Objective`. */
  readonly moveCost: Float64Array;
  /** By how much moving r is dearer than its size says, as a share of that: bytes and what is under way. */
  readonly burden: Float64Array;
  /** Nobody has measured r yet: it goes where answers come soonest. */
  readonly isUnmeasured: Uint8Array;
  /** How soon each server answers, in ms; null: of none it is known. */
  readonly response: Float64Array | null;
  readonly objective: Objective;
  /** Of what serves now; what has no server is placed, not moved. */
  readonly movesMax: number;
  /** Of them, that leave or reach one server. */
  readonly serverMovesMax: number;
  /** What has to be carried over when r moves; 0: nothing, or it is not known. */
  readonly bytes: Float64Array;
  /** Of one plan: of all its moves, and of those that leave or reach one server. */
  readonly bytesMax: number;
  readonly serverBytesMax: number;
  readonly batchMovesMax: number;
  /** Of resources that nobody serves: there is nothing to drain, and nobody else to keep waiting. */
  readonly unservedBatchMovesMax: number;
}

export const NOWHERE = -1;

/** 1: being on that server is a move. What had no server is placed, not moved. */
export function isAway(home: number, server: number): 0 | 1 {
  return home !== NOWHERE && server !== NOWHERE && server !== home ? 1 : 0;
}

/** The resources that are elsewhere. */
export function movedBetween(from: Int32Array, to: Int32Array): number[] {
  const moved: number[] = [];
  for (let resource = 0; resource < to.length; resource++) {
    if (to[resource] !== from[resource]) moved.push(resource);
  }
  return moved;
}

/** Rules that hold for several resources together: where everything was at the start, and who belongs to whom. */
export interface Grouping {
  readonly servers: number;
  /** Where each resource is; `NOWHERE`: to be placed. */
  readonly start: Int32Array;
  /** Of each resource; `NOWHERE`: none. */
  readonly groupOf: Int32Array;
  readonly groups: readonly Group[];
  /** Each way of dividing the servers into zones: the zone of each server, numbered from 0. */
  readonly zonings: readonly Int32Array[];
}

export interface Group {
  readonly members: Int32Array;
  /** Two of them never share a server. */
  readonly isApart: boolean;
  /** They are in at least so many zones of this zoning; null: in any. */
  readonly spread: { readonly zoning: number; readonly zonesMin: number } | null;
  /** In each zone where this group is, that one is, too. */
  readonly needs: readonly { readonly zoning: number; readonly group: number }[];
}

/** `ready`: may take resources. `leaving`: serves, but is to be emptied. `lost`: serves nothing. */
export type Role = 'ready' | 'leaving' | 'lost';

/** `fixed`: never moved. `cooling`: moved lately, moves again only to take away overload. */
export type Freedom = 'fixed' | 'cooling' | 'free';

/** Why a resource must get another server than it has. */
export type Need = 'place' | 'lost' | 'drain' | 'pin';

/** A set of servers; resources that may be on the same servers share one. */
export interface Allowed {
  /** 1 at the index of each server in it. */
  readonly mask: Uint8Array;
  readonly servers: Int32Array;
  /** An operator named the only server. */
  readonly isPin: boolean;
}

/**
 * What the resources need. With spread, the load of a server in a cell is a quantile of the sum
 * (core/forecast.ts): Σ mean + sign · √( Σ_f (Σ common_f)² + Σ own ).
 * Each array has one more row than there are resources: the row of nobody, all zero.
 */
export interface Demand {
  readonly steps: number;
  /** Cells of a row: dimensions × steps. */
  readonly cells: number;
  /** At `r · cells + cell`. */
  readonly mean: Float32Array;
  /** Variance of its own, at `r · cells + cell`; empty if `factors` is `CERTAIN`. */
  readonly own: Float32Array;
  /** Spread that moves with factor f, at `(r · factors + f) · cells + cell`. */
  readonly common: Float32Array;
  /** Number of common factors, at least one; `CERTAIN`: the mean is all there is. */
  readonly factors: number;
  /** −1 for quantiles below one half. */
  readonly sign: 1 | -1;
}

export const CERTAIN = -1;

/**
 * What a plan lowers: the cost of an assignment is
 *   overload · overloadWeight + pressure + unevenness · eveningWeight (score.ts; 0 while the start is even enough),
 * with the sums of core/plan.ts' score. A move must take away more than it costs itself. Within that the aims
 * keep their order: no step gives up an earlier one for a later.
 */
export interface Objective {
  readonly target: number;
  readonly overloadWeight: number;
  /** Max ÷ mean of the servers' overall loads that is left alone, and any while no load is above `imbalanceLoadMin`. */
  readonly imbalanceMax: number;
  readonly imbalanceLoadMin: number;
}

/** Loads that nobody adds to or takes from are probed with this resource: the row of nobody. */
export function nobodyOf({ resources }: Problem): number {
  return resources.length;
}

/** What the cheapest move costs. */
export function leastPriceOf({ moveCost }: Problem): number {
  let least = Infinity;
  for (const cost of moveCost) least = Math.min(least, cost);
  return least;
}

/** Utilizations that differ by less are the same: sums in another order differ in their last digits. */
export const EPSILON = 1e-9;
