import type { Problem } from './problem.js';
import { isAway } from './problem.js';

/** Moves that leave or reach each server, and whether their limit leaves room for more. */
export class ServerMoves {
  readonly #start: Int32Array;
  readonly #most: number;
  readonly #counts: Int32Array;

  constructor({ start, servers, serverMovesMax }: Problem) {
    this.#start = start;
    this.#most = serverMovesMax;
    this.#counts = new Int32Array(servers.length);
  }

  moved(resource: number, from: number, to: number): void {
    if (this.#most === Infinity) return;
    this.#count(resource, from, -1);
    this.#count(resource, to, 1);
  }

  /** Whether the resource may go from one server to another. */
  allows(resource: number, from: number, to: number): boolean {
    const home = this.#start[resource]!;
    if (this.#most === Infinity || isAway(home, to) === 0) return true;
    this.moved(resource, from, to);
    const isWithin = this.#isWithin(to) && this.#isWithin(home);
    this.moved(resource, to, from);
    return isWithin;
  }

  #count(resource: number, server: number, sign: 1 | -1): void {
    const home = this.#start[resource]!;
    if (isAway(home, server) === 0) return;
    this.#counts[home]! += sign;
    this.#counts[server]! += sign;
  }

  #isWithin(server: number): boolean {
    return this.#counts[server]! <= this.#most;
  }
}
