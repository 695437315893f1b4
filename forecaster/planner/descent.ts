import type { Layout } from './layout.js';
import { EPSILON, NOWHERE } from './problem.js';
import { Relief } from './relief.js';
import type { Rules } from './rules.js';
import { findExchange, findMove } from './steps.js';

/** Improves a layout step by step, the costliest server first, until no step is worth its moves. */
export class Descent {
  readonly #layout: Layout;
  readonly #relief: Relief;
  /** Servers at which no step was found since something changed. */
  readonly #isDone: Uint8Array;

  constructor(layout: Layout, rules: Rules) {
    this.#layout = layout;
    this.#relief = new Relief(layout, rules);
    this.#isDone = new Uint8Array(layout.problem.servers.length);
  }

  /**
   * Relieves servers until none can be relieved, or `isOver`.
   * @returns whether anything was improved
   */
  run(isOver: () => boolean): boolean {
    let hasImproved = false;
    let hasChanged = true;
    while (hasChanged && !isOver()) {
      hasChanged = false;
      this.#isDone.fill(0);
      for (;;) {
        const server = this.#costliest();
        if (server === NOWHERE || isOver()) break;
        if (this.relieve(server)) hasChanged = true;
        else this.#isDone[server] = 1;
      }
      hasImproved ||= hasChanged;
    }
    return hasImproved;
  }

  /** Takes the best step that relieves this server; false: there is none. */
  relieve(server: number): boolean {
    this.#relief.from(server);
    return this.#step();
  }

  /** Finds a misplaced resource a server, another giving way if it must; false: it cannot. */
  settle(resource: number): boolean {
    this.#relief.of(resource);
    return this.#step();
  }

  #step(): boolean {
    const relief = this.#relief;
    findMove(relief);
    if (relief.best === undefined) findExchange(relief);
    if (relief.best === undefined) return false;
    const { resource, target, partner, partnerTarget } = relief.best;
    if (partner !== NOWHERE) this.#layout.move(partner, partnerTarget);
    this.#layout.move(resource, target);
    return true;
  }

  /** The server to look at next: of those that cost something, the one that costs most. */
  #costliest(): number {
    const layout = this.#layout;
    const even = layout.isEvening ? this.#meanPeak() : 0;
    let costliest = NOWHERE;
    let highest = EPSILON;
    for (let server = 0; server < this.#isDone.length; server++) {
      if (this.#isDone[server] === 1 || layout.counts[server] === 0) continue;
      const isLoaded = layout.overloads[server]! > 0 || layout.pressures[server]! > 0;
      if (!isLoaded && (!layout.isEvening || layout.peaks[server]! <= even)) continue;
      const cost = layout.costOf(server);
      if (cost <= highest) continue;
      costliest = server;
      highest = cost;
    }
    return costliest;
  }

  #meanPeak(): number {
    const { peaks, problem } = this.#layout;
    let sum = 0;
    let count = 0;
    for (const [server, role] of problem.roles.entries()) {
      if (role !== 'ready' || (problem.isSpare[server]! && peaks[server] === 0)) continue;
      sum += peaks[server]!;
      count++;
    }
    return count === 0 ? 0 : sum / count;
  }
}
