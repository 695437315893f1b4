import type { Ground } from '../ground.js';
import { NOWHERE } from '../problem.js';
import { largestFirst } from '../residents.js';
import { movablesOf } from './packing.js';
import { sizesOf } from './sizes.js';
import type { Tableau } from './tableau.js';

/** A problem file, for a search for few moves. */
export class TableauGround implements Ground {
  readonly start: Int32Array;
  readonly assignment: Int32Array;
  readonly servers: number;
  readonly nobody: number;
  readonly movables: Int32Array;
  readonly targets: Int32Array;
  readonly size: Float64Array;
  readonly prices: Float64Array;
  readonly #tableau: Tableau;
  /** Resource and server before, of what may be taken back. */
  readonly #log: number[] = [];

  /** @param tableau at its start, or what was made of it */
  constructor(tableau: Tableau) {
    const { packing, assignment } = tableau;
    const { start, servers, resources, price, allowed } = packing;
    this.#tableau = tableau;
    this.start = start;
    this.assignment = assignment;
    this.servers = servers;
    this.nobody = resources;
    this.size = sizesOf(packing);
    this.prices = price.resource;
    this.movables = movablesOf(packing)
      .filter((resource) => assignment[resource] !== NOWHERE)
      .sort(largestFirst({ size: this.size }));
    const masks = new Set(allowed);
    this.targets = Int32Array.from({ length: servers }, (_hole, server) => server).filter(
      (server) => [...masks].some((mask) => mask[server] === 1),
    );
  }

  get work(): number {
    return this.#tableau.work;
  }

  set work(work: number) {
    this.#tableau.work = work;
  }

  canMove(resource: number, server: number): boolean {
    return this.#tableau.mayMove(resource, server);
  }

  canSwap(resource: number, partner: number): boolean {
    return this.#tableau.maySwap(resource, partner);
  }

  priceOfMove(resource: number, server: number): number {
    return this.#tableau.price.priceDelta(resource, server);
  }

  priceOfSwap(resource: number, partner: number): number {
    return this.#tableau.price.swapPriceDelta(resource, partner);
  }

  costOf(server: number): number {
    return this.#tableau.costOf(server);
  }

  costWithin(server: number, added: number, removed: number, most: number): number {
    return this.#tableau.costWithin(server, added, removed, most);
  }

  move(resource: number, server: number): void {
    this.#log.push(resource, this.assignment[resource]!);
    this.#tableau.move(resource, server);
  }

  mark(): number {
    return this.#log.length;
  }

  rollback(mark: number): void {
    while (this.#log.length > mark) {
      const server = this.#log.pop()!;
      const resource = this.#log.pop()!;
      this.#tableau.move(resource, server);
    }
  }

  settle(): void {
    this.#log.length = 0;
  }
}
