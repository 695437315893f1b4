import type { ChoicePolicy } from '../../core/domain.js';
import type { Rng } from '../../core/rng.js';
import type { Chooser } from '../gate.js';
import type { ServerLoads } from './server-loads.js';

/** A server that may be chosen. */
export interface Candidate {
  /** The gate's index of it. */
  readonly server: number;
  /** Above 0; what it should get of the work, beside the others. */
  readonly weight: number;
}

export interface ChoiceParts {
  readonly loads: ServerLoads;
  readonly rng: Rng;
}

/**
 * The choice of a server among equals: of two drawn at random, each as often as its weight says, the one that has less to do
 * for its weight (Mitzenmacher, "The power of two choices in randomized load balancing", 2001). Drawing by weight spreads light
 * work as the weights say; comparing by weight does so for heavy work. Choosing costs two draws and two searches, and does not
 * allocate.
 */
export class Choice implements Chooser {
  readonly #loads: ServerLoads;
  readonly #rng: Rng;
  readonly #policy: ChoicePolicy;
  #servers = new Int32Array(0);
  #weights = new Float64Array(0);
  /** Sums of the weights up to each server, it included. */
  #upTo = new Float64Array(0);

  constructor({ loads, rng }: ChoiceParts, policy: ChoicePolicy) {
    this.#loads = loads;
    this.#rng = rng;
    this.#policy = policy;
  }

  /** From now on among these. */
  among(candidates: readonly Candidate[]): void {
    this.#servers = Int32Array.from(candidates, ({ server }) => server);
    this.#weights = Float64Array.from(candidates, ({ weight }) => weight);
    this.#upTo = new Float64Array(candidates.length);
    let sum = 0;
    for (const [at, { weight }] of candidates.entries()) {
      sum += weight;
      this.#upTo[at] = sum;
    }
  }

  get isEmpty(): boolean {
    return this.#servers.length === 0;
  }

  choose(avoid: number): number {
    const count = this.#servers.length;
    if (count === 0) return -1;
    if (count === 1) return this.#servers[0]!;
    const first = this.#draw(-1);
    const second = this.#draw(first);
    if (this.#servers[first] === avoid) return this.#servers[second]!;
    if (this.#servers[second] === avoid) return this.#servers[first]!;
    return this.#servers[this.#isLess(second, first) ? second : first]!;
  }

  /** A place, as often as its weight says; never that one. */
  #draw(except: number): number {
    const last = this.#servers.length - 1;
    const skipped = except < 0 ? 0 : this.#weights[except]!;
    const before = except < 0 ? Infinity : this.#upTo[except]! - skipped;
    const drawn = this.#rng.next() * (this.#upTo[last]! - skipped);
    // The one that is left out takes no room: what lies behind it begins where it does.
    const at = this.#placeOf(drawn < before ? drawn : drawn + skipped);
    // Sums of fractions may be off by the last bit.
    if (at !== except) return at;
    return at === last ? 0 : at + 1;
  }

  /** The first place whose sum is above that. */
  #placeOf(sum: number): number {
    let low = 0;
    let high = this.#servers.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#upTo[middle]! > sum) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Compared in here, as a fraction that a call returns is boxed unless the engine inlines the call. */
  #isLess(one: number, other: number): boolean {
    return this.#cost(one) < this.#cost(other);
  }

  #cost(at: number): number {
    const server = this.#servers[at]!;
    const underWay = this.#loads.underWay(server);
    const load =
      this.#policy === 'peak-ewma' ? (underWay + 1) * this.#loads.responseMs(server) : underWay;
    return load / this.#weights[at]!;
  }
}
