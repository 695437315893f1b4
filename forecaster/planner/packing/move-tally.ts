import type { Packing } from './packing.js';
import { NOWHERE, isAway } from '../problem.js';
import { MoveAllowance } from '../move-allowance.js';

/** What the moves to an assignment cost, and whether one more is within the limits; kept up to date move by move. */
export class MoveTally {
  readonly #packing: Packing;
  readonly #assignment: Int32Array;
  readonly #movedInGroup: Int32Array;
  /** How many groups have so many moved members. */
  readonly #groupsByMoved: Int32Array;
  #mostMoved = 0;
  readonly #allowance: MoveAllowance;

  constructor(packing: Packing, assignment: Int32Array) {
    const { groups, resources, servers, limits, start } = packing;
    this.#packing = packing;
    this.#assignment = assignment;
    this.#movedInGroup = new Int32Array(groups.length);
    this.#groupsByMoved = new Int32Array(resources + 2);
    this.#groupsByMoved[0] = groups.length;
    this.#allowance = new MoveAllowance(start, servers, limits);
  }

  /** Resources on another server than they started on; those that had none are placed, not moved. */
  get moves(): number {
    return this.#allowance.moves;
  }

  /** How the price of all moves changes if the resource goes there. */
  priceDelta(resource: number, target: number): number {
    const source = this.#assignment[resource]!;
    return (
      this.#priceAt(resource, target) -
      this.#priceAt(resource, source) +
      this.#busiestDelta(resource, target)
    );
  }

  swapPriceDelta(a: number, b: number): number {
    const { groupOf, price, start } = this.#packing;
    const from = this.#assignment[a]!;
    const to = this.#assignment[b]!;
    const first = isAway(start[a]!, to) - isAway(start[a]!, from);
    const second = isAway(start[b]!, from) - isAway(start[b]!, to);
    if (price.busiestGroup === 0 || first === 0 || second === 0) {
      return this.priceDelta(a, to) + this.priceDelta(b, from);
    }
    const plain =
      this.#priceAt(a, to) - this.#priceAt(a, from) + this.#priceAt(b, from) - this.#priceAt(b, to);
    const before = this.#mostMoved;
    this.#countGroup(groupOf[a]!, first);
    this.#countGroup(groupOf[b]!, second);
    const after = this.#mostMoved;
    this.#countGroup(groupOf[b]!, -second);
    this.#countGroup(groupOf[a]!, -first);
    return plain + (after - before) * price.busiestGroup;
  }

  isWithinLimits(resource: number, target: number): boolean {
    return this.#allowance.allows(resource, this.#assignment[resource]!, target);
  }

  isSwapWithinLimits(a: number, b: number): boolean {
    const from = this.#assignment[a]!;
    return this.#allowance.allowsSwap(a, b, { from, to: this.#assignment[b]! });
  }

  /** The resource changes its server: counted before or after the assignment says so. */
  moved(resource: number, from: number, to: number): void {
    const { start, groupOf } = this.#packing;
    const home = start[resource]!;
    this.#allowance.moved(resource, from, to);
    this.#countGroup(groupOf[resource]!, isAway(home, to) - isAway(home, from));
  }

  #countGroup(group: number, change: number): void {
    if (group === NOWHERE || change === 0) return;
    const counts = this.#groupsByMoved;
    const moved = this.#movedInGroup[group]!;
    counts[moved]!--;
    counts[moved + change]!++;
    this.#movedInGroup[group] = moved + change;
    if (moved + change > this.#mostMoved) this.#mostMoved = moved + change;
    while (this.#mostMoved > 0 && counts[this.#mostMoved] === 0) this.#mostMoved--;
  }

  #priceAt(resource: number, server: number): number {
    const { start, price, servers } = this.#packing;
    const home = start[resource]!;
    if (isAway(home, server) === 0) return 0;
    const distance = price.distance === null ? 0 : price.distance[home * servers + server]!;
    return price.resource[resource]! + distance;
  }

  #busiestDelta(resource: number, target: number): number {
    const { groupOf, price, start } = this.#packing;
    const group = groupOf[resource]!;
    if (price.busiestGroup === 0 || group === NOWHERE) return 0;
    const home = start[resource]!;
    const change = isAway(home, target) - isAway(home, this.#assignment[resource]!);
    if (change === 0) return 0;
    const moved = this.#movedInGroup[group]!;
    if (moved !== this.#mostMoved) return 0;
    if (change > 0) return price.busiestGroup;
    return this.#groupsByMoved[moved] === 1 ? -price.busiestGroup : 0;
  }
}
