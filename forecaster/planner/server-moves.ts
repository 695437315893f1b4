import type { Problem } from './problem.js';
import { NOWHERE } from './problem.js';

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
    if (this.#most === Infinity || !this.#isMove(resource, to)) return true;
    this.moved(resource, from, to);
    const isWithin = this.#isWithin(to) && this.#isWithin(this.#start[resource]!);
    this.moved(resource, to, from);
    return isWithin;
  }

  #count(resource: number, server: number, sign: 1 | -1): void {
    if (!this.#isMove(resource, server)) return;
    this.#counts[this.#start[resource]!]! += sign;
    this.#counts[server]! += sign;
  }

  #isWithin(server: number): boolean {
    return this.#counts[server]! <= this.#most;
  }

  /** What has no server is placed, not moved. */
  #isMove(resource: number, server: number): boolean {
    const home = this.#start[resource]!;
    return home !== NOWHERE && server !== NOWHERE && server !== home;
  }
}
