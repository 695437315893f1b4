import type { ProblemFileInput } from '../forecaster/planner/packing/problem-file.js';
import type { ServerTerm } from '../forecaster/planner/packing/packing.js';
import type { Balance, Reassignment } from './roadef.js';

/** The instance in our format; the balance of two resources, which it has not, is `balanceTerm`. */
export function problemFileOf(instance: Reassignment): ProblemFileInput {
  const { machines, processes, resources, services, weights, start } = instance;
  const byResource = (values: readonly number[]): Record<string, number> =>
    Object.fromEntries(values.map((value, at) => [`r${at}`, value]));
  return {
    format: 'foreshift-problem/1',
    dimensions: resources.map(({ isTransient, weight }, at) => ({
      name: `r${at}`,
      transient: isTransient,
      softWeight: weight,
    })),
    servers: machines.map(({ capacity, soft, location, neighborhood }, at) => ({
      name: `m${at}`,
      capacity: byResource(capacity),
      soft: byResource(soft),
      zones: { location: `l${location}`, neighborhood: `n${neighborhood}` },
    })),
    resources: processes.map(({ service, demand, moveCost }, at) => ({
      name: `p${at}`,
      server: `m${start[at]!}`,
      demand: byResource(demand),
      group: `s${service}`,
      moveCost,
    })),
    groups: services.map(({ spreadMin, needs }, at) => ({
      name: `s${at}`,
      apart: true,
      spread: spreadMin > 1 ? { over: 'location', min: spreadMin } : null,
      needs: needs.map((need) => ({ group: `s${need}`, within: 'neighborhood' })),
    })),
    moves: {
      costWeight: weights.process,
      busiestGroupWeight: weights.service,
      distances: machines.map(({ moveCosts }) => moveCosts.map((cost) => cost * weights.machine)),
    },
  };
}

/** What the balance of two resources costs on one machine. */
export function balanceTerm(instance: Reassignment): ServerTerm | undefined {
  const { balances, machines } = instance;
  if (balances.length === 0) return undefined;
  const capacity = Float64Array.from(machines.flatMap((machine) => machine.capacity));
  return new BalanceTerm(balances, capacity);
}

class BalanceTerm implements ServerTerm {
  readonly #capacity: Float64Array;
  /** Four numbers each: the two resources, the target, the weight. */
  readonly #balances: Float64Array;

  constructor(balances: readonly Balance[], capacity: Float64Array) {
    this.#capacity = capacity;
    this.#balances = Float64Array.from(
      balances.flatMap(({ first, second, target, weight }) => [first, second, target, weight]),
    );
  }

  of(usage: Float64Array, from: number, demand: Float64Array, plus: number, minus: number): number {
    const balances = this.#balances;
    const capacity = this.#capacity;
    let cost = 0;
    for (let at = 0; at < balances.length; at += 4) {
      const first = balances[at]!;
      const second = balances[at + 1]!;
      const freeFirst =
        capacity[from + first]! -
        usage[from + first]! -
        demand[plus + first]! +
        demand[minus + first]!;
      const freeSecond =
        capacity[from + second]! -
        usage[from + second]! -
        demand[plus + second]! +
        demand[minus + second]!;
      const missing = balances[at + 2]! * freeFirst - freeSecond;
      if (missing > 0) cost += balances[at + 3]! * missing;
    }
    return cost;
  }
}
