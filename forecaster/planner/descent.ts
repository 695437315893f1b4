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
   * @param isThorough tries every kind of step, not moves alone
   * @returns whether anything was improved
   */
  run(isOver: () => boolean, { isThorough = true } = {}): boolean {
    let hasImproved = false;
    let hasChanged = true;
    while (hasChanged && !isOver()) {
      hasChanged = false;
      this.#isDone.fill(0);
      for (;;) {
        const server = this.#next();
        if (server === NOWHERE || isOver()) break;
        if (this.#relieve(server, isThorough)) hasChanged = true;
        else this.#isDone[server] = 1;
      }
      hasImproved ||= hasChanged;
    }
    return hasImproved;
  }

  /** Finds a misplaced resource a server, another giving way if it must; false: it cannot. */
  settle(resource: number): boolean {
    this.#relief.of(resource);
    return this.#step(true);
  }

  /** Takes the best step that relieves this server; false: there is none. */
  #relieve(server: number, isThorough: boolean): boolean {
    this.#relief.from(server);
    return this.#step(isThorough);
  }

  #step(isThorough: boolean): boolean {
    const relief = this.#relief;
    findMove(relief);
    if (relief.best === undefined && isThorough) findExchange(relief);
    if (relief.best === undefined) return false;
    const { resource, target, partner, partnerTarget } = relief.best;
    if (partner !== NOWHERE) this.#layout.move(partner, partnerTarget);
    this.#layout.move(resource, target);
    return true;
  }

  /** The server to look at next; `NOWHERE`: none is worth it. */
  #next(): number {
    return this.#layout.isEvening ? this.#fullest() : this.#costliest();
  }

  /** Of those that cost something, the one that costs most. */
  #costliest(): number {
    const layout = this.#layout;
    let costliest = NOWHERE;
    let highest = EPSILON;
    for (let server = 0; server < this.#isDone.length; server++) {
      if (this.#isDone[server] === 1 || layout.counts[server] === 0) continue;
      const cost = layout.costOf(server);
      if (cost <= highest) continue;
      costliest = server;
      highest = cost;
    }
    return costliest;
  }

  /** What makes a fleet uneven is its fullest server: while that cannot be relieved, nothing else counts. */
  #fullest(): number {
    const { levels, problem } = this.#layout;
    let fullest = NOWHERE;
    for (const [server, role] of problem.roles.entries()) {
      const isFuller = fullest === NOWHERE || levels[server]! > levels[fullest]!;
      if (role === 'ready' && isFuller) fullest = server;
    }
    return fullest !== NOWHERE && this.#isDone[fullest] === 1 ? NOWHERE : fullest;
  }
}
