import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import type { Rng } from '../core/rng.js';
import { SeededRng, between, chance, integerBelow, pick } from '../core/rng.js';
import { InputFault } from './inputs.js';
import type { Reassignment } from './roadef.js';

/** How large an instance of machine reassignment is, and which of its rules it has. */
export interface ReassignmentShape {
  readonly name: string;
  readonly processes: number;
  readonly machines: number;
  readonly services: number;
  readonly resources: number;
  /** At most: every third can be. */
  readonly transient: number;
  readonly locations: number;
  readonly neighborhoods: number;
  /** At most: a service can only need one that is in all of its neighborhoods at the start. */
  readonly dependencies: number;
  readonly balances: number;
}

const SIZES = [
  'processes',
  'machines',
  'services',
  'resources',
  'transient',
  'locations',
  'neighborhoods',
  'dependencies',
  'balance',
] as const;

/**
 * The shapes in a CSV with these columns; a line that lacks a size is left out.
 * @throws InputFault if the file lacks a column, or a size is none
 */
export async function shapesIn(path: string): Promise<ReassignmentShape[]> {
  const lines: Record<string, string>[] = parse(await readFile(path), { columns: true });
  const missing = ['instance', ...SIZES].find((column) => lines[0]?.[column] === undefined);
  if (missing !== undefined) throw new InputFault(`${path}: column ${missing} is missing`);
  return lines.flatMap((line): ReassignmentShape[] => {
    if (SIZES.some((column) => line[column] === '')) return [];
    const name = line.instance!;
    const size = (column: (typeof SIZES)[number]): number => {
      const value = Number(line[column]);
      if (Number.isSafeInteger(value) && value >= 0) return value;
      throw new InputFault(`${path}: ${name}: ${column} must be 0 or a whole number above`);
    };
    return [
      {
        name,
        processes: size('processes'),
        machines: size('machines'),
        services: size('services'),
        resources: size('resources'),
        transient: size('transient'),
        locations: size('locations'),
        neighborhoods: size('neighborhoods'),
        dependencies: size('dependencies'),
        balances: size('balance'),
      },
    ];
  });
}

/** Demand of a resource goes evenly by its logarithm, between these. */
const LN_DEMAND = [Math.log(1_000), Math.log(900_000)] as const;
/**
 * Resources come in threes that go together: the second nearly as the first, the third by a power of it. The third is
 * the transient one.
 */
const KIN = 3;
const KIN_NOISE = [0.7, 1.4] as const;
const THIRD_EXPONENT = 1.2;
/** So many of the processes are elsewhere in the second placement for which there must be room. */
const ELSEWHERE = [0.1, 0.4] as const;
/** Capacity ÷ what must fit. */
const SLACK = [1, 1, 1.05, 1.1, 1.2] as const;
const SOFT_SHARE = [0.7, 0.95] as const;
const LOAD_WEIGHT = 10;
/** Of the services with company, so many must be spread; of the locations that they are in, over this share. */
const SPREAD_CHANCE = 0.5;
const SPREAD_SHARE = [0.4, 1] as const;
/** Pairs of services that are tried for each dependency. */
const TRIES = 40;

/**
 * An instance by chance, alike in its sums and correlations to those that are published: a start that breaks no rule,
 * and capacities such that it fits, and another placement, too. Nothing is known of its best cost but the bound.
 * @throws InputFault if the services cannot take so many processes, each on half of the machines at most, or fewer than two
 *   resources are to be balanced
 */
export function madeUp(shape: ReassignmentShape, seed: number): Reassignment {
  if (shape.processes > shape.services * membersMax(shape)) {
    throw new InputFault(`${shape.name}: more processes than its services can have`);
  }
  if (shape.balances > 0 && shape.resources < 2) {
    throw new InputFault(`${shape.name}: a balance is of two resources`);
  }
  const rng = new SeededRng(seed);
  const processes = processesOf(shape, rng);
  const start = placed(shape, processes, rng);
  const machines = machinesOf(shape, { processes, start }, rng);
  return {
    resources: Array.from({ length: shape.resources }, (_hole, resource) => ({
      isTransient: isTransient(shape, resource),
      weight: LOAD_WEIGHT,
    })),
    machines,
    processes,
    services: servicesOf(shape, { processes, machines, start }, rng),
    balances: Array.from({ length: shape.balances }, () => ({
      ...{ first: 0, second: 1, target: 2, weight: LOAD_WEIGHT },
    })),
    weights: { process: 1, service: 10, machine: 100 },
    start,
  };
}

type Processes = Reassignment['processes'];
type Machines = Reassignment['machines'];

/** A service has at most one process on each machine, and some room besides. */
function membersMax({ machines }: ReassignmentShape): number {
  return Math.ceil(machines / 2);
}

function isTransient({ transient }: ReassignmentShape, resource: number): boolean {
  return resource % KIN === KIN - 1 && Math.floor(resource / KIN) < transient;
}

function processesOf(shape: ReassignmentShape, rng: Rng): Processes {
  const { processes, services, resources } = shape;
  const members = new Int32Array(services);
  const serviceOf = (at: number): number => {
    let service = at < services ? at : Math.floor(rng.next() ** 2 * services);
    while (members[service]! >= membersMax(shape)) service = integerBelow(rng, services);
    members[service]!++;
    return service;
  };
  return Array.from({ length: processes }, (_hole, at) => ({
    service: serviceOf(at),
    demand: demandOf(resources, rng),
    moveCost: 1,
  }));
}

function demandOf(resources: number, rng: Rng): number[] {
  const demand: number[] = [];
  let size = 0;
  for (let resource = 0; resource < resources; resource++) {
    const kin = resource % KIN;
    if (kin === 0) size = between(rng, ...LN_DEMAND);
    const like = kin === KIN - 1 ? size * THIRD_EXPONENT - Math.log(10) : size;
    demand.push(Math.round(Math.exp(like) * (kin === 0 ? 1 : between(rng, ...KIN_NOISE))));
  }
  return demand;
}

/** A machine by chance for each process, another one for each of a service. */
function placed(
  { machines, services }: ReassignmentShape,
  processes: Processes,
  rng: Rng,
): number[] {
  const usedBy = Array.from({ length: services }, () => new Set<number>());
  return processes.map(({ service }) => {
    let machine = integerBelow(rng, machines);
    while (usedBy[service]!.has(machine)) machine = integerBelow(rng, machines);
    usedBy[service]!.add(machine);
    return machine;
  });
}

function machinesOf(
  shape: ReassignmentShape,
  { processes, start }: { readonly processes: Processes; readonly start: readonly number[] },
  rng: Rng,
): Machines {
  const elsewhere = between(rng, ...ELSEWHERE);
  const other = start.map((machine) =>
    chance(rng, elsewhere) ? integerBelow(rng, shape.machines) : machine,
  );
  const slack = pick(rng, SLACK);
  const usage = usageOf(shape, processes, start);
  const otherUsage = usageOf(shape, processes, other);
  const places = usage.map(() => integerBelow(rng, shape.locations));
  const neighborhoodOf = (location: number): number =>
    Math.floor((location * shape.neighborhoods) / shape.locations);
  const moveCost = (from: number, to: number): number => {
    if (from === to) return 0;
    return neighborhoodOf(from) === neighborhoodOf(to) ? 1 : 2;
  };
  return places.map((location, machine) => {
    const capacity = usage[machine]!.map((used, at) =>
      Math.floor(Math.max(used, otherUsage[machine]![at]!) * slack),
    );
    return {
      neighborhood: neighborhoodOf(location),
      location,
      capacity,
      soft: capacity.map((hard) => Math.floor(hard * between(rng, ...SOFT_SHARE))),
      moveCosts: places.map((to) => moveCost(location, to)),
    };
  });
}

function usageOf(
  { machines, resources }: ReassignmentShape,
  processes: Processes,
  placing: readonly number[],
): number[][] {
  const usage = Array.from({ length: machines }, () => Array.from({ length: resources }, () => 0));
  for (const [process, machine] of placing.entries()) {
    for (const [at, more] of processes[process]!.demand.entries()) usage[machine]![at]! += more;
  }
  return usage;
}

function servicesOf(
  shape: ReassignmentShape,
  made: {
    readonly processes: Processes;
    readonly machines: Machines;
    readonly start: readonly number[];
  },
  rng: Rng,
): Reassignment['services'] {
  const locations = Array.from({ length: shape.services }, () => new Set<number>());
  const neighborhoods = Array.from({ length: shape.services }, () => new Set<number>());
  for (const [process, { service }] of made.processes.entries()) {
    const { location, neighborhood } = made.machines[made.start[process]!]!;
    locations[service]!.add(location);
    neighborhoods[service]!.add(neighborhood);
  }
  const needs = needsOf(shape, neighborhoods, rng);
  return locations.map(({ size }, service) => ({
    spreadMin:
      size > 1 && chance(rng, SPREAD_CHANCE) ? Math.ceil(size * between(rng, ...SPREAD_SHARE)) : 0,
    needs: needs[service]!,
  }));
}

/** Pairs by chance, of which the second is wherever the first is. */
function needsOf(
  { services, dependencies }: ReassignmentShape,
  neighborhoods: readonly ReadonlySet<number>[],
  rng: Rng,
): number[][] {
  const needs = Array.from({ length: services }, () => new Set<number>());
  let left = dependencies;
  for (let tries = dependencies * TRIES; tries > 0 && left > 0; tries--) {
    const service = integerBelow(rng, services);
    const needed = integerBelow(rng, services);
    const own = neighborhoods[service]!;
    const theirs = neighborhoods[needed]!;
    if (service === needed || needs[service]!.has(needed)) continue;
    if (own.size > theirs.size || ![...own].every((at) => theirs.has(at))) continue;
    needs[service]!.add(needed);
    left--;
  }
  return needs.map((set) => [...set]);
}
