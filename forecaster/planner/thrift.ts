import type { Rng } from '../../core/rng.js';
import { integerBelow } from '../../core/rng.js';
import type { Layout } from './layout.js';
import { Thresholds, expOf, lnOf } from './chance.js';
import { NOWHERE } from './problem.js';
import { largestFirst, residentsOf } from './residents.js';
import { TOO_DEAR } from './loads.js';
import type { Rules } from './rules.js';
import { costsOf } from './score.js';

/** The progress is asked once in so many steps. */
const STEPS_PER_LOOK = 1024;
/** At first all that is wrong with a server costs as much as so many moves, on the average; in the end what it does cost. */
const FIRST_MOVES_PER_SERVER = 5;
/** In what a move costs. */
const TEMPERATURE = 0.1;
/** A resource is the largest of up to so many at first, so many in the end: large ones win most for a move. */
const KEENEST = 30;
const LN_EASING = -2.302585092994;
/** Shares of the kinds of step: anything goes anywhere, what has moved goes elsewhere or home, else two trade places. */
const ANY_SHARE = 0.45;
const AGAIN_SHARE = 0.15;
const HOME_SHARE = 0.3;
/** Of the trades: between two that have moved; otherwise one comes home and another of its home goes in its place. */
const MOVED_TRADE_SHARE = 0.5;

/**
 * Looks for an assignment of few moves: simulated annealing (S. Kirkpatrick et al., Science 220, 1983) in which
 * not the heat falls but the weight of load rises. While it is light, only the moves that win most are worth
 * their price; as it grows, others come to them or take their place: where something that has moved goes instead,
 * or which of two moves, is no further move.
 */
export class Thrift {
  readonly #layout: Layout;
  readonly #rules: Rules;
  readonly #rng: Rng;
  readonly #thresholds: Thresholds;
  /** What may move freely, the largest first. */
  readonly #movables: Int32Array;
  /** The same by where it was at the start. */
  readonly #residents: readonly (readonly number[])[];
  readonly #targets: Int32Array;
  /** Movables that are away from home, and where each stands in the list; −1: not in it. */
  readonly #moved: Int32Array;
  readonly #positions: Int32Array;
  #movedCount = 0;
  #weight = 1;
  #temperature = 0;
  #keenness = KEENEST;

  constructor(layout: Layout, rules: Rules, rng: Rng) {
    const { problem, assignment } = layout;
    const { start, servers, freedom, isSpare, roles, resources } = problem;
    const isMovable = (resource: number): boolean =>
      freedom[resource] === 'free' && assignment[resource] !== NOWHERE;
    this.#layout = layout;
    this.#rules = rules;
    this.#rng = rng;
    this.#thresholds = new Thresholds(rng);
    this.#movables = Int32Array.from(start.keys()).filter(isMovable).sort(largestFirst(problem));
    this.#residents = residentsOf(problem, start).map((list) => list.filter(isMovable));
    this.#targets = Int32Array.from(servers.keys()).filter(
      (server) => roles[server] === 'ready' && !isSpare[server]!,
    );
    this.#moved = new Int32Array(resources.length);
    this.#positions = new Int32Array(resources.length).fill(-1);
    for (const resource of this.#movables) this.#note(resource);
  }

  /** @param progress from 0; at 1 the search ends */
  run(progress: () => number): void {
    const price = this.#meanPrice();
    const first = this.#firstWeight(price);
    if (this.#targets.length < 2 || !(price > 0) || first >= 1) return;
    const lnRise = -lnOf(first);
    this.#temperature = price * TEMPERATURE;
    for (;;) {
      const share = progress();
      if (share >= 1) return;
      this.#weight = expOf(lnRise * (share - 1));
      this.#keenness = Math.max(1, Math.round(KEENEST * expOf(LN_EASING * share)));
      // A step that is refused at once is work, too.
      this.#layout.work += STEPS_PER_LOOK;
      this.#layout.settle();
      for (let step = 0; step < STEPS_PER_LOOK; step++) this.#step();
    }
  }

  #step(): void {
    const kind = this.#rng.next();
    if (kind < ANY_SHARE || this.#movedCount === 0) this.#tryMove(this.#anyResident());
    else if (kind < ANY_SHARE + AGAIN_SHARE) this.#tryMove(this.#anyMoved());
    else this.#tryTrade();
  }

  /** Of a move, the large ones counting by their size: they are those that are made. */
  #meanPrice(): number {
    const { moveCost, size } = this.#layout.problem;
    let sum = 0;
    let sizes = 0;
    for (const resource of this.#movables) {
      sum += moveCost[resource]! * size[resource]!;
      sizes += size[resource]!;
    }
    return sizes === 0 ? 0 : sum / sizes;
  }

  #firstWeight(price: number): number {
    const { problem } = this.#layout;
    const costs = costsOf(problem, problem.start).filter((cost) => cost > 0);
    const sum = costs.reduce((total, cost) => total + cost, 0);
    return sum === 0 ? 1 : (FIRST_MOVES_PER_SERVER * price * costs.length) / sum;
  }

  /** One of a list that begins with the largest: the first of several taken by chance. */
  #keen(list: readonly number[]): number {
    let least = this.#rng.next();
    for (let tries = integerBelow(this.#rng, this.#keenness); tries > 0; tries--) {
      const other = this.#rng.next();
      if (other < least) least = other;
    }
    return list[Math.floor(least * list.length)]!;
  }

  /** Rather a large one; `NOWHERE`: a server that has none was asked. */
  #anyResident(): number {
    const residents = this.#residents[integerBelow(this.#rng, this.#residents.length)]!;
    return residents.length === 0 ? NOWHERE : this.#keen(residents);
  }

  #anyMoved(): number {
    return this.#moved[integerBelow(this.#rng, this.#movedCount)]!;
  }

  #tryMove(resource: number): void {
    if (resource === NOWHERE) return;
    const layout = this.#layout;
    const { start, moveCost } = layout.problem;
    const home = start[resource]!;
    const isHome = this.#positions[resource]! >= 0 && this.#rng.next() < HOME_SHARE;
    const target = isHome ? home : this.#targets[integerBelow(this.#rng, this.#targets.length)]!;
    const source = layout.assignment[resource]!;
    if (source === target || target === NOWHERE) return;
    const extra = layout.extraMoves(resource, target);
    if (!layout.canAfford(extra) || !this.#rules.canTake(target, resource)) return;
    const most = this.#thresholds.next(this.#temperature) - extra * moveCost[resource]!;
    const { nobody } = layout;
    const here = this.#rise(source, nobody, resource, most);
    if (here === TOO_DEAR || this.#rise(target, resource, nobody, most - here) === TOO_DEAR) return;
    layout.move(resource, target);
    this.#note(resource);
  }

  #tryTrade(): void {
    const layout = this.#layout;
    const { moveCost } = layout.problem;
    const resource = this.#anyMoved();
    const partner = this.#partnerOf(resource);
    const source = layout.assignment[resource]!;
    const target = layout.assignment[partner]!;
    if (source === target || source === NOWHERE || target === NOWHERE) return;
    const extra = layout.extraMoves(resource, target);
    const partnerExtra = layout.extraMoves(partner, source);
    if (!layout.canAfford(extra + partnerExtra)) return;
    if (!this.#mayTrade(resource, target, partner, source)) return;
    const most =
      this.#thresholds.next(this.#temperature) -
      extra * moveCost[resource]! -
      partnerExtra * moveCost[partner]!;
    const here = this.#rise(source, partner, resource, most + this.#weight * layout.costOf(target));
    if (here === TOO_DEAR || this.#rise(target, resource, partner, most - here) === TOO_DEAR)
      return;
    layout.move(partner, source);
    layout.move(resource, target);
    this.#note(resource);
    this.#note(partner);
  }

  /** Another that has moved, or one of its home that takes its place. */
  #partnerOf(resource: number): number {
    const home = this.#layout.problem.start[resource]!;
    const residents = home === NOWHERE ? undefined : this.#residents[home];
    const isMoved = this.#rng.next() < MOVED_TRADE_SHARE;
    return isMoved || residents === undefined ? this.#anyMoved() : this.#keen(residents);
  }

  #mayTrade(resource: number, target: number, partner: number, partnerTarget: number): boolean {
    const rules = this.#rules;
    return (
      rules.canTake(target, resource) &&
      rules.canTake(partnerTarget, partner) &&
      rules.canGoTogether({ resource, target, partner, partnerTarget })
    );
  }

  /** By how much the server becomes dearer; `TOO_DEAR`: by more than `most`, or it would pass a hard limit. */
  #rise(server: number, added: number, removed: number, most: number): number {
    const layout = this.#layout;
    const weight = this.#weight;
    const before = layout.costOf(server);
    layout.work++;
    return (
      weight * (layout.loads.costWithin(server, added, removed, before + most / weight) - before)
    );
  }

  /** Puts it into the list of what has moved, or takes it out. */
  #note(resource: number): void {
    const { assignment, problem } = this.#layout;
    const home = problem.start[resource]!;
    const isMoved = assignment[resource] !== home && assignment[resource] !== NOWHERE;
    const at = this.#positions[resource]!;
    if (isMoved === at >= 0) return;
    if (isMoved) {
      this.#positions[resource] = this.#movedCount;
      this.#moved[this.#movedCount++] = resource;
      return;
    }
    const last = this.#moved[--this.#movedCount]!;
    this.#moved[at] = last;
    this.#positions[last] = at;
    this.#positions[resource] = -1;
  }
}
