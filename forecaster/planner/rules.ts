import type { Layout } from './layout.js';
import type { Problem } from './problem.js';
import { EPSILON, NOWHERE } from './problem.js';

/** A resource changes its server; another gives way to it. */
export interface Exchange {
  readonly resource: number;
  readonly target: number;
  /** `NOWHERE`: nobody need. */
  readonly partner: number;
  readonly partnerTarget: number;
}

/** What a search may do: who may move, where to, and which trade of one aim for another is allowed. */
export class Rules {
  /** Spare servers may be used: a server is lost, or nothing else avoids an overload. */
  areSparesOpen: boolean;
  readonly #problem: Problem;
  readonly #layout: Layout;
  readonly #held = new Set<number>();

  constructor(layout: Layout) {
    this.#problem = layout.problem;
    this.#layout = layout;
    this.areSparesOpen = layout.problem.roles.includes('lost');
  }

  canMove(resource: number): boolean {
    return this.#problem.freedom[resource] !== 'fixed' && !this.#held.has(resource);
  }

  /** From here on the resource stays where it is. */
  hold(resource: number): void {
    this.#held.add(resource);
  }

  /** Whether the resource may go there from where it is, the rest where it is. Room for it is not asked. */
  canTake(server: number, resource: number): boolean {
    const { assignment, groups } = this.#layout;
    return (
      this.canTakeInParty(server, resource) &&
      groups.faultsDelta(resource, assignment[resource]!, server) <= 0
    );
  }

  /** The same if others go with it: which rules of groups are kept is seen when all are there. */
  canTakeInParty(server: number, resource: number): boolean {
    if (!this.#mayServe(server, resource)) return false;
    const { start } = this.#problem;
    const { assignment, allowance, groups } = this.#layout;
    const isAlone =
      start[resource] === server ? groups.allowsHome(resource) : !groups.meets(resource, server);
    return isAlone && allowance.allows(resource, assignment[resource]!, server);
  }

  /** The only one that stands in the resource's way there, of its group, which is to be apart; `NOWHERE`: none. */
  mateInTheWay(server: number, resource: number): number {
    const { groups } = this.#layout;
    const isHeld = groups.meets(resource, server) && this.#mayServe(server, resource);
    return isHeld ? groups.onlyMateOn(resource, server) : NOWHERE;
  }

  #mayServe(server: number, resource: number): boolean {
    const { allowed, isSpare, start } = this.#problem;
    const set = allowed[resource]!;
    if (set.mask[server] !== 1) return false;
    return !isSpare[server]! || this.areSparesOpen || set.isPin || start[resource] === server;
  }

  /**
   * Whether a resource and the one that gives way to it, each of which may go, may go as one. Of their groups that
   * is so: what the first leaves the other does not reach, and where the first goes its zone was in use. If the one
   * takes the other's place in their own group, it is as if it went where that goes.
   */
  canGoTogether({ resource, target, partner, partnerTarget }: Exchange): boolean {
    if (partner === NOWHERE) return true;
    const { groupOf } = this.#problem.grouping;
    const { assignment, allowance, groups } = this.#layout;
    const source = assignment[resource]!;
    const isMate = groupOf[resource] !== NOWHERE && groupOf[resource] === groupOf[partner];
    if (isMate && groups.faultsDelta(resource, source, partnerTarget) > 0) return false;
    allowance.moved(partner, target, partnerTarget);
    const isAllowed = allowance.allows(resource, source, target);
    allowance.moved(partner, partnerTarget, target);
    return isAllowed;
  }

  /** Only worth it if it takes away overload: it moved lately, or would use a spare server. */
  isLastResort(resource: number, server: number): boolean {
    const { freedom, isSpare, needs, start } = this.#problem;
    if (server === start[resource]) return false;
    return freedom[resource] === 'cooling' || (isSpare[server]! && needs[resource] === null);
  }

  /**
   * A later aim never gives up an earlier one: overload may not grow, pressure only while overload falls.
   * @param overload the change of it, and `pressure` likewise
   */
  isInOrder(overload: number, pressure: number, isLastResort: boolean): boolean {
    if (overload < -EPSILON) return true;
    return overload <= EPSILON && pressure <= EPSILON && !isLastResort;
  }
}
