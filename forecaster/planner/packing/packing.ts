import type { MoveLimits } from '../move-allowance.js';
import type { Grouping } from '../problem.js';
import { NOWHERE } from '../problem.js';

/**
 * Packing over time as numbers, with every kind of limit: the problem that problem files and benchmarks are
 * read into. Resources r, servers s, groups g by index; a *cell* is a dimension at a step, `d · steps + t`.
 * Pure data, never changed. `NOWHERE` (−1) stands for none.
 */
export interface Packing extends Grouping {
  readonly resources: number;
  readonly steps: number;
  /** Dimensions × steps. */
  readonly cells: number;
  /** At `r · cells + cell`. One more row than resources: that of nobody, all zero. */
  readonly demand: Float64Array;
  /** What a server must not carry more of, at `s · cells + cell`; Infinity: no limit. What is always there has its part already. */
  readonly capacity: Float64Array;
  /** The whole capacity, with what is always there, likewise. */
  readonly whole: Float64Array;
  /** 1 ÷ `whole`; 0: no limit. A server without any counts what it carries of it as it is. Likewise. */
  readonly perCapacity: Float64Array;
  /** What it should not carry more of, likewise. */
  readonly soft: Float64Array;
  /** What one unit above `soft` costs, likewise. */
  readonly softWeight: Float64Array;
  /** What the square of a unit costs, likewise: the same load on fewer servers costs more. */
  readonly evenWeight: Float64Array;
  /** 1: a moved resource occupies its old server, too, until every move is made. By cell. */
  readonly isTransient: Uint8Array;
  /** Where it may be: 1 at the index of the server. Resources with the same set share one array. */
  readonly allowed: readonly Uint8Array[];
  /** 0: it stays. */
  readonly isMovable: Uint8Array;
  readonly price: MovePrice;
  readonly limits: MoveLimits;
}

/** What moves cost, in the unit of `softWeight` × load. */
export interface MovePrice {
  /** Of each resource. */
  readonly resource: Float64Array;
  /** By pair of servers, at `from · servers + to`; null: nothing. */
  readonly distance: Float64Array | null;
  /** Of the number of moved resources in the group that has most of them. */
  readonly busiestGroup: number;
}

/**
 * A cost of one server that only some fleets have, beyond what `Packing` knows.
 * A benchmark's own rules come in here.
 */
export interface ServerTerm {
  /**
   * @param usage loads of all servers; those of this one begin at `from`
   * @param plus where the row of an added resource begins in `demand`; `minus` likewise of a removed one
   */
  of(usage: Float64Array, from: number, demand: Float64Array, plus: number, minus: number): number;
}

/** Sums in another order differ in their last digits. */
const TOLERANCE = 1e-10;

/** The most that passes for no more than a limit. */
export function withSlack(limit: number): number {
  return limit * (1 + TOLERANCE);
}

export function isAbove(value: number, limit: number): boolean {
  return value > withSlack(limit);
}

/** It has no server, or is where it may not be. */
export function isMisplaced({ allowed }: Packing, resource: number, server: number): boolean {
  return server === NOWHERE || allowed[resource]![server] !== 1;
}

export function movablesOf({ isMovable }: Packing): Int32Array {
  return Int32Array.from(isMovable.keys()).filter((resource) => isMovable[resource] === 1);
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
