import type { Rng } from '../../core/rng.js';
import { integerBelow } from '../../core/rng.js';
import { Thresholds, expOf, lnOf } from './chance.js';
import type { Ground } from './ground.js';
import { NOWHERE } from './problem.js';
import { TOO_DEAR } from './loads.js';

/** The progress is asked once in so many steps. */
const STEPS_PER_LOOK = 1024;
/** At first all that is wrong with a server costs as much as this part of a move, on the average; in the end what it does cost. */
const FIRST_MOVES_PER_SERVER = 0.7;
/** From this share of the time on the load has its whole weight, and the heat falls. */
const RISEN_SHARE = 0.85;
/** In what a move costs. */
const TEMPERATURE = 0.1;
const COLDEST = 0.01;
/**
 * What is wrong with a server, weighed, in moves, on the average. With less than the first the heat falls with it, since it is little
 * more than what the heat itself does; with less than the second, plain steps do better: heat would drive many small
 * resources from their homes, each into the way of another.
 */
const WARM_BURDEN = 0.25;
const LIGHT_BURDEN = 0.1;
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
 * it is the weight of load that rises, and the heat falls only in the end. While it is light, only the moves that win most are worth
 * their price; as it grows, others come to them or take their place: where something that has moved goes instead,
 * or which of two moves, is no further move.
 */
export class Thrift {
  readonly #ground: Ground;
  readonly #rng: Rng;
  readonly #thresholds: Thresholds;
  /** Movables by where they were at the start, the largest first. */
  readonly #residents: readonly (readonly number[])[];
  /** Movables that are away from home, and where each stands in the list; −1: not in it. */
  readonly #moved: Int32Array;
  readonly #positions: Int32Array;
  #movedCount = 0;
  #weight = 1;
  #temperature = 0;
  #keenness = KEENEST;

  constructor(ground: Ground, rng: Rng) {
    const { start, movables, servers } = ground;
    this.#ground = ground;
    this.#rng = rng;
    this.#thresholds = new Thresholds(rng);
    const residents = Array.from({ length: servers }, (): number[] => []);
    for (const resource of movables) {
      const home = start[resource]!;
      if (home !== NOWHERE) residents[home]!.push(resource);
    }
    this.#residents = residents;
    this.#moved = new Int32Array(start.length);
    this.#positions = new Int32Array(start.length).fill(-1);
    for (const resource of movables) this.#note(resource);
  }

  /** @param progress from 0; at 1 the search ends, if not before */
  run(progress: () => number): void {
    const ground = this.#ground;
    const price = this.#meanPrice();
    const first = this.#firstWeight(price);
    if (ground.targets.length < 2 || !(price > 0) || first >= 1) return;
    const lnFirst = lnOf(first);
    for (;;) {
      const share = progress();
      const risen = Math.min(1, share / RISEN_SHARE);
      this.#weight = expOf(lnFirst * (1 - risen));
      const burden = this.#burden(price);
      if (share >= 1 || (risen > 0.5 && burden < LIGHT_BURDEN)) return;
      const cooling = Math.min(1, (1 - share) / (1 - RISEN_SHARE), burden / WARM_BURDEN);
      this.#temperature = price * Math.max(COLDEST, TEMPERATURE * cooling);
      this.#keenness = Math.max(1, Math.round(KEENEST * expOf(LN_EASING * share)));
      // A step that is refused at once is work, too.
      ground.work += STEPS_PER_LOOK;
      ground.settle();
      for (let step = 0; step < STEPS_PER_LOOK; step++) this.#step();
    }
  }

  /** What is wrong with a server, weighed, in moves, on the average. */
  #burden(price: number): number {
    const { targets } = this.#ground;
    let cost = 0;
    for (const server of targets) cost += this.#ground.costOf(server);
    return (this.#weight * cost) / (price * targets.length);
  }

  #step(): void {
    const kind = this.#rng.next();
    if (kind < ANY_SHARE || this.#movedCount === 0) this.#tryMove(this.#anyResident());
    else if (kind < ANY_SHARE + AGAIN_SHARE) this.#tryMove(this.#anyMoved());
    else this.#tryTrade();
  }

  /** Of a move, the large ones counting by their size: they are those that are made. */
  #meanPrice(): number {
    const { movables, prices, size } = this.#ground;
    let sum = 0;
    let sizes = 0;
    for (const resource of movables) {
      sum += prices[resource]! * size[resource]!;
      sizes += size[resource]!;
    }
    return sizes === 0 ? 0 : sum / sizes;
  }

  #firstWeight(price: number): number {
    const { targets } = this.#ground;
    let sum = 0;
    let count = 0;
    for (const server of targets) {
      const cost = this.#ground.costOf(server);
      if (cost > 0) count++;
      sum += cost;
    }
    return sum === 0 ? 1 : (FIRST_MOVES_PER_SERVER * price * count) / sum;
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
    const ground = this.#ground;
    const { targets, nobody } = ground;
    const isHome = this.#positions[resource]! >= 0 && this.#rng.next() < HOME_SHARE;
    const target = isHome
      ? ground.start[resource]!
      : targets[integerBelow(this.#rng, targets.length)]!;
    const source = ground.assignment[resource]!;
    if (source === target || target === NOWHERE || !ground.canMove(resource, target)) return;
    const most = this.#thresholds.next(this.#temperature) - ground.priceOfMove(resource, target);
    const here = this.#rise(source, nobody, resource, most);
    if (here === TOO_DEAR || this.#rise(target, resource, nobody, most - here) === TOO_DEAR) return;
    ground.move(resource, target);
    this.#note(resource);
  }

  #tryTrade(): void {
    const ground = this.#ground;
    const resource = this.#anyMoved();
    const partner = this.#partnerOf(resource);
    const source = ground.assignment[resource]!;
    const target = ground.assignment[partner]!;
    if (source === target || source === NOWHERE || target === NOWHERE) return;
    if (!ground.canSwap(resource, partner)) return;
    const most = this.#thresholds.next(this.#temperature) - ground.priceOfSwap(resource, partner);
    const here = this.#rise(source, partner, resource, most + this.#weight * ground.costOf(target));
    if (here === TOO_DEAR || this.#rise(target, resource, partner, most - here) === TOO_DEAR)
      return;
    ground.move(partner, source);
    ground.move(resource, target);
    this.#note(resource);
    this.#note(partner);
  }

  /** Another that has moved, or one of its home that takes its place. */
  #partnerOf(resource: number): number {
    const home = this.#ground.start[resource]!;
    const residents = home === NOWHERE ? undefined : this.#residents[home];
    const isMoved = this.#rng.next() < MOVED_TRADE_SHARE;
    return isMoved || residents === undefined ? this.#anyMoved() : this.#keen(residents);
  }

  /** By how much the server becomes dearer; `TOO_DEAR`: by more than `most`, or it would pass a hard limit. */
  #rise(server: number, added: number, removed: number, most: number): number {
    const ground = this.#ground;
    const weight = this.#weight;
    const before = ground.costOf(server);
    return weight * (ground.costWithin(server, added, removed, before + most / weight) - before);
  }

  /** Puts it into the list of what has moved, or takes it out. */
  #note(resource: number): void {
    const { assignment, start } = this.#ground;
    const isMoved = assignment[resource] !== start[resource] && assignment[resource] !== NOWHERE;
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
