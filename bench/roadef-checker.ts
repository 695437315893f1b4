import type { Reassignment } from './roadef.js';

/* The rules and the cost of a machine reassignment, written from the statement of the challenge: shares nothing with the planner. */

export type Violation = 'capacity' | 'conflict' | 'dependency' | 'spread' | 'transient';

export interface Verdict {
  /** In the order of the alphabet; none: feasible. */
  readonly violated: readonly Violation[];
  readonly cost: ReassignmentCost;
  readonly moved: number;
}

export interface ReassignmentCost {
  readonly total: number;
  readonly load: number;
  readonly balance: number;
  readonly processMove: number;
  readonly serviceMove: number;
  readonly machineMove: number;
}

export function judge(instance: Reassignment, assignment: readonly number[]): Verdict {
  const usage = usageOf(instance, assignment, false);
  const moved = assignment.flatMap((machine, process) =>
    machine === instance.start[process] ? [] : [process],
  );
  return {
    violated: violations(instance, assignment, usage),
    cost: costOf(instance, { assignment, usage, moved }),
    moved: moved.length,
  };
}

function usageOf(
  { machines, resources, processes, start }: Reassignment,
  assignment: readonly number[],
  isTransient: boolean,
): number[][] {
  const usage = machines.map(() => resources.map(() => 0));
  for (const [index, { demand }] of processes.entries()) {
    const places = new Set([assignment[index]!]);
    if (isTransient) places.add(start[index]!);
    for (const machine of places) {
      for (const [resource, need] of demand.entries()) usage[machine]![resource]! += need;
    }
  }
  return usage;
}

function violations(
  instance: Reassignment,
  assignment: readonly number[],
  usage: readonly (readonly number[])[],
): Violation[] {
  const { machines, resources, services, processes } = instance;
  const broken = new Set<Violation>();
  const transient = usageOf(instance, assignment, true);
  for (const [machine, { capacity }] of machines.entries()) {
    for (const [resource, limit] of capacity.entries()) {
      if (usage[machine]![resource]! > limit) broken.add('capacity');
      if (resources[resource]!.isTransient && transient[machine]![resource]! > limit)
        broken.add('transient');
    }
  }
  const hosts = services.map(() => [] as number[]);
  for (const [index, { service }] of processes.entries()) hosts[service]!.push(assignment[index]!);
  const neighborhoods = hosts.map(
    (list) => new Set(list.map((machine) => machines[machine]!.neighborhood)),
  );
  for (const [service, { spreadMin, needs }] of services.entries()) {
    const list = hosts[service]!;
    if (new Set(list).size < list.length) broken.add('conflict');
    const locations = new Set(list.map((machine) => machines[machine]!.location));
    if (locations.size < spreadMin) broken.add('spread');
    for (const need of needs) {
      for (const neighborhood of neighborhoods[service]!) {
        if (!neighborhoods[need]!.has(neighborhood)) broken.add('dependency');
      }
    }
  }
  return [...broken].sort();
}

function costOf(
  { machines, resources, services, processes, balances, weights, start }: Reassignment,
  {
    assignment,
    usage,
    moved,
  }: {
    readonly assignment: readonly number[];
    readonly usage: readonly (readonly number[])[];
    readonly moved: readonly number[];
  },
): ReassignmentCost {
  let load = 0;
  let balance = 0;
  for (const [machine, { capacity, soft }] of machines.entries()) {
    const used = usage[machine]!;
    for (const [resource, { weight }] of resources.entries()) {
      load += weight * Math.max(0, used[resource]! - soft[resource]!);
    }
    for (const { first, second, target, weight } of balances) {
      const free = (resource: number): number => capacity[resource]! - used[resource]!;
      balance += weight * Math.max(0, target * free(first) - free(second));
    }
  }
  const byService = services.map(() => 0);
  let processMove = 0;
  let machineMove = 0;
  for (const process of moved) {
    processMove += weights.process * processes[process]!.moveCost;
    machineMove += weights.machine * machines[start[process]!]!.moveCosts[assignment[process]!]!;
    byService[processes[process]!.service]!++;
  }
  const serviceMove = weights.service * byService.reduce((most, count) => Math.max(most, count), 0);
  const total = load + balance + processMove + serviceMove + machineMove;
  return { total, load, balance, processMove, serviceMove, machineMove };
}

/** No assignment costs less: a bound by the sums of the whole fleet. */
export function lowerBound({ machines, resources, processes, balances }: Reassignment): number {
  const total = (values: Iterable<number>): number =>
    [...values].reduce((sum, value) => sum + value, 0);
  const needed = resources.map((_resource, at) =>
    total(processes.map(({ demand }) => demand[at]!)),
  );
  const softAll = resources.map((_resource, at) => total(machines.map(({ soft }) => soft[at]!)));
  const free = resources.map(
    (_resource, at) => total(machines.map(({ capacity }) => capacity[at]!)) - needed[at]!,
  );
  return (
    total(resources.map(({ weight }, at) => weight * Math.max(0, needed[at]! - softAll[at]!))) +
    total(
      balances.map(
        ({ first, second, target, weight }) =>
          weight * Math.max(0, target * free[first]! - free[second]!),
      ),
    )
  );
}
