import type { Allowed, Demand, Problem } from './problem.js';
import { CERTAIN, NOWHERE } from './problem.js';
import { isMisplaced, peaksOf } from './score.js';
import { loadOf } from './demand.js';
import { utilizationOf } from './utilization.js';

/** With more different sets of servers, only their union and each by itself are looked at. */
const SETS_MAX = 48;
/** Pigeonholes: some server has at least k + 1 of the n·k + 1 largest, up to this k. */
const PIGEONS_MAX = 3;

/**
 * A peak that no assignment can go below, however many moves it takes: of every assignment that puts each
 * resource on a server where it may be (what `assignment` leaves misplaced stays where it is there).
 * The highest of: volume, for each set of servers that some resources cannot leave; the largest single
 * resource; pigeonholes.
 */
export function peakBound(problem: Problem, assignment: Int32Array): number {
  const isPlaced = (resource: number): boolean =>
    !isMisplaced(problem, resource, assignment[resource]!);
  const left = assignment.map((server, resource) => (isPlaced(resource) ? NOWHERE : server));
  const peaks = peaksOf(problem, problem.demand, utilizationOf(problem, problem.demand, left));
  const placed = [...assignment.keys()].filter(isPlaced);
  return Math.max(
    peaks.reduce((highest, peak) => Math.max(highest, peak), 0),
    volumeBound(problem, placed).peak,
    largestBound(problem, placed),
    pigeonholeBound(problem, placed),
  );
}

/** What an assignment leaves where it may not be, a resource and its server after the other: all of it that `peakBound` looks at. */
export function misplacedIn(problem: Problem, assignment: Int32Array): readonly number[] {
  const misplaced: number[] = [];
  for (let resource = 0; resource < assignment.length; resource++) {
    const server = assignment[resource]!;
    if (isMisplaced(problem, resource, server)) misplaced.push(resource, server);
  }
  return misplaced;
}

/** How full servers are if their load were spread evenly, and in which dimension (by index; −1: none). */
export interface Volume {
  readonly peak: number;
  readonly dimension: number;
}

/**
 * Load ÷ capacity of every set of servers that some resources are confined to; the highest. The quantile of
 * the whole sum is at most the sum of the servers' quantiles: the norm under the root is subadditive.
 */
export function volumeBound(problem: Problem, placed: readonly number[]): Volume {
  const groups = groupsOf(problem, placed);
  const total = (sums: readonly Sums[]): Float64Array => totalOf(problem.demand, sums);
  let highest = volumeOf(problem, readyServers(problem), total([...groups.values()]));
  for (const [set] of groups) {
    const members = [...groups].filter(
      ([other]) => other === set || (groups.size <= SETS_MAX && isSubset(other, set)),
    );
    const volume = volumeOf(problem, set.servers, total(members.map(([, sums]) => sums)));
    if (volume.peak > highest.peak) highest = volume;
  }
  return highest;
}

/** Sums over the resources that share a set of servers. */
function groupsOf(problem: Problem, placed: readonly number[]): Map<Allowed, Sums> {
  const groups = new Map<Allowed, Sums>();
  for (const resource of placed) {
    const set = problem.allowed[resource]!;
    let sums = groups.get(set);
    if (sums === undefined) groups.set(set, (sums = emptySums(problem.demand)));
    addTo(sums, problem.demand, resource);
  }
  return groups;
}

interface Sums {
  readonly mean: Float64Array;
  readonly own: Float64Array;
  readonly common: Float64Array;
}

function emptySums({ cells, factors }: Demand): Sums {
  return {
    mean: new Float64Array(cells),
    own: new Float64Array(factors === CERTAIN ? 0 : cells),
    common: new Float64Array(Math.max(0, factors) * cells),
  };
}

function addTo(sums: Sums, demand: Demand, resource: number): void {
  for (const part of ['mean', 'own', 'common'] as const) {
    const sum = sums[part];
    const from = resource * sum.length;
    for (let at = 0; at < sum.length; at++) sum[at]! += demand[part][from + at]!;
  }
}

/** The load of all of them together, by cell. */
function totalOf(demand: Demand, all: readonly Sums[]): Float64Array {
  const { cells, factors } = demand;
  const total = emptySums(demand);
  for (const sums of all) {
    for (const part of ['mean', 'own', 'common'] as const) {
      for (const [at, value] of sums[part].entries()) total[part][at]! += value;
    }
  }
  if (factors === CERTAIN) return total.mean;
  return total.mean.map((mean, cell) => {
    let variance = total.own[cell]!;
    for (let factor = 0; factor < factors; factor++) {
      const part = total.common[factor * cells + cell]!;
      variance += part * part;
    }
    return mean + Math.sqrt(variance);
  });
}

function volumeOf(problem: Problem, servers: Int32Array, total: Float64Array): Volume {
  const { dimensions, perCapacity, base, steps } = problem;
  let highest: Volume = { peak: 0, dimension: -1 };
  for (const dimension of dimensions.keys()) {
    let capacity = 0;
    let carried = 0;
    for (const server of servers) {
      const per = perCapacity[server * dimensions.length + dimension]!;
      // A server that is not planned for takes any amount of it.
      capacity += per === 0 ? Infinity : 1 / per;
      carried += base[server * dimensions.length + dimension]!;
    }
    for (let step = 0; step < steps; step++) {
      const load = total[dimension * steps + step]! + carried;
      if (load > highest.peak * capacity) highest = { peak: load / capacity, dimension };
    }
  }
  return highest;
}

/** Each resource is on some server, and makes at least its own load there. */
function largestBound(problem: Problem, placed: readonly number[]): number {
  const { demand, steps } = problem;
  const shapesOf = shapesBySet(problem);
  let highest = 0;
  for (const resource of placed) {
    let lowest = Infinity;
    for (const shape of shapesOf(problem.allowed[resource]!)) {
      let peak = 0;
      for (let cell = 0; cell < demand.cells; cell++) {
        const per = shape[Math.floor(cell / steps)]!;
        if (per > 0) peak = Math.max(peak, loadOf(demand, resource, cell) * per);
      }
      lowest = Math.min(lowest, peak);
    }
    if (lowest < Infinity) highest = Math.max(highest, lowest);
  }
  return highest;
}

/** The different rows of capacities in a set of servers: seldom more than a few. */
function shapesBySet({
  perCapacity,
  dimensions,
}: Problem): (set: Allowed) => readonly Float64Array[] {
  const known = new Map<Allowed, readonly Float64Array[]>();
  return (set) => {
    let shapes = known.get(set);
    if (shapes === undefined) {
      const byKey = new Map<string, Float64Array>();
      for (const server of set.servers) {
        const from = server * dimensions.length;
        const shape = perCapacity.subarray(from, from + dimensions.length);
        byKey.set(shape.join(), shape);
      }
      known.set(set, (shapes = [...byKey.values()]));
    }
    return shapes;
  };
}

/** Of the n·k + 1 largest resources some server of n gets k + 1: at least the k + 1 smallest of them. */
function pigeonholeBound(problem: Problem, placed: readonly number[]): number {
  const { demand, dimensions, steps, perCapacity } = problem;
  const servers = readyServers(problem);
  let highest = 0;
  if (servers.length === 0 || placed.length <= servers.length) return 0;
  for (const dimension of dimensions.keys()) {
    const per = servers.reduce(
      (least, server) => Math.min(least, perCapacity[server * dimensions.length + dimension]!),
      Infinity,
    );
    if (per === 0) continue;
    const cell = dimension * steps + heaviestStep(demand, placed, dimension);
    const loads = Float64Array.from(
      placed,
      (resource) => demand.mean[resource * demand.cells + cell]!,
    ).sort();
    for (let k = 1; k <= PIGEONS_MAX && loads.length > servers.length * k; k++) {
      const from = loads.length - (servers.length * k + 1);
      let sum = 0;
      for (let at = from; at <= from + k; at++) sum += loads[at]!;
      highest = Math.max(highest, sum * per);
    }
  }
  return highest;
}

function heaviestStep(demand: Demand, placed: readonly number[], dimension: number): number {
  const { cells, steps, mean } = demand;
  const sums = new Float64Array(steps);
  for (const resource of placed) {
    const from = resource * cells + dimension * steps;
    for (let step = 0; step < steps; step++) sums[step]! += mean[from + step]!;
  }
  return sums.indexOf(sums.reduce((highest, sum) => Math.max(highest, sum), 0));
}

function readyServers({ roles }: Problem): Int32Array {
  return Int32Array.from(roles.keys()).filter((server) => roles[server] === 'ready');
}

function isSubset(inner: Allowed, outer: Allowed): boolean {
  return inner.servers.every((server) => outer.mask[server] === 1);
}
