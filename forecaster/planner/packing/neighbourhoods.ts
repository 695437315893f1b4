import type { Rng } from '../../../core/rng.js';
import { SeededRng, integerBelow, pick, shuffled } from '../../../core/rng.js';
import { NOWHERE } from '../problem.js';
import { BestSeen } from './best-seen.js';
import type { Leeway, Part } from './exact.js';
import { rearrange } from './exact.js';
import { isMisplaced, movablesOf } from './packing.js';
import type { Standing } from './standing.js';
import { isFeasible } from './standing.js';
import type { Tableau } from './tableau.js';

/** So many ways to place its resources a neighbourhood has at most, by chance: small ones are quick, large ones see farther. */
const WAYS = [200, 200, 2000, 20_000];
/** Places that are tried in one. */
const TRIES_MAX = 5000;
/** Resources that it is chosen from. */
const RESOURCES_MAX = 16;
/** Of those that it begins with: where they are, others may go; and to as many servers by chance. */
const SERVERS_MAX = 4;
/** What is misplaced, and a group that breaks a rule, is what a neighbourhood begins with, so often. */
const MISPLACED_SHARE = 0.35;
const BROKEN_SHARE = 0.35;
/** Of its residents, or members, so many come along. */
const COMPANY_MAX = 4;
/** Of the others: from two servers, where they can change places. */
const NEAR_SHARE = 0.6;
/** The first way that is not too much worse is taken, so often; with one more broken rule, or more overload, so often of these. */
const SIDEWAYS_SHARE = 0.3;
const FAULT_SHARE = 0.2;
const OVER_SHARE = 0.5;
const OVER_LEEWAY = 0.1;
const VALUE_LEEWAY = 0.03;
const ANY_VALUE = 100;
/** After so many in vain the search goes back to the best that it has seen. */
const IN_VAIN_MAX = 60;

/**
 * Large neighbourhood search (P. Shaw, CP 1998): a few resources that have to do with one another are taken off their
 * servers, and all ways to put them back are tried. It gets where limits leave no way by moves and swaps of two.
 */
export class NeighbourhoodSearch {
  readonly #tableau: Tableau;
  readonly #rng: Rng;
  readonly #movable: readonly number[];
  readonly #best: BestSeen;

  constructor(tableau: Tableau, seed: number) {
    this.#tableau = tableau;
    this.#rng = new SeededRng(seed);
    this.#movable = [...movablesOf(tableau.packing)];
    this.#best = new BestSeen(tableau);
  }

  /** The tableau then is the best that was seen. */
  run(isOver: () => boolean): void {
    for (let inVain = 0; !isOver(); inVain++) {
      this.#searchOne();
      if (this.#best.look()) {
        inVain = 0;
      } else if (inVain >= IN_VAIN_MAX) {
        this.#best.restore();
        inVain = 0;
      }
    }
    this.#best.restore();
  }

  #searchOne(): void {
    const tableau = this.#tableau;
    const isSideways = this.#rng.next() < SIDEWAYS_SHARE;
    const leeway = isSideways ? this.#leeway(this.#best.standing) : undefined;
    const part = this.#partOf(this.#wanted());
    // To find them takes looks at resources, too.
    tableau.work += RESOURCES_MAX;
    rearrange(tableau, { ...part, triesMax: TRIES_MAX, leeway });
    for (const resource of part.resources) this.#best.note(resource);
  }

  /** While an earlier aim is missed, the costs are of no matter. */
  #leeway(best: Standing): Leeway {
    return {
      faults: this.#rng.next() < FAULT_SHARE ? 1 : 0,
      over: this.#rng.next() < OVER_SHARE ? OVER_LEEWAY * best.over : 0,
      value: (isFeasible(best) ? VALUE_LEEWAY : ANY_VALUE) * Math.abs(best.value),
    };
  }

  /** As many of these, from the first on, as there are not too many ways for; and their servers, in an order of chance. */
  #partOf(wanted: ReadonlySet<number>): Part {
    const { assignment, packing } = this.#tableau;
    const { start, allowed, servers } = packing;
    const waysMax = pick(this.#rng, WAYS);
    const open = new Set(
      [...wanted].slice(0, SERVERS_MAX).map((resource) => assignment[resource]!),
    );
    for (let at = 0; at < SERVERS_MAX; at++) open.add(integerBelow(this.#rng, servers));
    open.delete(NOWHERE);
    const resources: number[] = [];
    const choices: number[][] = [];
    let ways = 1;
    for (const resource of wanted) {
      const home = start[resource]!;
      const mask = allowed[resource]!;
      const there = [...open].filter((server) => mask[server] === 1);
      const places = [...new Set([home, assignment[resource]!, ...there])];
      ways *= places.length;
      if (ways > waysMax) break;
      resources.push(resource);
      choices.push(shuffled(this.#rng, places));
    }
    return { resources, choices };
  }

  #wanted(): Set<number> {
    const wanted = new Set(this.#troubled());
    const { assignment, packing } = this.#tableau;
    const near = [
      integerBelow(this.#rng, packing.servers),
      integerBelow(this.#rng, packing.servers),
    ];
    const isNear = this.#rng.next() < NEAR_SHARE;
    for (let tries = 4 * RESOURCES_MAX; tries > 0 && wanted.size < RESOURCES_MAX; tries--) {
      const resource = pick(this.#rng, this.#movable);
      if (!isNear || near.includes(assignment[resource]!)) wanted.add(resource);
    }
    return wanted;
  }

  /** Something that is wrong, and who may have to make room for it. */
  #troubled(): number[] {
    const { misplaced, faults } = this.#tableau;
    const dice = this.#rng.next();
    if (misplaced > 0 && dice < MISPLACED_SHARE) return this.#misplaced();
    if (faults > 0 && dice < MISPLACED_SHARE + BROKEN_SHARE) return this.#broken();
    return [];
  }

  /** One that is misplaced, and some of those on a server where it may be. */
  #misplaced(): number[] {
    const { packing, assignment } = this.#tableau;
    const needy = this.#those((resource) => isMisplaced(packing, resource, assignment[resource]!));
    if (needy.length === 0) return [];
    const resource = pick(this.#rng, needy);
    const target = integerBelow(this.#rng, packing.servers);
    if (packing.allowed[resource]![target] !== 1) return [resource];
    return [resource, ...this.#some(this.#those((other) => assignment[other] === target))];
  }

  /** Some of a group that breaks a rule, and of those that are linked to it. */
  #broken(): number[] {
    const { packing, groups } = this.#tableau;
    const involved = [...packing.groups.keys()].filter((group) => groups.isInvolved(group));
    if (involved.length === 0) return [];
    const group = pick(this.#rng, involved);
    const linked = [group, ...groups.linkedTo(group).map((link) => link.group)];
    return this.#some(this.#those((resource) => linked.includes(packing.groupOf[resource]!)));
  }

  #those(isIt: (resource: number) => boolean): number[] {
    this.#tableau.work += this.#movable.length / 4;
    return this.#movable.filter(isIt);
  }

  #some(resources: readonly number[]): number[] {
    return shuffled(this.#rng, resources).slice(0, COMPANY_MAX);
  }
}
