import { Ceilings } from './ceilings.js';
import type { Changed } from './nearby.js';
import { Nearby } from './nearby.js';
import type { Problem } from './problem.js';
import { CERTAIN, EPSILON, NOWHERE } from './problem.js';

/** The cost of what may not be. */
export const TOO_DEAR = Infinity;

/** What the residents of each server add up to, with its base. */
interface Sums {
  readonly sums: Float64Array;
  readonly own: Float64Array;
  readonly common: Float64Array;
}

const NEARBY = new Nearby<Sums>();

/**
 * The load of every server in every cell, kept up to date as resources come and go, and what it would be
 * with one more or less: all in O(cells), without allocation. The one hot loop of the planner.
 */
export class Loads {
  /** Of the last probe: Σ max(0, utilization − 1). */
  overload = 0;
  /** Σ max(0, utilization − target)², mean over the steps. */
  pressure = 0;
  peak = 0;
  /** Overall load: the largest of its utilizations, each the mean over the horizon. */
  level = 0;
  /** The server would pass a hard limit. */
  isBroken = false;

  readonly #problem: Problem;
  readonly #cells: number;
  readonly #factors: number;
  readonly #sums: Float64Array;
  readonly #own: Float64Array;
  readonly #common: Float64Array;
  /** Utilization that a cell must not pass: 1, or what it was at worst. */
  readonly #limits: Float64Array;
  /** Made when first asked for. */
  #ceilings: Ceilings | undefined;

  /** @param assignment of the start, not changed any more: what is over its capacity there may stay so, but not get worse */
  constructor(problem: Problem, assignment: Int32Array) {
    const { servers, demand, perCapacity, base, roles } = problem;
    const { cells } = demand;
    this.#problem = problem;
    this.#cells = cells;
    this.#factors = Math.max(0, demand.factors);
    this.#limits = new Float64Array(servers.length * cells).fill(1);
    const standing = { perCapacity, base, roles, assignment };
    const near = NEARBY.of(demand, standing);
    this.#sums = near?.value.sums.slice() ?? new Float64Array(servers.length * cells);
    const spreadCells = demand.factors === CERTAIN ? 0 : servers.length * cells;
    this.#own = near?.value.own.slice() ?? new Float64Array(spreadCells);
    this.#common =
      near?.value.common.slice() ?? new Float64Array(servers.length * cells * this.#factors);
    if (near?.changed !== null) {
      this.#sum(assignment, near?.changed);
      const [sums, own, common] = [this.#sums, this.#own, this.#common];
      const value = { sums: sums.slice(), own: own.slice(), common: common.slice() };
      NEARBY.keep(demand, standing, value);
    }
    for (const server of servers.keys()) this.tolerate(server);
  }

  add(resource: number, server: number): void {
    this.#apply(resource, server, 1);
  }

  remove(resource: number, server: number): void {
    this.#apply(resource, server, -1);
  }

  /** What the server carries now is allowed from here on, if it was not before. */
  tolerate(server: number): void {
    const nobody = this.#problem.resources.length;
    for (let cell = 0; cell < this.#cells; cell++) {
      const at = server * this.#cells + cell;
      this.#limits[at] = Math.max(this.#limits[at]!, this.at(server, cell, nobody, nobody));
    }
  }

  /** Utilization of a server in a cell, with `added` on it and without `removed`; `nobody` stands for none. */
  at(server: number, cell: number, added: number, removed: number): number {
    const { dimensions, demand, perCapacity } = this.#problem;
    const { mean, own, common, factors } = demand;
    const cells = this.#cells;
    const at = server * cells + cell;
    const plus = added * cells + cell;
    const minus = removed * cells + cell;
    const per = perCapacity[server * dimensions.length + Math.floor(cell / demand.steps)]!;
    const sum = this.#sums[at]! + mean[plus]! - mean[minus]!;
    if (factors === CERTAIN) return sum * per;
    let variance = this.#own[at]! + own[plus]! - own[minus]!;
    for (let factor = 0; factor < factors; factor++) {
      const part =
        this.#common[(server * factors + factor) * cells + cell]! +
        common[(added * factors + factor) * cells + cell]! -
        common[(removed * factors + factor) * cells + cell]!;
      variance += part * part;
    }
    return (sum + (variance > 0 ? Math.sqrt(variance) : 0)) * per;
  }

  /**
   * What the server would carry with `added` on it and without `removed`: sets the public fields.
   * `nobody` (the number of resources) stands for none.
   */
  probe(server: number, added: number, removed: number): void {
    if (this.#problem.demand.factors === CERTAIN) this.#probeCertain(server, added, removed);
    else this.#probeSpread(server, added, removed);
  }

  /**
   * What the server would cost with `added` on it and without `removed`, its level left out; `TOO_DEAR`: more than
   * `most`, or it would pass a hard limit. Looks no further than it must.
   */
  costWithin(server: number, added: number, removed: number, most: number): number {
    const { perCapacity, demand, dimensions, objective } = this.#problem;
    const ceilings = (this.#ceilings ??= this.#makeCeilings());
    let cost = 0;
    for (let dimension = 0; dimension < dimensions.length; dimension++) {
      const per = perCapacity[server * dimensions.length + dimension]!;
      const free = per > 0 ? objective.target / per : TOO_DEAR;
      if (ceilings.isWithin(server, dimension, added, removed, free)) continue;
      cost +=
        demand.factors === CERTAIN
          ? this.#dearness(server, dimension, added, removed, most - cost)
          : this.#dearnessSpread(server, dimension, added, removed, most - cost);
      if (cost > most) return TOO_DEAR;
    }
    return cost;
  }

  /** What the server would cost in one dimension, with the same shortcuts. */
  #dearness(
    server: number,
    dimension: number,
    added: number,
    removed: number,
    most: number,
  ): number {
    const { demand, objective, perCapacity, dimensions } = this.#problem;
    const { mean, steps, cells } = demand;
    const per = perCapacity[server * dimensions.length + dimension]!;
    const sums = this.#sums;
    const free = objective.target / per;
    const perStep = 1 / steps;
    const from = dimension * steps;
    let cost = 0;
    let at = server * cells + from;
    let plus = added * cells + from;
    let minus = removed * cells + from;
    for (const end = at + steps; at < end; at++, plus++, minus++) {
      const excess = sums[at]! + mean[plus]! - mean[minus]! - free;
      if (excess <= 0) continue;
      const share = excess * per;
      cost += share * share * perStep;
      const over = share + objective.target - 1;
      if (over > 0) {
        cost += over * objective.overloadWeight;
        if (over + 1 > this.#limits[at]! + EPSILON) return TOO_DEAR;
      }
      if (cost > most) return TOO_DEAR;
    }
    return cost;
  }

  /**
   * The same with spread. The end of the loop is here twice: as one function it took a third more time and up to two thirds, and one
   * loop for both took a fifth more without spread.
   */
  #dearnessSpread(
    server: number,
    dimension: number,
    added: number,
    removed: number,
    most: number,
  ): number {
    const { demand, objective, perCapacity, dimensions } = this.#problem;
    const { mean, own, common, steps, cells, factors } = demand;
    const per = perCapacity[server * dimensions.length + dimension]!;
    const sums = this.#sums;
    const owns = this.#own;
    const commons = this.#common;
    const width = factors * cells;
    const free = objective.target / per;
    const perStep = 1 / steps;
    const from = dimension * steps;
    let cost = 0;
    let at = server * cells + from;
    let plus = added * cells + from;
    let minus = removed * cells + from;
    let commonAt = server * width + from;
    let commonPlus = added * width + from;
    let commonMinus = removed * width + from;
    for (const end = at + steps; at < end; at++, plus++, minus++) {
      let variance = owns[at]! + own[plus]! - own[minus]!;
      for (let rest = 0; rest < width; rest += cells) {
        const part =
          commons[commonAt + rest]! + common[commonPlus + rest]! - common[commonMinus + rest]!;
        variance += part * part;
      }
      commonAt++;
      commonPlus++;
      commonMinus++;
      const spread = variance > 0 ? Math.sqrt(variance) : 0;
      const excess = sums[at]! + mean[plus]! - mean[minus]! + spread - free;
      if (excess <= 0) continue;
      const share = excess * per;
      cost += share * share * perStep;
      const over = share + objective.target - 1;
      if (over > 0) {
        cost += over * objective.overloadWeight;
        if (over + 1 > this.#limits[at]! + EPSILON) return TOO_DEAR;
      }
      if (cost > most) return TOO_DEAR;
    }
    return cost;
  }

  #probeCertain(server: number, added: number, removed: number): void {
    const { perCapacity, demand, dimensions, objective } = this.#problem;
    const { mean, steps } = demand;
    const { target } = objective;
    const cells = this.#cells;
    const sums = this.#sums;
    let overload = 0;
    let pressure = 0;
    let peak = 0;
    let level = 0;
    let isBroken = false;
    let at = server * cells;
    let plus = added * cells;
    let minus = removed * cells;
    for (let dimension = 0; dimension < dimensions.length; dimension++) {
      const per = perCapacity[server * dimensions.length + dimension]!;
      const end = at + steps;
      let sum = 0;
      for (; at < end; at++, plus++, minus++) {
        const utilization = (sums[at]! + mean[plus]! - mean[minus]!) * per;
        sum += utilization;
        if (utilization > peak) peak = utilization;
        if (utilization <= target) continue;
        pressure += (utilization - target) * (utilization - target);
        if (utilization <= 1) continue;
        overload += utilization - 1;
        if (utilization > this.#limits[at]! + EPSILON) isBroken = true;
      }
      if (sum > level) level = sum;
    }
    this.overload = overload;
    this.pressure = pressure / steps;
    this.peak = peak;
    this.level = level / steps;
    this.isBroken = isBroken;
  }

  #probeSpread(server: number, added: number, removed: number): void {
    const { perCapacity, demand, dimensions, objective } = this.#problem;
    const { mean, own, common, steps } = demand;
    const { target } = objective;
    const cells = this.#cells;
    const factors = this.#factors;
    const sums = this.#sums;
    const owns = this.#own;
    const commons = this.#common;
    const width = factors * cells;
    let overload = 0;
    let pressure = 0;
    let peak = 0;
    let level = 0;
    let isBroken = false;
    let at = server * cells;
    let plus = added * cells;
    let minus = removed * cells;
    // With one factor, which is the rule, its rows lie where those of the medians do, times one.
    let commonAt = at * factors;
    let commonPlus = plus * factors;
    let commonMinus = minus * factors;
    for (let dimension = 0; dimension < dimensions.length; dimension++) {
      const per = perCapacity[server * dimensions.length + dimension]!;
      const end = at + steps;
      let sum = 0;
      for (; at < end; at++, plus++, minus++, commonAt++, commonPlus++, commonMinus++) {
        const first = commons[commonAt]! + common[commonPlus]! - common[commonMinus]!;
        let variance = owns[at]! + own[plus]! - own[minus]! + first * first;
        for (let rest = cells; rest < width; rest += cells) {
          const part =
            commons[commonAt + rest]! + common[commonPlus + rest]! - common[commonMinus + rest]!;
          variance += part * part;
        }
        const spread = variance > 0 ? Math.sqrt(variance) : 0;
        const utilization = (sums[at]! + mean[plus]! - mean[minus]! + spread) * per;
        sum += utilization;
        if (utilization > peak) peak = utilization;
        if (utilization <= target) continue;
        pressure += (utilization - target) * (utilization - target);
        if (utilization <= 1) continue;
        overload += utilization - 1;
        if (utilization > this.#limits[at]! + EPSILON) isBroken = true;
      }
      if (sum > level) level = sum;
    }
    this.overload = overload;
    this.pressure = pressure / steps;
    this.peak = peak;
    this.level = level / steps;
    this.isBroken = isBroken;
  }

  /** From nothing. @param changed these servers alone; undefined: all */
  #sum(assignment: Int32Array, changed: Changed | undefined): void {
    const { servers, demand, dimensions, base } = this.#problem;
    const cells = this.#cells;
    for (const server of servers.keys()) {
      if (changed?.isChanged[server] === 0) continue;
      for (let cell = 0; cell < cells; cell++) {
        const dimension = Math.floor(cell / demand.steps);
        this.#sums[server * cells + cell] = base[server * dimensions.length + dimension]!;
      }
      this.#own.fill(0, server * cells, (server + 1) * cells);
      const width = this.#factors * cells;
      this.#common.fill(0, server * width, (server + 1) * width);
    }
    for (const resource of changed?.residents ?? assignment.keys()) {
      const server = assignment[resource]!;
      if (server !== NOWHERE) this.add(resource, server);
    }
  }

  #apply(resource: number, server: number, sign: 1 | -1): void {
    const { mean, own, common, factors } = this.#problem.demand;
    const cells = this.#cells;
    const from = resource * cells;
    const to = server * cells;
    for (let cell = 0; cell < cells; cell++) this.#sums[to + cell]! += sign * mean[from + cell]!;
    if (factors !== CERTAIN) {
      for (let cell = 0; cell < cells; cell++) this.#own[to + cell]! += sign * own[from + cell]!;
      const width = factors * cells;
      for (let cell = 0; cell < width; cell++) {
        this.#common[server * width + cell]! += sign * common[resource * width + cell]!;
      }
    }
    this.#ceilings?.refresh(server);
  }

  #makeCeilings(): Ceilings {
    const sums = { mean: this.#sums, own: this.#own, common: this.#common };
    return new Ceilings(this.#problem.demand, sums);
  }
}
