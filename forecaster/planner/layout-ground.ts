import type { Ground } from './ground.js';
import type { Layout } from './layout.js';
import { NOWHERE } from './problem.js';
import { largestFirst } from './residents.js';
import type { Rules } from './rules.js';

/** The fleet of a round, for a search for few moves: what is free to move, among servers that are not spare. */
export class LayoutGround implements Ground {
  readonly start: Int32Array;
  readonly assignment: Int32Array;
  readonly servers: number;
  readonly nobody: number;
  readonly movables: Int32Array;
  readonly targets: Int32Array;
  readonly size: Float64Array;
  readonly prices: Float64Array;
  readonly #layout: Layout;
  readonly #rules: Rules;

  constructor(layout: Layout, rules: Rules) {
    const { problem, assignment } = layout;
    const { start, servers, freedom, isSpare, roles } = problem;
    this.#layout = layout;
    this.#rules = rules;
    this.start = start;
    this.assignment = assignment;
    this.servers = servers.length;
    this.nobody = layout.nobody;
    this.size = problem.size;
    this.prices = problem.moveCost;
    this.movables = Int32Array.from(start.keys())
      .filter(
        (resource) =>
          freedom[resource] === 'free' &&
          assignment[resource] !== NOWHERE &&
          rules.canMove(resource),
      )
      .sort(largestFirst(problem));
    this.targets = Int32Array.from(servers.keys()).filter(
      (server) => roles[server] === 'ready' && !isSpare[server]!,
    );
  }

  get work(): number {
    return this.#layout.work;
  }

  set work(work: number) {
    this.#layout.work = work;
  }

  canMove(resource: number, server: number): boolean {
    const layout = this.#layout;
    return (
      layout.canAfford(layout.extraMoves(resource, server)) && this.#rules.canTake(server, resource)
    );
  }

  canSwap(resource: number, partner: number): boolean {
    const layout = this.#layout;
    const rules = this.#rules;
    const partnerTarget = this.assignment[resource]!;
    const target = this.assignment[partner]!;
    const extra = layout.extraMoves(resource, target) + layout.extraMoves(partner, partnerTarget);
    return (
      layout.canAfford(extra) &&
      rules.canTake(target, resource) &&
      rules.canTake(partnerTarget, partner) &&
      rules.canGoTogether({ resource, target, partner, partnerTarget })
    );
  }

  priceOfMove(resource: number, server: number): number {
    return this.#layout.extraMoves(resource, server) * this.prices[resource]!;
  }

  priceOfSwap(resource: number, partner: number): number {
    return (
      this.priceOfMove(resource, this.assignment[partner]!) +
      this.priceOfMove(partner, this.assignment[resource]!)
    );
  }

  costOf(server: number): number {
    return this.#layout.costOf(server);
  }

  costWithin(server: number, added: number, removed: number, most: number): number {
    const layout = this.#layout;
    layout.work++;
    return layout.loads.costWithin(server, added, removed, most);
  }

  move(resource: number, server: number): void {
    this.#layout.move(resource, server);
  }

  mark(): number {
    return this.#layout.mark();
  }

  rollback(mark: number): void {
    this.#layout.rollback(mark);
  }

  settle(): void {
    this.#layout.settle();
  }
}
