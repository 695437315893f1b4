import type { Ground } from './ground.js';
import { TOO_DEAR } from './loads.js';
import { NOWHERE } from './problem.js';

/** So many moves of one server are tried to be replaced by one less. */
const REPLACED_MAX = 3;
/** What is won must be more than roundings of what was added and taken off again, as a share of a move. */
const WON_MIN = 1e-6;

/** Those that leave a server in the place of others. */
interface Exodus {
  readonly server: number;
  /** What the server cost when the others were gone. */
  readonly before: number;
  /** The others, which stay now. */
  readonly stay: readonly number[];
}

/**
 * Makes a plan of many moves do with fewer, where each step that a search tries alone would make it worse first: a
 * resource comes home, and what has come there in its place goes on; or several that left a server come home, and one
 * less of the others leaves it. What is tried is tried whole: in the end no better step of its kind is left.
 */
export class Thinning {
  readonly #ground: Ground;
  readonly #isMovable: Uint8Array;
  /** Movables of each server at the start, the largest first. */
  readonly #residents: readonly (readonly number[])[];

  constructor(ground: Ground) {
    const { start, movables, servers } = ground;
    this.#ground = ground;
    this.#isMovable = new Uint8Array(start.length);
    const residents = Array.from({ length: servers }, (): number[] => []);
    for (const resource of movables) {
      this.#isMovable[resource] = 1;
      const home = start[resource]!;
      if (home !== NOWHERE) residents[home]!.push(resource);
    }
    this.#residents = residents;
  }

  /** Until no step is left, or `isOver`; false: there was none. */
  run(isOver: () => boolean): boolean {
    let hasThinned = false;
    for (let isAny = true; isAny;) {
      isAny = false;
      for (const resource of this.#ground.movables) {
        if (isOver()) return hasThinned;
        if (this.#isMoved(resource) && this.#recall(resource)) isAny = true;
      }
      for (const server of this.#residents.keys()) {
        if (isOver()) return hasThinned;
        while (this.#replace(server, isOver)) isAny = true;
      }
      hasThinned ||= isAny;
    }
    return hasThinned;
  }

  #isMoved(resource: number): boolean {
    const { start, assignment } = this.#ground;
    return start[resource] !== NOWHERE && assignment[resource] !== start[resource];
  }

  /** It comes home, and one that came there goes on to where it costs least. */
  #recall(resource: number): boolean {
    const ground = this.#ground;
    const { start, assignment, nobody, targets } = ground;
    const home = start[resource]!;
    const place = assignment[resource]!;
    if (!ground.canMove(resource, home)) return false;
    const price = ground.priceOfMove(resource, home);
    const away = this.#rise(place, nobody, resource, TOO_DEAR);
    const slack = WON_MIN * ground.prices[resource]!;
    /** Of the best step so far. */
    let least = -slack;
    let goer = NOWHERE;
    let goal = NOWHERE;
    for (const other of this.#arrivalsAt(home)) {
      const here = this.#rise(home, resource, other, least - price - away + ground.prices[other]!);
      if (here === TOO_DEAR) continue;
      for (const target of targets) {
        if (target === home || !ground.canMove(other, target)) continue;
        const rest = price + here + ground.priceOfMove(other, target);
        const there =
          target === place
            ? this.#rise(place, other, resource, least - rest)
            : away + this.#rise(target, other, nobody, least - rest - away);
        if (rest + there >= least) continue;
        least = rest + there;
        goer = other;
        goal = target;
      }
    }
    if (goer === NOWHERE) return false;
    ground.move(goer, goal);
    ground.move(resource, home);
    return true;
  }

  #arrivalsAt(server: number): number[] {
    const { assignment, movables } = this.#ground;
    return [...movables].filter(
      (resource) => assignment[resource] === server && this.#isMoved(resource),
    );
  }

  /** Of those that left a server some come home, and one less of the others leaves it. */
  #replace(server: number, isOver: () => boolean): boolean {
    const ground = this.#ground;
    const gone = this.#residents[server]!.filter((resource) => this.#isMoved(resource));
    for (let count = 2; count <= REPLACED_MAX; count++) {
      for (const stay of subsets(gone, count)) {
        if (isOver()) return false;
        const exodus = { server, before: ground.costOf(server), stay };
        const mark = ground.mark();
        const won = this.#comeHome(stay);
        if (won !== NOTHING && this.#leave(exodus, count - 1, won)) return true;
        ground.rollback(mark);
      }
    }
    return false;
  }

  /** What that wins, what their home costs then left out; `NOTHING`: one may not. */
  #comeHome(resources: readonly number[]): number {
    const ground = this.#ground;
    let won = 0;
    for (const resource of resources) {
      const home = ground.start[resource]!;
      const place = ground.assignment[resource]!;
      if (!ground.canMove(resource, home)) return NOTHING;
      won -= ground.priceOfMove(resource, home);
      won -= this.#rise(place, ground.nobody, resource, TOO_DEAR);
      won -= WON_MIN * ground.prices[resource]!;
      ground.move(resource, home);
    }
    return won;
  }

  /** So many others leave for less than was won. */
  #leave(exodus: Exodus, count: number, won: number): boolean {
    const ground = this.#ground;
    const candidates = this.#residents[exodus.server]!.filter(
      (resource) => !this.#isMoved(resource) && !exodus.stay.includes(resource),
    );
    if (count === 1)
      return candidates.some((resource) => this.#leaveLast(exodus, resource, won) !== NOTHING);
    return candidates.some((first, index) => {
      const mark = ground.mark();
      ground.move(first, NOWHERE);
      for (const last of candidates.slice(index + 1)) {
        const between = ground.mark();
        const left = this.#leaveLast(exodus, last, won - ground.prices[first]!);
        if (left === NOTHING) continue;
        const target = this.#bestFor(first, left + ground.prices[first]!);
        if (target !== NOWHERE) {
          ground.move(first, target);
          return true;
        }
        ground.rollback(between);
      }
      ground.rollback(mark);
      return false;
    });
  }

  /** The last one leaves, for where it costs least. @returns what is left of what was won; `NOTHING`: too little */
  #leaveLast({ server, before }: Exodus, resource: number, won: number): number {
    const ground = this.#ground;
    const most = before + won - ground.prices[resource]!;
    const cost = ground.costWithin(server, ground.nobody, resource, most);
    if (cost === TOO_DEAR) return NOTHING;
    const left = before + won - cost;
    const target = this.#bestFor(resource, left);
    if (target === NOWHERE) return NOTHING;
    const spent = ground.priceOfMove(resource, target);
    const rise = this.#rise(target, resource, ground.nobody, TOO_DEAR);
    ground.move(resource, target);
    return left - spent - rise;
  }

  /** The server where the resource costs least, its move included, no more than `most`; `NOWHERE`: none. */
  #bestFor(resource: number, most: number): number {
    const ground = this.#ground;
    let best = NOWHERE;
    let least = most;
    for (const target of ground.targets) {
      if (target === ground.assignment[resource] || !ground.canMove(resource, target)) continue;
      const price = ground.priceOfMove(resource, target);
      const cost = price + this.#rise(target, resource, ground.nobody, least - price);
      if (cost > least || (best !== NOWHERE && cost === least)) continue;
      best = target;
      least = cost;
    }
    return best;
  }

  /** By how much the server becomes dearer; `TOO_DEAR`: by more than `most`, or it would pass a hard limit. */
  #rise(server: number, added: number, removed: number, most: number): number {
    const ground = this.#ground;
    const before = ground.costOf(server);
    return ground.costWithin(server, added, removed, before + most) - before;
  }
}

const NOTHING = -Infinity;

function* subsets(list: readonly number[], count: number, from = 0): Generator<number[]> {
  if (count === 0) {
    yield [];
    return;
  }
  for (let at = from; at + count <= list.length; at++) {
    for (const rest of subsets(list, count - 1, at + 1)) yield [list[at]!, ...rest];
  }
}
