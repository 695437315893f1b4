import { isAway } from './problem.js';

/** What moves may be made at most; Infinity: any. */
export interface MoveLimits {
  readonly movesMax: number;
  /** Σ `weight` of the moved resources: bytes, sessions. */
  readonly weightMax: number;
  readonly weight: Float64Array;
  /** Moves that leave or reach one server. */
  readonly movesPerServerMax: number;
  /** Σ `weight` of what leaves or reaches one server. */
  readonly weightPerServerMax: number;
}

/** The same weights, no limit. */
export function unlimited({ weight }: Pick<MoveLimits, 'weight'>): MoveLimits {
  return {
    weight,
    movesMax: Infinity,
    weightMax: Infinity,
    movesPerServerMax: Infinity,
    weightPerServerMax: Infinity,
  };
}

/** Sums that were added to and taken from differ by roundings of the whole from a limit that they just keep. */
const ROUNDING = 1e-12;

/**
 * Moves and their weight, in all and by the server that they leave or reach, kept up to date move by move; and whether
 * the limits leave room for more.
 */
export class MoveAllowance {
  /** Resources on another server than they started on; those that had none are placed, not moved. */
  moves = 0;
  readonly #start: Int32Array;
  readonly #limits: MoveLimits;
  readonly #isLimited: boolean;
  readonly #movesAt: Int32Array;
  readonly #weightAt: Float64Array;
  readonly #slack: number;
  #weightMoved = 0;

  constructor(start: Int32Array, servers: number, limits: MoveLimits) {
    const { weight, movesMax, weightMax, movesPerServerMax, weightPerServerMax } = limits;
    this.#start = start;
    this.#limits = limits;
    this.#isLimited = [movesMax, weightMax, movesPerServerMax, weightPerServerMax].some(
      (most) => most < Infinity,
    );
    this.#movesAt = new Int32Array(servers);
    this.#weightAt = new Float64Array(servers);
    this.#slack = this.#isLimited ? ROUNDING * weight.reduce((sum, each) => sum + each, 0) : 0;
  }

  /** The resource changes its server. */
  moved(resource: number, from: number, to: number): void {
    this.#count(resource, from, -1);
    this.#count(resource, to, 1);
  }

  /** Whether the resource may go from one server to another. */
  allows(resource: number, from: number, to: number): boolean {
    const home = this.#start[resource]!;
    if (!this.#isLimited || isAway(home, to) === 0) return true;
    const { movesMax, weightMax, weight, movesPerServerMax } = this.#limits;
    const extra = 1 - isAway(home, from);
    const more = weight[resource]!;
    return (
      this.moves + extra <= movesMax &&
      !this.#isMore(this.#weightMoved + extra * more, weightMax) &&
      this.#movesAt[to]! < movesPerServerMax &&
      this.#movesAt[home]! + extra <= movesPerServerMax &&
      this.#isLight(to, more) &&
      this.#isLight(home, extra * more)
    );
  }

  /** Whether two may change places. */
  allowsSwap(
    a: number,
    b: number,
    { from, to }: { readonly from: number; readonly to: number },
  ): boolean {
    if (!this.#isLimited) return true;
    const { movesMax, weightMax } = this.#limits;
    this.moved(a, from, to);
    this.moved(b, to, from);
    const isWithin =
      this.moves <= movesMax &&
      !this.#isMore(this.#weightMoved, weightMax) &&
      this.#isServerWithin(a, to) &&
      this.#isServerWithin(b, from);
    this.moved(b, from, to);
    this.moved(a, to, from);
    return isWithin;
  }

  #isServerWithin(resource: number, server: number): boolean {
    const home = this.#start[resource]!;
    const { movesPerServerMax } = this.#limits;
    return (
      isAway(home, server) === 0 ||
      [server, home].every((at) => this.#movesAt[at]! <= movesPerServerMax && this.#isLight(at, 0))
    );
  }

  #isLight(server: number, more: number): boolean {
    return !this.#isMore(this.#weightAt[server]! + more, this.#limits.weightPerServerMax);
  }

  #isMore(weight: number, most: number): boolean {
    return weight > most + this.#slack;
  }

  #count(resource: number, server: number, sign: 1 | -1): void {
    const home = this.#start[resource]!;
    if (isAway(home, server) === 0) return;
    const weight = sign * this.#limits.weight[resource]!;
    this.moves += sign;
    this.#weightMoved += weight;
    this.#movesAt[home]! += sign;
    this.#movesAt[server]! += sign;
    this.#weightAt[home]! += weight;
    this.#weightAt[server]! += weight;
  }
}
