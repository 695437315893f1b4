import type { Packing } from './packing.js';
import { NOWHERE } from '../problem.js';
import { unlimited } from '../move-allowance.js';
import { Tableau } from './tableau.js';

/** Moves that are made as one, one batch after the other. */
export type Batches = readonly (readonly number[])[];

/** So many moves are tried as the first of those that fit only together, and so many go together at most. */
const SEEDS_MAX = 64;
const TOGETHER_MAX = 64;

/**
 * Puts what changes its server into an order where no limit is passed on the way that the start does not pass,
 * each moved resource counted at both ends while it moves. Those that fit only together share a batch.
 * @param urgency of each resource; the smaller goes first where the order is free
 */
export function orderOf(packing: Packing, assignment: Int32Array, urgency: Float64Array): Batches {
  return new Order(packing, assignment, urgency).run();
}

class Order {
  readonly #tableau: Tableau;
  readonly #goal: Int32Array;
  readonly #batches: number[][] = [];
  #pending: number[];

  constructor(packing: Packing, assignment: Int32Array, urgency: Float64Array) {
    // How many moves there are is settled.
    this.#tableau = new Tableau({ ...packing, limits: unlimited(packing.limits) });
    this.#goal = assignment;
    this.#pending = [...assignment.keys()]
      .filter((resource) => assignment[resource] !== packing.start[resource])
      .sort((a, b) => urgency[a]! - urgency[b]! || a - b);
  }

  run(): Batches {
    while (this.#pending.length > 0) {
      if (this.#makeSingles()) continue;
      const batch = this.#together();
      this.#batches.push(batch);
      this.#pending = this.#without(batch);
    }
    return this.#batches;
  }

  /** Makes what can be made alone, each a batch of its own; false: nothing can. */
  #makeSingles(): boolean {
    const left: number[] = [];
    for (const resource of this.#pending) {
      if (this.#makeAlone(resource)) this.#batches.push([resource]);
      else left.push(resource);
    }
    const isAnyMade = left.length < this.#pending.length;
    this.#pending = left;
    return isAnyMade;
  }

  #without(made: readonly number[]): number[] {
    const gone = new Set(made);
    return this.#pending.filter((resource) => !gone.has(resource));
  }

  #makeAlone(resource: number): boolean {
    const tableau = this.#tableau;
    const target = this.#goal[resource]!;
    const source = tableau.assignment[resource]!;
    if (!tableau.canMove(resource, target)) return false;
    tableau.move(resource, target);
    if (tableau.groups.isNoWorse()) return true;
    tableau.move(resource, source);
    return false;
  }

  /** The smallest set that was found of moves that fit only with one another; already made. */
  #together(): number[] {
    for (const seed of this.#pending.slice(0, SEEDS_MAX)) {
      const batch = this.#grown(seed);
      if (batch !== undefined) return batch;
    }
    for (const resource of this.#pending) this.#tableau.move(resource, this.#goal[resource]!);
    return this.#pending;
  }

  /** The seed, and what must leave where it arrives, and so on; undefined: that does not end well. */
  #grown(seed: number): number[] | undefined {
    const tableau = this.#tableau;
    const batch = [seed];
    tableau.move(seed, this.#goal[seed]!);
    for (;;) {
      const helper = this.#helper(batch);
      if (helper === NOWHERE || batch.length === TOGETHER_MAX) break;
      batch.push(helper);
      tableau.move(helper, this.#goal[helper]!);
    }
    if (this.#isSound(batch) && tableau.groups.isNoWorse()) return batch;
    for (const resource of batch) tableau.move(resource, tableau.packing.start[resource]!);
    return undefined;
  }

  /** A pending move off a server that the batch fills too much, or where it meets one of its group. */
  #helper(batch: readonly number[]): number {
    const { groups } = this.#tableau;
    const full = new Set(batch.map((resource) => this.#goal[resource]!));
    for (const server of full) {
      const isMet = batch.some(
        (resource) => this.#goal[resource] === server && groups.meets(resource, server),
      );
      if (this.#tableau.isWithin(server) && !isMet) full.delete(server);
    }
    const helper = this.#pending.find(
      (resource) => !batch.includes(resource) && full.has(this.#tableau.assignment[resource]!),
    );
    return helper ?? NOWHERE;
  }

  #isSound(batch: readonly number[]): boolean {
    return batch.every((resource) => {
      const server = this.#goal[resource]!;
      return this.#tableau.isWithin(server) && !this.#tableau.groups.meets(resource, server);
    });
  }
}
