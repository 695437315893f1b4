import type { ProblemFile } from '../../../forecaster/planner/packing/problem-file.js';
import type { Terms } from '../linear-program.js';
import { LinearProgram } from '../linear-program.js';
import { ProblemReference, at, latelyMoved } from './problem-checker.js';

/*
 * A problem file as a mixed-integer linear program, written from docs/PROBLEMS.md: an independent judge of how good a
 * plan could be. Spare servers and unevenness, which is a square, are not for it.
 */

/** Of each of the four aims. */
const SECONDS = 5;
/** What an aim may be above its optimum while a later one is lowered: HiGHS's own tolerance. */
const SLACK = 1e-6;

/** Where everything is in an optimal assignment; undefined: none was proven in time. */
export async function optimalAssignment(
  file: ProblemFile,
): Promise<ReadonlyMap<string, string | null> | undefined> {
  const model = new Model(file, await LinearProgram.create());
  return model.solve();
}

class Model {
  readonly #file: ProblemFile;
  readonly #program: LinearProgram;
  readonly #reference: ProblemReference;
  readonly #start: ReadonlyMap<string, string | null>;

  constructor(file: ProblemFile, program: LinearProgram) {
    this.#file = file;
    this.#program = program;
    this.#reference = new ProblemReference(file, false);
    this.#start = this.#reference.start();
  }

  solve(): ReadonlyMap<string, string | null> | undefined {
    const counts = [this.#misplaced(), this.#faults()];
    const loads = this.#loads();
    this.#limitMoves();
    let ones: ReadonlySet<string> = new Set();
    for (const aim of [...counts, ...loads]) {
      const found = this.#program.minimum(aim, SECONDS);
      if (found === undefined) return undefined;
      ({ ones } = found);
      const slack = counts.includes(aim) ? 0.5 : SLACK * Math.max(1, found.value);
      this.#program.atMost(aim, found.value + slack);
    }
    return new Map(
      this.#file.resources.map(({ name }, r) => {
        const s = this.#file.servers.findIndex((_server, index) => ones.has(isOn(r, index)));
        return [name, this.#file.servers[s]?.name ?? null];
      }),
    );
  }

  /** Every resource is on one server where it may be, or where it was: there, or without any, it may be misplaced. */
  #misplaced(): Terms {
    const { resources, servers } = this.#file;
    const misplaced = new Map<string, number>();
    for (const [r, resource] of resources.entries()) {
      const choices = new Map<string, number>();
      for (const [s, server] of servers.entries()) {
        const on = this.#program.binary(isOn(r, s));
        if (!this.#isChoice(r, s)) {
          this.#program.equal(one(on), 0);
          continue;
        }
        choices.set(on, 1);
        if (!this.#reference.mayBe(resource, server)) misplaced.set(on, 1);
      }
      if ((this.#start.get(resource.name) ?? null) === null) {
        choices.set(this.#program.binary(`nowhere${r}`), 1);
        misplaced.set(`nowhere${r}`, 1);
      }
      this.#program.equal(choices, 1);
    }
    return misplaced;
  }

  /** Where it was, and where it may go. */
  #isChoice(r: number, s: number): boolean {
    const resource = this.#file.resources[r]!;
    const server = this.#file.servers[s]!;
    if (this.#start.get(resource.name) === server.name) return true;
    return !resource.fixed && this.#reference.mayBe(resource, server);
  }

  #isHome(r: number, s: number): boolean {
    return this.#start.get(this.#file.resources[r]!.name) === this.#file.servers[s]!.name;
  }

  #membersOf(group: string): number[] {
    return [...this.#file.resources.keys()].filter((r) => this.#file.resources[r]!.group === group);
  }

  /** Rules of groups that are broken: none that was not at the start. */
  #faults(): Terms {
    const { groups, servers } = this.#file;
    const faults = new Map<string, number>();
    const atStart = new Set(this.#reference.faults(this.#start));
    for (const [g, { name, apart, spread, needs }] of groups.entries()) {
      const members = this.#membersOf(name);
      if (apart)
        for (const s of servers.keys()) this.#keepApart(`crowd${g}_${s}`, members, s, faults);
      if (spread !== null) {
        const short = `short${g}`;
        const zones = new Map([[short, 1]]);
        for (const zone of this.#zonesOf(spread.over)) {
          zones.set(this.#presence(`in${g}_${zone}`, members, spread.over, zone), 1);
        }
        this.#program.atLeast(zones, spread.min);
        const before = [...atStart].filter((fault) => fault.startsWith(`${name} spread `)).length;
        this.#program.atMost(one(short), before);
        faults.set(short, 1);
      }
      for (const { group, within } of needs) {
        if (group === name) continue;
        for (const zone of this.#zonesOf(within)) {
          const lonely = `lonely${g}_${zone}`;
          const company = this.#presence(`by${g}_${zone}`, this.#membersOf(group), within, zone);
          for (const [variable] of this.#onZone(members, within, zone)) {
            this.#program.atMost(
              new Map([
                [variable, 1],
                [company, -1],
                [lonely, -1],
              ]),
              0,
            );
          }
          const isBroken = atStart.has(`${name} needs ${group} in ${within} ${zone}`);
          this.#program.atMost(one(lonely), isBroken ? 1 : 0);
          faults.set(lonely, 1);
        }
      }
    }
    return faults;
  }

  /** No two share a server that did not at the start; each beyond the first is a fault. */
  #keepApart(
    crowd: string,
    members: readonly number[],
    s: number,
    faults: Map<string, number>,
  ): void {
    for (const [index, a] of members.entries()) {
      for (const b of members.slice(index + 1)) {
        if (this.#isHome(a, s) && this.#isHome(b, s)) continue;
        this.#program.atMost(
          new Map([
            [isOn(a, s), 1],
            [isOn(b, s), 1],
          ]),
          1,
        );
      }
    }
    this.#program.atMost(
      new Map([...members.map((r): [string, number] => [isOn(r, s), 1]), [crowd, -1]]),
      1,
    );
    faults.set(crowd, 1);
  }

  #zonesOf(kind: string): string[] {
    return [...new Set(this.#file.servers.flatMap(({ zones }) => zones[kind] ?? []))];
  }

  #onZone(members: readonly number[], kind: string, zone: string): Map<string, number> {
    const { servers } = this.#file;
    return new Map(
      members.flatMap((r) =>
        [...servers.keys()].flatMap((s): [string, number][] =>
          servers[s]!.zones[kind] === zone ? [[isOn(r, s), 1]] : [],
        ),
      ),
    );
  }

  /** At most 1, and 0 where none of them is in that zone. */
  #presence(name: string, members: readonly number[], kind: string, zone: string): string {
    this.#program.atMost(one(name), 1);
    const absent = new Map([...this.#onZone(members, kind, zone)].map(([on]) => [on, -1]));
    this.#program.atMost(absent.set(name, 1), 0);
    return name;
  }

  /** No capacity is passed that the start does not pass, nor by more. Overload; then soft capacities and moves. */
  #loads(): [Terms, Terms] {
    const { servers, objective, dimensions, steps, resources } = this.#file;
    const overload = new Map<string, number>();
    const cost = this.#moveCosts();
    for (const [s, server] of servers.entries()) {
      for (const [c, cell] of this.#reference.cells().entries()) {
        const demandOf = (r: number): number =>
          at(resources[r]!.demand[cell.dimension] ?? 0, cell.step);
        const base = at(server.base[cell.dimension] ?? 0, cell.step);
        const capacity = this.#reference.capacity(server, cell);
        const dimension = dimensions.find(({ name }) => name === cell.dimension)!;
        const load = new Map([...resources.keys()].map((r) => [isOn(r, s), demandOf(r)]));
        if (capacity < Infinity) {
          const most = Math.max(capacity, this.#reference.load(server, cell, this.#start));
          const held = [...resources.keys()].filter(
            (r) => dimension.transient && this.#isHome(r, s),
          );
          const arriving = new Map(
            [...load].filter(([on]) => !held.some((r) => on === isOn(r, s))),
          );
          this.#program.atMost(
            arriving,
            most - base - held.reduce((sum, r) => sum + demandOf(r), 0),
          );
          if (!dimension.transient) this.#program.atMost(load, most - base);
          const above = `over${s}_${c}`;
          this.#program.atMost(new Map(load).set(above, -1), capacity - base);
          overload.set(above, capacity > 0 ? 1 / capacity : 1);
        }
        const soft = server.soft[cell.dimension];
        const limit = soft === undefined ? capacity * objective.target : at(soft, cell.step);
        const isLimited = capacity > 0 && capacity < Infinity;
        const weight = (dimension.softWeight ?? (isLimited ? 1 / capacity : 0)) / steps;
        if (limit === Infinity || weight === 0) continue;
        const above = `soft${s}_${c}`;
        this.#program.atMost(new Map(load).set(above, -1), limit - base);
        cost.set(above, weight);
      }
    }
    return [overload, cost];
  }

  /** Where a resource goes that had a server. */
  *#moves(): Generator<{ readonly r: number; readonly s: number; readonly home: number }> {
    const { resources, servers } = this.#file;
    for (const [r, { name }] of resources.entries()) {
      const home = servers.findIndex((server) => server.name === this.#start.get(name));
      if (home === -1) continue;
      for (const s of servers.keys()) if (s !== home && this.#isChoice(r, s)) yield { r, s, home };
    }
  }

  #moveCosts(): Map<string, number> {
    const { moves, resources } = this.#file;
    const costs = new Map<string, number>();
    const byGroup = new Map<string, Map<string, number>>();
    for (const { r, s, home } of this.#moves()) {
      const { moveCost, sessions, inFlight, group } = resources[r]!;
      const price =
        moveCost * moves.costWeight +
        sessions * moves.sessionWeight +
        inFlight * moves.inFlightWeight;
      costs.set(isOn(r, s), price + (moves.distances?.[home]![s] ?? 0));
      if (group === null) continue;
      byGroup.set(group, (byGroup.get(group) ?? new Map<string, number>()).set(isOn(r, s), 1));
    }
    for (const movesOfGroup of byGroup.values()) {
      this.#program.atMost(movesOfGroup.set('busiest', -1), 0);
    }
    return costs.set('busiest', moves.busiestGroupWeight);
  }

  #limitMoves(): void {
    const { moves, servers, resources } = this.#file;
    const lately = latelyMoved(this.#file);
    const latelyWeight = lately.reduce((sum, { moveWeight }) => sum + moveWeight, 0);
    const all = [...this.#moves()];
    const limit = (list: typeof all, most: number | null, byWeight: boolean): void => {
      if (most === null) return;
      const terms = list.map(({ r, s }): [string, number] => [
        isOn(r, s),
        byWeight ? resources[r]!.moveWeight : 1,
      ]);
      this.#program.atMost(new Map(terms), Math.max(0, most));
    };
    const less = (most: number | null, made: number): number | null =>
      most === null ? null : most - made;
    limit(all, moves.max, false);
    limit(all, moves.weightMax, true);
    limit(all, less(moves.perHourMax, lately.length), false);
    limit(all, less(moves.weightPerHourMax, latelyWeight), true);
    for (const at of servers.keys()) {
      const touching = all.filter(({ s, home }) => s === at || home === at);
      limit(touching, moves.perServerMax, false);
      limit(touching, moves.weightPerServerMax, true);
    }
  }
}

/** The variable that says whether a resource is on a server, both by index. */
function isOn(r: number, s: number): string {
  return `x${r}_${s}`;
}

function one(variable: string): Terms {
  return new Map([[variable, 1]]);
}
