import type { Packing } from './packing.js';
import { NOWHERE, isAway } from '../problem.js';
import { withSlack } from './packing.js';

/** What the moves to an assignment cost, and whether one more is within the limits; kept up to date move by move. */
export class MoveTally {
  /** Resources on another server than they started on; those that had none are placed, not moved. */
  moves = 0;
  readonly #packing: Packing;
  readonly #assignment: Int32Array;
  readonly #movedInGroup: Int32Array;
  /** How many groups have so many moved members. */
  readonly #groupsByMoved: Int32Array;
  #mostMoved = 0;
  readonly #movesAt: Int32Array;
  readonly #weightAt: Float64Array;
  #weightMoved = 0;
  readonly #isLimited: boolean;

  constructor(packing: Packing, assignment: Int32Array) {
    const { groups, resources, servers, limits } = packing;
    this.#packing = packing;
    this.#assignment = assignment;
    this.#movedInGroup = new Int32Array(groups.length);
    this.#groupsByMoved = new Int32Array(resources + 2);
    this.#groupsByMoved[0] = groups.length;
    this.#movesAt = new Int32Array(servers);
    this.#weightAt = new Float64Array(servers);
    const { movesMax, weightMax, movesPerServerMax, weightPerServerMax } = limits;
    this.#isLimited = [movesMax, weightMax, movesPerServerMax, weightPerServerMax].some(
      (limit) => limit < Infinity,
    );
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
    if (!this.#isLimited) return true;
    const { start, limits } = this.#packing;
    const home = start[resource]!;
    if (isAway(home, target) === 0) return true;
    const { movesMax, weightMax, weight, movesPerServerMax, weightPerServerMax } = limits;
    const extra = 1 - isAway(home, this.#assignment[resource]!);
    const more = weight[resource]!;
    return (
      this.moves + extra <= movesMax &&
      this.#weightMoved + extra * more <= withSlack(weightMax) &&
      this.#movesAt[target]! < movesPerServerMax &&
      this.#movesAt[home]! + extra <= movesPerServerMax &&
      this.#weightAt[target]! + more <= withSlack(weightPerServerMax) &&
      this.#weightAt[home]! + extra * more <= withSlack(weightPerServerMax)
    );
  }

  isSwapWithinLimits(a: number, b: number): boolean {
    if (!this.#isLimited) return true;
    const { limits } = this.#packing;
    const from = this.#assignment[a]!;
    const to = this.#assignment[b]!;
    this.moved(a, from, to);
    this.moved(b, to, from);
    const isWithin =
      this.moves <= limits.movesMax &&
      this.#weightMoved <= withSlack(limits.weightMax) &&
      this.#isServerWithin(a, to) &&
      this.#isServerWithin(b, from);
    this.moved(b, from, to);
    this.moved(a, to, from);
    return isWithin;
  }

  /** The resource changes its server: counted before or after the assignment says so. */
  moved(resource: number, from: number, to: number): void {
    const { start, limits } = this.#packing;
    const home = start[resource]!;
    this.#weightMoved += (isAway(home, to) - isAway(home, from)) * limits.weight[resource]!;
    this.#count(resource, from, -1);
    this.#count(resource, to, 1);
  }

  #isServerWithin(resource: number, server: number): boolean {
    const { start, limits } = this.#packing;
    const home = start[resource]!;
    if (isAway(home, server) === 0) return true;
    const weightMost = withSlack(limits.weightPerServerMax);
    return [server, home].every(
      (at) => this.#movesAt[at]! <= limits.movesPerServerMax && this.#weightAt[at]! <= weightMost,
    );
  }

  #count(resource: number, server: number, sign: 1 | -1): void {
    const home = this.#packing.start[resource]!;
    if (isAway(home, server) === 0) return;
    this.moves += sign;
    const weight = sign * this.#packing.limits.weight[resource]!;
    this.#movesAt[home]! += sign;
    this.#movesAt[server]! += sign;
    this.#weightAt[home]! += weight;
    this.#weightAt[server]! += weight;
    this.#countGroup(this.#packing.groupOf[resource]!, sign);
  }

  #countGroup(group: number, change: number): void {
    if (group === NOWHERE) return;
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
