import type { ResourceId, ServerId } from '../core/domain.js';
import type { ServedSums, ServedTotals } from './served-sums.js';

/** What a hit and a byte of a resource cost, in core seconds. */
export interface Cost {
  readonly perHit: number;
  readonly perByte: number;
}

export interface Costs {
  readonly resources: ReadonlyMap<ResourceId, Cost>;
  /** Of a resource that nothing is known of: the mean of the fleet. */
  readonly fleet: Cost;
  /** Cores that a server uses without any work. */
  readonly idle: ReadonlyMap<ServerId, number>;
}

/** How far costs are expected to lie from the fleet's mean, relative to it. */
const SPREAD = 0.7;
/** A mean cost of zero is no certainty: resources may differ from it by this share of a hit's whole cost. */
const SPREAD_LEAST = 0.1;
const SWEEPS_MAX = 200;
/** A noise is believed if there are so many steps a term. */
const STEPS_PER_TERM = 3;
/** Ends when no cost changed by more than this share of the largest of its kind. */
const TOLERANCE = 1e-5;

export interface FleetFit {
  readonly cost: Cost;
  /** By server. */
  readonly idle: readonly number[];
  /** Mean square of what it leaves unexplained, in cores². */
  readonly noise: number;
  /** Mean cost if hits, or bytes, were all that costs. */
  readonly whole: Cost;
}

/** One cost a hit and one a byte for all resources together, an idle cost a server: least squares, none negative. */
export function fleetFit(servers: readonly ServedSums[]): FleetFit {
  const all = servers.map((sums) => sums.totals());
  const idle = new Array<number>(all.length).fill(0);
  let perHit = 0;
  let perByte = 0;
  for (let sweep = 0; sweep < SWEEPS_MAX; sweep++) {
    const before = { perHit, perByte };
    perHit = ratio(
      sumOf(all, (t, s) => t.hy - perByte * t.hb - idle[s]! * t.h),
      sumOf(all, (t) => t.hh),
    );
    perByte = ratio(
      sumOf(all, (t, s) => t.by - perHit * t.hb - idle[s]! * t.b),
      sumOf(all, (t) => t.bb),
    );
    for (const [s, t] of all.entries()) idle[s] = ratio(t.y - perHit * t.h - perByte * t.b, t.n);
    const isSettled =
      Math.abs(perHit - before.perHit) <= TOLERANCE * perHit &&
      Math.abs(perByte - before.perByte) <= TOLERANCE * perByte;
    if (isSettled) break;
  }
  const left = sumOf(all, (t, s) => unexplained(t, { perHit, perByte }, idle[s]!));
  const y = sumOf(all, (t) => t.y);
  return {
    cost: { perHit, perByte },
    idle,
    noise: ratio(
      left,
      sumOf(all, (t) => t.n),
    ),
    whole: {
      perHit: ratio(
        y,
        sumOf(all, (t) => t.h),
      ),
      perByte: ratio(
        y,
        sumOf(all, (t) => t.b),
      ),
    },
  };
}

/** Sum of squares of cpu less what is said of it. */
function unexplained(t: ServedTotals, { perHit, perByte }: Cost, idle: number): number {
  const cross = idle * t.y + perHit * t.hy + perByte * t.by;
  const square =
    idle * (idle * t.n + 2 * perHit * t.h + 2 * perByte * t.b) +
    perHit * (perHit * t.hh + 2 * perByte * t.hb) +
    perByte * perByte * t.bb;
  return Math.max(0, t.yy - 2 * cross + square);
}

/** Where a resource has been served: its costs are those on all of these servers. */
interface Served {
  readonly server: number;
  /** Its hits among the server's terms; bytes are the next one. */
  readonly term: number;
}

/**
 * A cost a hit and a byte of each resource, an idle cost a server, none negative: least squares plus
 * noise/spread² · (cost − fleet's cost)², by coordinate descent from where the last fit ended.
 */
export class CostFit {
  readonly #servers: readonly (readonly [ServerId, ServedSums])[];
  readonly #fleet: FleetFit;
  readonly #served = new Map<ResourceId, Served[]>();
  /** By server: idle, then hits and bytes of each member. */
  readonly #x: readonly Float64Array[];

  constructor(servers: readonly (readonly [ServerId, ServedSums])[], fleet: FleetFit, last: Costs) {
    this.#servers = servers;
    this.#fleet = fleet;
    this.#x = servers.map(([, { members }]) => new Float64Array(1 + 2 * members.length));
    for (const [server, [, { members }]] of servers.entries()) {
      this.#x[server]![0] = fleet.idle[server]!;
      for (const [member, resource] of members.entries()) {
        const term = 1 + 2 * member;
        const { perHit, perByte } = last.resources.get(resource) ?? fleet.cost;
        this.#x[server]![term] = perHit;
        this.#x[server]![term + 1] = perByte;
        const served = this.#served.get(resource);
        if (served === undefined) this.#served.set(resource, [{ server, term }]);
        else served.push({ server, term });
      }
    }
  }

  solve(): Costs {
    this.#descend(this.#fleet.noise);
    // What one cost for all left unexplained was partly the resources' own: less noise, less pull.
    const noise = this.#noise();
    if (noise !== undefined && noise < this.#fleet.noise) this.#descend(noise);
    return this.#costs();
  }

  #descend(noise: number): void {
    const { cost, whole } = this.#fleet;
    const pullHit = pull(noise, cost.perHit, whole.perHit);
    const pullByte = pull(noise, cost.perByte, whole.perByte);
    for (let sweep = 0; sweep < SWEEPS_MAX; sweep++) {
      let moved = 0;
      for (const [server, [, sums]] of this.#servers.entries()) {
        const x = this.#x[server]!;
        const rest = sums.rightOf(0) - sums.productOf(0, x) + sums.gramOf(0, 0) * x[0]!;
        x[0] = ratio(rest, sums.gramOf(0, 0));
      }
      for (const served of this.#served.values()) {
        const hit = this.#move(served, 0, cost.perHit, pullHit) / (whole.perHit || 1);
        const byte = this.#move(served, 1, cost.perByte, pullByte) / (whole.perByte || 1);
        moved = Math.max(moved, hit, byte);
      }
      if (moved <= TOLERANCE) break;
    }
  }

  /** Mean square of what is unexplained, for the steps that the terms leave free; undefined if too few are. */
  #noise(): number | undefined {
    let left = 0;
    let steps = 0;
    for (const [server, [, sums]] of this.#servers.entries()) {
      const x = this.#x[server]!;
      left += sums.squares;
      for (let term = 0; term < x.length; term++) {
        left += x[term]! * (sums.productOf(term, x) - 2 * sums.rightOf(term));
      }
      steps += sums.gramOf(0, 0);
    }
    const terms = this.#servers.length + 2 * this.#served.size;
    return steps > STEPS_PER_TERM * terms ? Math.max(0, left) / (steps - terms) : undefined;
  }

  /** Sets one cost to its best value if the others stay; returns by how much it moved. */
  #move(served: readonly Served[], kind: 0 | 1, mean: number, strength: number): number {
    let weight = strength;
    let right = strength * mean;
    for (const { server, term } of served) {
      const [, sums] = this.#servers[server]!;
      const x = this.#x[server]!;
      const at = term + kind;
      const own = sums.gramOf(at, at);
      weight += own;
      right += sums.rightOf(at) - sums.productOf(at, x) + own * x[at]!;
    }
    const best = weight > 0 ? Math.max(0, right / weight) : mean;
    const { server, term } = served[0]!;
    const moved = Math.abs(best - this.#x[server]![term + kind]!);
    for (const { server, term } of served) this.#x[server]![term + kind] = best;
    return moved;
  }

  #costs(): Costs {
    const resources = new Map<ResourceId, Cost>();
    for (const [resource, served] of this.#served) {
      const { server, term } = served[0]!;
      const x = this.#x[server]!;
      resources.set(resource, { perHit: x[term]!, perByte: x[term + 1]! });
    }
    const idle = new Map(this.#servers.map(([server], at) => [server, this.#x[at]![0]!]));
    return { resources, fleet: this.#fleet.cost, idle };
  }
}

/** How many squared units a squared distance from the mean weighs. */
function pull(noise: number, mean: number, whole: number): number {
  const spread = Math.max(SPREAD * mean, SPREAD_LEAST * whole);
  return spread > 0 ? noise / spread ** 2 : 0;
}

/** Not negative; nothing is known of 0 / 0. */
function ratio(numerator: number, denominator: number): number {
  return denominator > 0 ? Math.max(0, numerator / denominator) : 0;
}

function sumOf(
  all: readonly ServedTotals[],
  valueOf: (totals: ServedTotals, server: number) => number,
): number {
  return all.reduce((sum, totals, server) => sum + valueOf(totals, server), 0);
}
