import { TOO_DEAR } from '../loads.js';
import { NOWHERE, isAway } from '../problem.js';
import { GroupTally } from '../group-tally.js';
import { MoveTally } from './move-tally.js';
import type { Packing, ServerTerm } from './packing.js';
import { isAbove, isMisplaced, usageOf, withSlack } from './packing.js';
import { sizesOf } from './sizes.js';

/** An overload costs so many times as much as the same load above a soft capacity, on the average. */
const OVER_WEIGHT = 1000;

/**
 * An assignment that a search changes: who is where, what every server carries and costs, and whether a change
 * keeps every hard limit. Each question is answered in O(cells), without allocation.
 */
export class Tableau {
  readonly packing: Packing;
  readonly assignment: Int32Array;
  readonly groups: GroupTally;
  readonly price: MoveTally;
  /** Of each server, at `s · cells + cell`. */
  readonly usage: Float64Array;
  /** Cost of the servers and of the moves. What is misplaced is counted apart. */
  value = 0;
  /** Resources without a server, or on one where they may not be. */
  misplaced = 0;
  /** Σ of what is above a capacity ÷ that capacity: only servers that have some at the start ever do. */
  over = 0;
  /** Looks at one server with one change: the unit of work. */
  work = 0;

  readonly #term: ServerTerm | undefined;
  /** What moved away from a server but occupies it until every move is made comes on top of its usage. */
  readonly #occupied: Float64Array;
  /** What a cell must not pass: its capacity, or what it was at the start. */
  readonly #limits: Float64Array;
  readonly #isOver: Uint8Array;
  readonly #overs: Float64Array;
  readonly #overPrice: number;
  readonly #costs: Float64Array;
  readonly #isTransientAny: boolean;
  readonly #isEvening: boolean;
  /** Of each resource, see `heldBy`. */
  readonly #held: Float64Array;

  constructor(packing: Packing, term?: ServerTerm) {
    const { servers, cells, start, capacity } = packing;
    this.packing = packing;
    this.#term = term;
    this.assignment = Int32Array.from(start);
    this.groups = new GroupTally(packing, this.assignment);
    this.price = new MoveTally(packing, this.assignment);
    this.usage = usageOf(packing, start, packing.demand);
    this.#isEvening = packing.evenWeight.some((weight) => weight > 0);
    this.#isTransientAny = packing.isTransient.includes(1);
    for (const [resource, server] of start.entries()) {
      if (isMisplaced(packing, resource, server)) this.misplaced++;
    }
    this.#occupied = this.#isTransientAny ? Float64Array.from(this.usage) : this.usage;
    this.#limits = this.usage.map((load, at) => withSlack(Math.max(load, capacity[at]!)));
    this.#isOver = new Uint8Array(servers);
    for (let at = 0; at < this.usage.length; at++) {
      if (isAbove(this.usage[at]!, capacity[at]!)) this.#isOver[Math.floor(at / cells)] = 1;
    }
    this.#overPrice = overPriceOf(packing);
    this.#overs = new Float64Array(servers);
    this.#costs = new Float64Array(servers);
    this.#held = sizesOf(packing, (cell) => packing.isTransient[cell] === 1);
    for (let server = 0; server < servers; server++) this.#refresh(server);
  }

  /** Servers cost more than what the packing knows. */
  get hasTerm(): boolean {
    return this.#term !== undefined;
  }

  /** Rules of groups that are broken. */
  get faults(): number {
    return this.groups.faults;
  }

  /** Whether every hard limit lets the resource go to that server. Room, which is most often missing, is asked first. */
  canMove(resource: number, target: number): boolean {
    return this.#fits(resource, NOWHERE, target) && this.#mayMove(resource, target);
  }

  #mayMove(resource: number, target: number): boolean {
    const { allowed, isMovable } = this.packing;
    return (
      isMovable[resource] === 1 &&
      allowed[resource]![target] === 1 &&
      !this.groups.meets(resource, target) &&
      this.price.isWithinLimits(resource, target)
    );
  }

  /** Whether every rule does, and mends rules of groups rather than breaking them; whether there is room is not asked. */
  mayMove(resource: number, target: number): boolean {
    return (
      this.#mayMove(resource, target) &&
      this.groups.faultsDelta(resource, this.assignment[resource]!, target) <= 0
    );
  }

  maySwap(a: number, b: number): boolean {
    return this.#maySwap(a, b) && this.groups.faultsSwapDelta(a, b) <= 0;
  }

  /** Whether it may be where it was at the start, which needs no leave but room. */
  canStay(resource: number): boolean {
    const home = this.packing.start[resource]!;
    return this.groups.allowsHome(resource) && this.#fits(resource, NOWHERE, home);
  }

  canSwap(a: number, b: number): boolean {
    return (
      this.#fits(a, b, this.assignment[b]!) &&
      this.#fits(b, a, this.assignment[a]!) &&
      this.#maySwap(a, b)
    );
  }

  #maySwap(a: number, b: number): boolean {
    const { allowed, isMovable } = this.packing;
    return (
      isMovable[a] === 1 &&
      isMovable[b] === 1 &&
      allowed[a]![this.assignment[b]!] === 1 &&
      allowed[b]![this.assignment[a]!] === 1 &&
      this.groups.allowsSwap(a, b) &&
      this.price.isSwapWithinLimits(a, b)
    );
  }

  /** What is wrong with a server, moves not counted. */
  costOf(server: number): number {
    return this.#costs[server]!;
  }

  /** The same with `added` on it and without `removed`; `TOO_DEAR`: more than `most`, or it would not hold it. */
  costWithin(server: number, added: number, removed: number, most: number): number {
    const { cells, resources } = this.packing;
    const leaving = removed === resources ? NOWHERE : removed;
    if (!this.#fits(added, leaving, server)) return TOO_DEAR;
    const cost = this.#costWith(server, added * cells, removed * cells);
    return cost > most ? TOO_DEAR : cost;
  }

  /** How the value changes if the resource goes there; what is misplaced left out. */
  moveDelta(resource: number, target: number): number {
    const { cells, resources } = this.packing;
    const source = this.assignment[resource]!;
    const row = resource * cells;
    const none = resources * cells;
    let delta = this.#costWith(target, row, none) - this.#costs[target]!;
    if (source !== NOWHERE) delta += this.#costWith(source, none, row) - this.#costs[source]!;
    return delta + this.price.priceDelta(resource, target);
  }

  swapDelta(a: number, b: number): number {
    const { cells } = this.packing;
    const from = this.assignment[a]!;
    const to = this.assignment[b]!;
    return (
      this.#costWith(from, b * cells, a * cells) -
      this.#costs[from]! +
      this.#costWith(to, a * cells, b * cells) -
      this.#costs[to]! +
      this.price.swapPriceDelta(a, b)
    );
  }

  /** How `over` changes if the resource goes there. */
  overDelta(resource: number, target: number): number {
    const { cells, resources } = this.packing;
    const source = this.assignment[resource]!;
    const row = resource * cells;
    const none = resources * cells;
    return (
      (this.#isOver[target] === 1 ? this.#overWith(target, row, none) - this.#overs[target]! : 0) +
      (source !== NOWHERE && this.#isOver[source] === 1
        ? this.#overWith(source, none, row) - this.#overs[source]!
        : 0)
    );
  }

  /** `moveDelta` without what the search lets an overload cost. */
  costDelta(resource: number, target: number): number {
    return this.moveDelta(resource, target) - this.#overPrice * this.overDelta(resource, target);
  }

  misplacedDelta(resource: number, target: number): number {
    const { packing, assignment } = this;
    return (
      Number(isMisplaced(packing, resource, target)) -
      Number(isMisplaced(packing, resource, assignment[resource]!))
    );
  }

  /** Changes the server of a resource; `NOWHERE` takes it off. Limits are the caller's to ask. */
  move(resource: number, target: number): void {
    const source = this.assignment[resource]!;
    if (source === target) return;
    this.value += this.price.priceDelta(resource, target);
    this.misplaced += this.misplacedDelta(resource, target);
    this.price.moved(resource, source, target);
    this.assignment[resource] = target;
    this.groups.moved(resource, source, target);
    if (source !== NOWHERE) {
      this.#shiftLoad(source, resource, -1);
      this.#refresh(source);
    }
    if (target !== NOWHERE) {
      this.#shiftLoad(target, resource, 1);
      this.#refresh(target);
    }
  }

  /** Makes it this assignment. */
  become(assignment: Int32Array): void {
    for (const [resource, server] of assignment.entries()) this.move(resource, server);
  }

  /** The largest share of a mean server's transient capacity that the resource holds at home while it is there. */
  heldBy(resource: number, server: number): number {
    return isAway(this.packing.start[resource]!, server) === 1 ? this.#held[resource]! : 0;
  }

  /** What takes up a cell of the server with the resource there, too; the row of nobody: as it is. */
  occupiedWith(resource: number, server: number, cell: number): number {
    const { cells, demand, isTransient, start } = this.packing;
    const isHeld = isTransient[cell] === 1 && start[resource] === server;
    const isThere = this.assignment[resource] === server;
    const more = isHeld || isThere ? 0 : demand[resource * cells + cell]!;
    return this.#occupied[server * cells + cell]! + more;
  }

  /** The server carries no more than it may, transient occupation included. */
  isWithin(server: number): boolean {
    const { cells } = this.packing;
    for (let at = server * cells; at < (server + 1) * cells; at++) {
      if (this.#occupied[at]! > this.#limits[at]!) return false;
    }
    return true;
  }

  /** Whether the server holds one more without another. @param leaving `NOWHERE`: none leaves */
  #fits(resource: number, leaving: number, server: number): boolean {
    this.work++;
    const { cells, demand, isTransient, start, resources } = this.packing;
    const occupied = this.#occupied;
    const limits = this.#limits;
    const from = server * cells;
    const plus = resource * cells;
    const minus = (leaving === NOWHERE ? resources : leaving) * cells;
    if (!this.#isTransientAny) {
      for (let cell = 0; cell < cells; cell++) {
        const load = occupied[from + cell]! + demand[plus + cell]! - demand[minus + cell]!;
        if (load > limits[from + cell]!) return false;
      }
      return true;
    }
    const isHome = start[resource] === server;
    const staysHeld = leaving !== NOWHERE && start[leaving] === server;
    for (let cell = 0; cell < cells; cell++) {
      let load = occupied[from + cell]!;
      const isHeld = isTransient[cell] === 1;
      if (!(isHeld && isHome)) load += demand[plus + cell]!;
      if (!(isHeld && staysHeld)) load -= demand[minus + cell]!;
      if (load > limits[from + cell]!) return false;
    }
    return true;
  }

  #costWith(server: number, plus: number, minus: number): number {
    this.work++;
    const { cells, demand, soft, softWeight, evenWeight } = this.packing;
    const { usage } = this;
    const isEvening = this.#isEvening;
    const from = server * cells;
    let cost = 0;
    for (let cell = 0; cell < cells; cell++) {
      const at = from + cell;
      const load = usage[at]! + demand[plus + cell]! - demand[minus + cell]!;
      const excess = load - soft[at]!;
      if (excess > 0) cost += softWeight[at]! * excess;
      if (isEvening) cost += evenWeight[at]! * load * load;
    }
    if (this.#isOver[server] === 1) cost += this.#overPrice * this.#overWith(server, plus, minus);
    return this.#term === undefined ? cost : cost + this.#term.of(usage, from, demand, plus, minus);
  }

  #overWith(server: number, plus: number, minus: number): number {
    const { cells, demand, capacity, perCapacity } = this.packing;
    let over = 0;
    for (let cell = 0; cell < cells; cell++) {
      const at = server * cells + cell;
      const load = this.usage[at]! + demand[plus + cell]! - demand[minus + cell]!;
      if (isAbove(load, capacity[at]!)) over += (load - capacity[at]!) * perCapacity[at]!;
    }
    return over;
  }

  #refresh(server: number): void {
    const none = this.packing.resources * this.packing.cells;
    const cost = this.#costWith(server, none, none);
    this.value += cost - this.#costs[server]!;
    this.#costs[server] = cost;
    if (this.#isOver[server] === 0) return;
    const over = this.#overWith(server, none, none);
    this.over += over - this.#overs[server]!;
    this.#overs[server] = over;
  }

  #shiftLoad(server: number, resource: number, sign: 1 | -1): void {
    const { cells, demand, isTransient, start } = this.packing;
    const from = server * cells;
    const row = resource * cells;
    for (let cell = 0; cell < cells; cell++) {
      this.usage[from + cell]! += sign * demand[row + cell]!;
    }
    if (!this.#isTransientAny) return;
    const isHome = start[resource] === server;
    for (let cell = 0; cell < cells; cell++) {
      // What is at home occupies its place whether it leaves or not.
      if (isHome && isTransient[cell] === 1) continue;
      this.#occupied[from + cell]! += sign * demand[row + cell]!;
    }
  }
}

/** What a whole capacity of overload costs. */
function overPriceOf({ softWeight, perCapacity }: Packing): number {
  let sum = 0;
  let count = 0;
  for (const [at, weight] of softWeight.entries()) {
    if (!(perCapacity[at]! > 0)) continue;
    sum += weight / perCapacity[at]!;
    count++;
  }
  return OVER_WEIGHT * Math.max(1, count === 0 ? 0 : sum / count);
}
