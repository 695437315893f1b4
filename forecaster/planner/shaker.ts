import type { Rng } from '../../core/rng.js';
import { integerBelow } from '../../core/rng.js';
import type { Layout } from './layout.js';
import { EPSILON, NOWHERE, leastPriceOf } from './problem.js';
import { largestFirst } from './residents.js';
import type { Rules } from './rules.js';

/** So many resources are taken off their servers at once. */
const SHAKEN_MAX = 6;
/** So many servers beside the troubled one. */
const OTHERS_MAX = 3;

/**
 * Shakes a layout that plain steps cannot improve: takes a few resources off a troubled server and some
 * others and puts them back one by one, the largest first, each where it costs least (ruin and recreate,
 * G. Schrimpf et al., J. Comput. Phys. 159, 2000). Its result may be worse: the caller takes it back then.
 */
export class Shaker {
  readonly #layout: Layout;
  readonly #rules: Rules;
  readonly #rng: Rng;
  #leastPrice: number | undefined;

  constructor(layout: Layout, rules: Rules, rng: Rng) {
    this.#layout = layout;
    this.#rules = rules;
    this.#rng = rng;
  }

  /** Some server costs more than a move would, or several moves might be done by fewer. */
  hasHope(): boolean {
    return this.#layout.moves > 1 || this.#troubled().length > 0;
  }

  /** @returns false if something found no place: to be taken back */
  shake(): boolean {
    const servers = this.#servers();
    const shaken = this.#shaken(servers);
    if (shaken.length === 0) return false;
    for (const resource of shaken) this.#layout.move(resource, NOWHERE);
    shaken.sort(largestFirst(this.#layout.problem));
    if (this.#rng.next() < 0.5) swapTwo(shaken, this.#rng);
    return shaken.every((resource) => this.#putBack(resource));
  }

  #troubled(): number[] {
    const layout = this.#layout;
    const least = (this.#leastPrice ??= leastPriceOf(layout.problem));
    const troubled: number[] = [];
    for (let server = 0; server < layout.counts.length; server++) {
      const isTroubled = layout.counts[server]! > 0 && layout.costOf(server) > least + EPSILON;
      if (isTroubled) troubled.push(server);
    }
    return troubled;
  }

  /** One troubled server, or any if none is, and a few others. */
  #servers(): number[] {
    const { servers } = this.#layout.problem;
    const troubled = this.#troubled();
    const first =
      troubled.length > 0
        ? troubled[integerBelow(this.#rng, troubled.length)]!
        : integerBelow(this.#rng, servers.length);
    const chosen = new Set([first]);
    for (let other = 0; other < OTHERS_MAX; other++) {
      chosen.add(integerBelow(this.#rng, servers.length));
    }
    return [...chosen];
  }

  /** Resources that may be moved, from the first server above all. */
  #shaken(servers: readonly number[]): number[] {
    const shaken = this.#recalled();
    const count = 2 + integerBelow(this.#rng, SHAKEN_MAX - 1);
    for (let tries = 0; tries < count * 2 && shaken.length < count; tries++) {
      const server = tries < 2 ? servers[0]! : servers[integerBelow(this.#rng, servers.length)]!;
      const resource = this.#anyOn(server);
      if (resource !== NOWHERE && !shaken.includes(resource)) shaken.push(resource);
    }
    return shaken;
  }

  /** When no more moves are allowed, others can only come in the place of some that were made. */
  #recalled(): number[] {
    const layout = this.#layout;
    if (layout.moves === 0 || layout.moves < layout.problem.movesMax) return [];
    const moved = layout.movedResources().filter((resource) => this.#rules.canMove(resource));
    if (moved.length === 0) return [];
    return [moved[integerBelow(this.#rng, moved.length)]!];
  }

  #anyOn(server: number): number {
    const layout = this.#layout;
    const count = layout.counts[server]!;
    if (count === 0) return NOWHERE;
    let resource = layout.firstOn(server);
    for (let skip = integerBelow(this.#rng, count); skip > 0; skip--) {
      resource = layout.nextOf(resource);
    }
    const { freedom } = layout.problem;
    const isIdle = freedom[resource] === 'cooling' && layout.overloads[server]! <= EPSILON;
    return this.#rules.canMove(resource) && !isIdle ? resource : NOWHERE;
  }

  #putBack(resource: number): boolean {
    const layout = this.#layout;
    const { problem, loads } = layout;
    let best = NOWHERE;
    let leastCost = Infinity;
    for (const server of problem.allowed[resource]!.servers) {
      if (!this.#rules.canTake(server, resource)) continue;
      const extra = layout.extraMoves(resource, server);
      if (!layout.canAfford(extra)) continue;
      const rise = layout.probe(server, resource, layout.nobody) - layout.costOf(server);
      const cost = rise + extra * problem.moveCost[resource]!;
      if (loads.isBroken || cost >= leastCost) continue;
      best = server;
      leastCost = cost;
    }
    if (best === NOWHERE) return false;
    layout.move(resource, best);
    return true;
  }
}

function swapTwo(list: number[], rng: Rng): void {
  const a = integerBelow(rng, list.length);
  const b = integerBelow(rng, list.length);
  [list[a], list[b]] = [list[b]!, list[a]!];
}
