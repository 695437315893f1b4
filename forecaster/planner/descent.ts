import type { Layout } from './layout.js';
import { NOWHERE } from './problem.js';
import { Relief } from './relief.js';
import type { Rules } from './rules.js';
import { findExchange, findMove } from './steps.js';

/** Improves a layout step by step, the costliest server first, until no step is worth its moves. */
export class Descent {
  readonly #layout: Layout;
  readonly #rules: Rules;
  /** Made when something is first looked at: it has room for all resources. */
  #relief: Relief | undefined;
  /** When a server was last found past help, in changes of the layout; −1: never. */
  readonly #failedAt: Int32Array;
  readonly #isDone: Uint8Array;
  readonly #costMin: number;

  /** @param costMin a server that costs no more is left alone */
  constructor(layout: Layout, rules: Rules, costMin: number) {
    const count = layout.problem.servers.length;
    this.#layout = layout;
    this.#costMin = costMin;
    this.#rules = rules;
    this.#failedAt = new Int32Array(count).fill(-1);
    this.#isDone = new Uint8Array(count);
  }

  /**
   * Relieves servers until none can be relieved, or `isOver`. Every kind of step is tried.
   * @returns whether anything was improved
   */
  run(isOver: () => boolean): boolean {
    const before = this.#layout.changes;
    for (;;) {
      const from = this.#layout.changes;
      // One that was past help stays so while nothing changes.
      for (const [server, failedAt] of this.#failedAt.entries()) {
        this.#isDone[server] = failedAt === from ? 1 : 0;
      }
      this.#pass(isOver, true);
      if (this.#layout.changes === from || isOver()) return from !== before;
    }
  }

  /** Relieves these servers, by moves alone. */
  touchUp(servers: Iterable<number>, isOver: () => boolean): void {
    this.#isDone.fill(1);
    for (const server of servers) this.#isDone[server] = 0;
    this.#pass(isOver, false);
  }

  /** Something changed that is no change of the layout: all servers are to be looked at again. */
  reset(): void {
    this.#failedAt.fill(-1);
  }

  #pass(isOver: () => boolean, isThorough: boolean): void {
    for (;;) {
      const server = this.#next();
      if (server === NOWHERE || isOver()) return;
      const relief = this.#relieving();
      relief.from(server);
      if (this.#step(relief, isThorough)) continue;
      this.#isDone[server] = 1;
      if (isThorough) this.#failedAt[server] = this.#layout.changes;
    }
  }

  /** Finds a misplaced resource a server, another giving way if it must; false: it cannot. */
  settle(resource: number): boolean {
    const relief = this.#relieving();
    relief.of(resource);
    return this.#step(relief, true);
  }

  #relieving(): Relief {
    return (this.#relief ??= new Relief(this.#layout, this.#rules));
  }

  #step(relief: Relief, isThorough: boolean): boolean {
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
    let highest = this.#costMin;
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
