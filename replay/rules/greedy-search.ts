import type { Relocation } from '../policy.js';

export interface SearchOptions {
  readonly servers: number;
  readonly capacity: number;
  readonly horizonSteps: number;
  readonly movesMax: number;
}

/** Utilization from which a server costs. */
const EASY = 0.8;
/** Weight of balance beside overload. */
const BALANCE = 0.002;
/** A move must win more than this share of the cost, … */
const GAIN_SHARE = 0.002;
/** … and more than this. */
const GAIN_LEAST = 1e-5;
/** Only the costliest servers give. */
const SOURCES = 3;

/**
 * The greedy local search of the anchors: as long as it wins enough, the single best move from one of the three
 * costliest servers to any other. The cost of a server is Σ over the horizon of max(0, u − 0.8)² + 0.002 u², u
 * its utilization by what is believed.
 */
export class GreedySearch {
  readonly #options: SearchOptions;
  /** Server-major and resource-major; a utilization a step. */
  readonly #sums: Float64Array;
  readonly #costs: Float64Array;

  constructor(options: SearchOptions) {
    this.#options = options;
    this.#sums = new Float64Array(options.servers * options.horizonSteps);
    this.#costs = new Float64Array(options.servers);
  }

  /** @param belief resource-major, the load of each at each step of the horizon */
  moves(map: Int32Array, belief: Float64Array): Relocation[] {
    const { movesMax } = this.#options;
    const now = map.slice();
    const shares = belief.map((load) => load / this.#options.capacity);
    this.#sumUp(now, shares);
    const moves: Relocation[] = [];
    while (moves.length < movesMax) {
      const best = this.#bestMove(now, shares);
      const total = this.#costs.reduce((sum, cost) => sum + cost, 0);
      if (best === undefined || best.gain <= Math.max(GAIN_SHARE * total, GAIN_LEAST)) break;
      this.#relocate(now, shares, best);
      moves.push({ resource: best.resource, target: best.target });
    }
    return moves;
  }

  #sumUp(map: Int32Array, shares: Float64Array): void {
    const { servers, horizonSteps } = this.#options;
    this.#sums.fill(0);
    for (let resource = 0; resource < map.length; resource++) {
      this.#add(map[resource]!, shares, resource, 1);
    }
    for (let server = 0; server < servers; server++) {
      this.#costs[server] = cost(this.#sums, server * horizonSteps, NOTHING, 0, horizonSteps, 0);
    }
  }

  #bestMove(map: Int32Array, shares: Float64Array): (Relocation & { gain: number }) | undefined {
    const { servers, horizonSteps: steps } = this.#options;
    const givers = this.#costliest();
    let best: (Relocation & { gain: number }) | undefined;
    for (let resource = 0; resource < map.length; resource++) {
      const source = map[resource]!;
      if (givers[source] === 0) continue;
      const from = resource * steps;
      const relief =
        this.#costs[source]! - cost(this.#sums, source * steps, shares, from, steps, -1);
      // What it costs elsewhere is never negative.
      if (relief <= (best?.gain ?? 0)) continue;
      for (let target = 0; target < servers; target++) {
        if (target === source) continue;
        const burden = cost(this.#sums, target * steps, shares, from, steps, 1);
        const gain = relief + this.#costs[target]! - burden;
        if (gain > (best?.gain ?? 0)) best = { resource, target, gain };
      }
    }
    return best;
  }

  /** 1 for the servers that may give. */
  #costliest(): Uint8Array {
    const { servers } = this.#options;
    const order = Array.from({ length: servers }, (_, server) => server);
    order.sort((a, b) => this.#costs[b]! - this.#costs[a]! || a - b);
    const givers = new Uint8Array(servers);
    for (const server of order.slice(0, SOURCES)) givers[server] = 1;
    return givers;
  }

  #relocate(map: Int32Array, shares: Float64Array, { resource, target }: Relocation): void {
    const { horizonSteps: steps } = this.#options;
    const source = map[resource]!;
    this.#add(source, shares, resource, -1);
    this.#add(target, shares, resource, 1);
    map[resource] = target;
    for (const server of [source, target]) {
      this.#costs[server] = cost(this.#sums, server * steps, NOTHING, 0, steps, 0);
    }
  }

  #add(server: number, shares: Float64Array, resource: number, sign: 1 | -1): void {
    const { horizonSteps: steps } = this.#options;
    for (let step = 0; step < steps; step++) {
      this.#sums[server * steps + step]! += sign * shares[resource * steps + step]!;
    }
  }
}

const NOTHING = new Float64Array(0);

/** Of one server if `sign` times a resource's load came to it. */
function cost(
  sums: Float64Array,
  at: number,
  shares: Float64Array,
  from: number,
  steps: number,
  sign: -1 | 0 | 1,
): number {
  let sum = 0;
  for (let step = 0; step < steps; step++) {
    const u = sums[at + step]! + (sign === 0 ? 0 : sign * shares[from + step]!);
    const excess = u - EASY;
    sum += BALANCE * u * u + (excess > 0 ? excess * excess : 0);
  }
  return sum;
}
