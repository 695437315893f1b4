import type { ProblemFile } from '../../../forecaster/planner/packing/problem-file.js';
import type { ProblemPlan } from '../../../forecaster/planner/packing/problem-plan.js';

/*
 * What is wrong with the answer to a problem file, in words; written from docs/PROBLEMS.md, by names and plain
 * sums. Shares no code with the planner.
 */

type Where = ReadonlyMap<string, string | null>;
type FileServer = ProblemFile['servers'][number];
type FileResource = ProblemFile['resources'][number];

const TOLERANCE = 1e-6;

export class ProblemReference {
  readonly #file: ProblemFile;
  readonly #areSparesOpen: boolean;

  constructor(file: ProblemFile, areSparesOpen: boolean) {
    this.#file = file;
    this.#areSparesOpen = areSparesOpen;
  }

  start(): Where {
    const lost = new Set(
      this.#file.servers.filter(({ state }) => state === 'lost').map(({ name }) => name),
    );
    return new Map(
      this.#file.resources.map(({ name, server }) => [
        name,
        server === null || lost.has(server) ? null : server,
      ]),
    );
  }

  mayBe(resource: FileResource, server: FileServer): boolean {
    const isUsed = this.#file.resources.some((other) => other.server === server.name);
    const isOpen =
      server.state === 'ready' || (server.state === 'spare' && (this.#areSparesOpen || isUsed));
    if (!isOpen) return false;
    if (resource.pinned !== null) return resource.pinned === server.name;
    return resource.allowed === null || resource.allowed.includes(server.name);
  }

  misplaced(where: Where): string[] {
    return this.#file.resources.flatMap((resource) => {
      const server = this.#file.servers.find(({ name }) => name === where.get(resource.name));
      return server !== undefined && this.mayBe(resource, server) ? [] : [resource.name];
    });
  }

  /** Everything that is on a server; with `other`, what is on it in either. */
  load(server: FileServer, cell: Cell, where: Where, other?: Where): number {
    let sum = at(server.base[cell.dimension] ?? 0, cell.step);
    for (const { name, demand } of this.#file.resources) {
      const isHere = where.get(name) === server.name || other?.get(name) === server.name;
      if (isHere) sum += at(demand[cell.dimension] ?? 0, cell.step);
    }
    return sum;
  }

  capacity(server: FileServer, { dimension, step }: Cell): number {
    const value = server.capacity[dimension];
    return value === undefined ? Infinity : at(value, step);
  }

  cells(): Cell[] {
    return this.#file.dimensions.flatMap(({ name }) =>
      Array.from({ length: this.#file.steps }, (_hole, step) => ({ dimension: name, step })),
    );
  }

  /** Servers and cells that carry too much, and more than at the start. */
  overfull(where: Where, alsoAllowed: readonly Where[] = []): string[] {
    const start = this.start();
    return this.#file.servers.flatMap((server) =>
      this.cells().flatMap((cell) => {
        const isTransient = this.#file.dimensions.find(
          ({ name }) => name === cell.dimension,
        )!.transient;
        const load = this.load(server, cell, where, isTransient ? start : undefined);
        const before = [start, ...alsoAllowed].map((other) => this.load(server, cell, other));
        const limit = Math.max(this.capacity(server, cell), ...before);
        return load > limit * (1 + TOLERANCE) + TOLERANCE
          ? [`${server.name} ${cell.dimension} ${cell.step}: ${load} of ${limit}`]
          : [];
      }),
    );
  }

  /** What is above the capacities, in shares of them. */
  overload(where: Where): number {
    let sum = 0;
    for (const server of this.#file.servers) {
      for (const cell of this.cells()) {
        const capacity = this.capacity(server, cell);
        const above = Math.max(0, this.load(server, cell, where) - capacity);
        sum += capacity > 0 ? above / capacity : above;
      }
    }
    return sum;
  }

  /** Rules of groups that are broken. */
  faults(where: Where): string[] {
    const { groups, servers } = this.#file;
    const zoneOf = (resource: string, kind: string): string | undefined =>
      servers.find(({ name }) => name === where.get(resource))?.zones[kind];
    const zones = (group: string, kind: string): Set<string> =>
      new Set(
        this.#membersOf(group).flatMap((resource) => {
          const zone = zoneOf(resource, kind);
          return zone === undefined ? [] : [zone];
        }),
      );
    return groups.flatMap(({ name, apart, spread, needs }) => {
      const missing = spread === null ? 0 : spread.min - zones(name, spread.over).size;
      return [
        ...(apart ? this.#crowd(where, name) : []),
        ...Array.from(
          { length: Math.max(0, missing) },
          (_hole, index) => `${name} spread ${index}`,
        ),
        ...needs.flatMap(({ group, within }) =>
          [...zones(name, within)]
            .filter((zone) => !zones(group, within).has(zone))
            .map((zone) => `${name} needs ${group} in ${within} ${zone}`),
        ),
      ];
    });
  }

  /** Those of a group that is apart who are on a server where another is, but for the first. */
  #crowd(where: Where, group: string): string[] {
    const servers = this.#membersOf(group).map((member) => where.get(member) ?? null);
    return [...new Set(servers)].flatMap((server) => {
      const count = servers.filter((other) => other === server).length;
      return server === null
        ? []
        : Array.from({ length: count - 1 }, (_hole, index) => `${group} on ${server} ${index}`);
    });
  }

  /** Pairs of a group that is apart, on one server: none may come there, whoever was there. */
  together(where: Where): string[] {
    return this.#file.groups.flatMap(({ name, apart }) => {
      if (!apart) return [];
      const placed = this.#membersOf(name).filter((member) => (where.get(member) ?? null) !== null);
      return placed.flatMap((a, index) =>
        placed
          .slice(index + 1)
          .flatMap((b) =>
            where.get(a) === where.get(b) ? [`${a} with ${b} on ${where.get(a)}`] : [],
          ),
      );
    });
  }

  moved(where: Where): FileResource[] {
    const start = this.start();
    return this.#file.resources.filter(({ name }) => {
      const home = start.get(name) ?? null;
      const now = where.get(name) ?? null;
      return home !== null && now !== null && home !== now;
    });
  }

  cost(where: Where): number {
    const { servers, objective, moves, dimensions, steps } = this.#file;
    let cost = 0;
    for (const server of servers) {
      for (const cell of this.cells()) {
        const capacity = this.capacity(server, cell);
        const soft = server.soft[cell.dimension];
        const limit = soft === undefined ? capacity * objective.target : at(soft, cell.step);
        const given = dimensions.find(({ name }) => name === cell.dimension)!.softWeight;
        const isLimited = capacity > 0 && capacity < Infinity;
        const load = this.load(server, cell, where);
        const own = load - at(server.base[cell.dimension] ?? 0, cell.step);
        cost += ((given ?? (isLimited ? 1 / capacity : 0)) / steps) * Math.max(0, load - limit);
        if (isLimited) cost += (objective.evenWeight * (own / capacity) ** 2) / steps;
      }
    }
    const start = this.start();
    const index = (name: string): number => servers.findIndex((server) => server.name === name);
    const byGroup = new Map<string, number>();
    for (const { name, moveCost, sessions, inFlight, group } of this.moved(where)) {
      cost += moveCost * moves.costWeight;
      cost += sessions * moves.sessionWeight + inFlight * moves.inFlightWeight;
      cost += moves.distances?.[index(start.get(name)!)]![index(where.get(name)!)] ?? 0;
      if (group !== null) byGroup.set(group, (byGroup.get(group) ?? 0) + 1);
    }
    return cost + moves.busiestGroupWeight * Math.max(0, ...byGroup.values());
  }

  #membersOf(group: string): string[] {
    return this.#file.resources
      .filter((resource) => resource.group === group)
      .map(({ name }) => name);
  }
}

interface Cell {
  readonly dimension: string;
  readonly step: number;
}

export function at(value: number | readonly number[], step: number): number {
  return typeof value === 'number' ? value : value[step]!;
}

/** Everything that is wrong with a plan; empty: nothing. */
export function problemFaults(file: ProblemFile, plan: ProblemPlan): string[] {
  const faults: string[] = [];
  const expect = (holds: boolean, fault: string): void => {
    if (!holds) faults.push(fault);
  };
  const spares = new Set(
    file.servers.filter(({ state }) => state === 'spare').map(({ name }) => name),
  );
  const closed = new ProblemReference(file, false);
  const end: Where = new Map(Object.entries(plan.assignment));
  const usesSpare = file.resources.some(({ name, server }) => {
    const now = end.get(name) ?? null;
    return now !== null && now !== server && spares.has(now);
  });
  const reference = usesSpare ? new ProblemReference(file, true) : closed;
  const start = reference.start();

  for (const { name, fixed } of file.resources) {
    expect(!fixed || start.get(name) === end.get(name), `${name} is fixed and moved`);
  }
  const mayStay = new Set(reference.misplaced(start));
  for (const name of reference.misplaced(end)) {
    expect(
      mayStay.has(name) && start.get(name) === end.get(name),
      `${name} was put where it may not be`,
    );
  }
  for (const line of reference.overfull(end)) faults.push(`overfull: ${line}`);
  const atStart = new Set([...reference.faults(start), ...reference.together(start)]);
  for (const line of [...reference.faults(end), ...reference.together(end)]) {
    expect(atStart.has(line), `rule broken: ${line}`);
  }
  checkMoves(file, reference, end, expect);
  checkBatches(file, reference, { plan, end, expect });
  checkScore(reference, { plan, start, end, expect });
  checkMinimal(reference, end, expect);
  return faults;
}

/** What was moved within the hour before the start. */
export function latelyMoved({ resources, startMs }: ProblemFile): ProblemFile['resources'] {
  return resources.filter(
    ({ movedMs }) => movedMs !== null && startMs - movedMs < 3_600_000 && movedMs <= startMs,
  );
}

type Expect = (holds: boolean, fault: string) => void;

function checkMoves(
  file: ProblemFile,
  reference: ProblemReference,
  end: Where,
  expect: Expect,
): void {
  const { max, weightMax, perServerMax, weightPerServerMax, perHourMax, weightPerHourMax } =
    file.moves;
  const moved = reference.moved(end);
  expect(max === null || moved.length <= max, `${moved.length} moves, ${max} allowed`);
  const weight = moved.reduce((sum, { moveWeight }) => sum + moveWeight, 0);
  expect(weightMax === null || weight <= weightMax + TOLERANCE, `weight ${weight} moved`);
  const lately = latelyMoved(file);
  const latelyWeight = lately.reduce((sum, { moveWeight }) => sum + moveWeight, 0);
  expect(
    moved.length === 0 || perHourMax === null || moved.length + lately.length <= perHourMax,
    `${moved.length} moves, ${lately.length} in the hour before`,
  );
  expect(
    weight === 0 ||
      weightPerHourMax === null ||
      weight + latelyWeight <= weightPerHourMax + TOLERANCE,
    `weight ${weight} moved, ${latelyWeight} in the hour before`,
  );
  const start = reference.start();
  for (const { name } of file.servers) {
    const touched = moved.filter(
      (resource) => start.get(resource.name) === name || end.get(resource.name) === name,
    );
    expect(
      perServerMax === null || touched.length <= perServerMax,
      `${name}: ${touched.length} moves`,
    );
    const weightHere = touched.reduce((sum, { moveWeight }) => sum + moveWeight, 0);
    expect(
      weightPerServerMax === null || weightHere <= weightPerServerMax + TOLERANCE,
      `${name}: weight ${weightHere} moved`,
    );
  }
}

/** After each batch nothing is broken that is broken neither at the start nor at the end; single moves count at both ends. */
function checkBatches(
  file: ProblemFile,
  reference: ProblemReference,
  {
    plan,
    end,
    expect,
  }: { readonly plan: ProblemPlan; readonly end: Where; readonly expect: Expect },
): void {
  const start = reference.start();
  let where = new Map(start);
  for (const [index, { moves }] of plan.batches.entries()) {
    const next = new Map(where);
    for (const { resource, source, target } of moves) {
      const from = file.resources.find(({ name }) => name === resource)!.server;
      expect(source === from, `${resource}: from ${source}`);
      next.set(resource, target);
    }
    for (const line of reference.overfull(next)) expect(false, `after batch ${index}: ${line}`);
    const allowed = new Set([start, where, end].flatMap((at) => reference.faults(at)));
    for (const line of reference.faults(next)) {
      expect(allowed.has(line), `after batch ${index}: ${line}`);
    }
    where = next;
  }
  for (const [resource, server] of end) {
    expect((where.get(resource) ?? null) === server, `${resource} is not where the batches put it`);
  }
}

function checkScore(
  reference: ProblemReference,
  {
    plan,
    start,
    end,
    expect,
  }: {
    readonly plan: ProblemPlan;
    readonly start: Where;
    readonly end: Where;
    readonly expect: Expect;
  },
): void {
  const isNear = (a: number, b: number): boolean =>
    Math.abs(a - b) <= TOLERANCE * Math.max(1, Math.abs(b));
  const { nothing, plan: planned } = plan.score;
  expect(isNear(nothing.cost, reference.cost(start)), `cost of nothing ${nothing.cost}`);
  expect(
    isNear(planned.cost, reference.cost(end)),
    `cost ${planned.cost}, is ${reference.cost(end)}`,
  );
  const overloadNow = reference.overload(end);
  expect(isNear(planned.overload, overloadNow), `overload ${planned.overload}, is ${overloadNow}`);
  expect(planned.misplaced === reference.misplaced(end).length, `misplaced ${planned.misplaced}`);
  expect(planned.moves === reference.moved(end).length, `moves ${planned.moves}`);
  expect(planned.misplaced <= nothing.misplaced, 'more is misplaced than before');
  const slack = TOLERANCE * Math.max(1, nothing.cost);
  const isSame =
    planned.misplaced === nothing.misplaced &&
    planned.faults === nothing.faults &&
    planned.overload >= nothing.overload - 1e-9;
  expect(!isSame || planned.cost <= nothing.cost + slack, 'dearer than nothing');
  const isFeasible = planned.misplaced === 0 && planned.faults === 0 && overloadNow < 1e-9;
  expect(plan.feasible === isFeasible, `feasible: ${plan.feasible}`);
  expect(planned.faults === reference.faults(end).length, `faults ${planned.faults}`);
  expect(
    planned.misplaced < nothing.misplaced || planned.overload <= nothing.overload + TOLERANCE,
    'overload grew',
  );
  expect(plan.bound.cost <= planned.cost + slack, `bound ${plan.bound.cost} above ${planned.cost}`);
}

/** Without any one move a limit is broken, or the plan is dearer. */
function checkMinimal(reference: ProblemReference, end: Where, expect: Expect): void {
  const start = reference.start();
  const cost = reference.cost(end);
  const misplaced = reference.misplaced(end).length;
  const overload = reference.overload(end);
  const overfull = (where: Where): number => reference.overfull(where).length;
  const before = new Set(reference.faults(end));
  for (const { name } of reference.moved(end)) {
    const without = new Map(end).set(name, start.get(name)!);
    const isBroken =
      reference.misplaced(without).length > misplaced ||
      overfull(without) > 0 ||
      reference.faults(without).some((line) => !before.has(line));
    const isDearer =
      reference.cost(without) > cost - TOLERANCE || reference.overload(without) > overload;
    expect(isBroken || isDearer, `${name} is moved for nothing`);
  }
}
