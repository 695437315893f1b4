import type { Problem } from './problem.js';
import { isAway } from './problem.js';

/** Moves and bytes that leave or reach each server, bytes of the whole plan, and whether their limits leave room for more. */
export class MoveAllowance {
  readonly #problem: Problem;
  readonly #isLimited: boolean;
  readonly #moves: Int32Array;
  readonly #bytes: Float64Array;
  #bytesAll = 0;

  constructor(problem: Problem) {
    const { servers, serverMovesMax, serverBytesMax, bytesMax } = problem;
    this.#problem = problem;
    this.#isLimited = [serverMovesMax, serverBytesMax, bytesMax].some((most) => most < Infinity);
    this.#moves = new Int32Array(servers.length);
    this.#bytes = new Float64Array(servers.length);
  }

  moved(resource: number, from: number, to: number): void {
    if (!this.#isLimited) return;
    this.#count(resource, from, -1);
    this.#count(resource, to, 1);
  }

  /** Whether the resource may go from one server to another. */
  allows(resource: number, from: number, to: number): boolean {
    const home = this.#problem.start[resource]!;
    if (!this.#isLimited || isAway(home, to) === 0) return true;
    this.moved(resource, from, to);
    const isWithin =
      this.#isWithin(to) && this.#isWithin(home) && !isMore(this.#bytesAll, this.#problem.bytesMax);
    this.moved(resource, to, from);
    return isWithin;
  }

  #count(resource: number, server: number, sign: 1 | -1): void {
    const { start, bytes } = this.#problem;
    const home = start[resource]!;
    if (isAway(home, server) === 0) return;
    this.#moves[home]! += sign;
    this.#moves[server]! += sign;
    this.#bytes[home]! += sign * bytes[resource]!;
    this.#bytes[server]! += sign * bytes[resource]!;
    this.#bytesAll += sign * bytes[resource]!;
  }

  #isWithin(server: number): boolean {
    const { serverMovesMax, serverBytesMax } = this.#problem;
    return this.#moves[server]! <= serverMovesMax && !isMore(this.#bytes[server]!, serverBytesMax);
  }
}

/** Sums that were added to and taken from differ from a limit that they just keep by roundings. */
function isMore(bytes: number, most: number): boolean {
  return bytes > most + 0.5;
}
