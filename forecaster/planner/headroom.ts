import type { Blocker } from '../../core/plan.js';
import type { PlannerOptions } from './inputs.js';
import { Loads } from './loads.js';
import type { Loss } from './losses.js';
import { lossesOf } from './losses.js';
import { GroupTally } from './group-tally.js';
import type { Problem } from './problem.js';
import { EPSILON, NOWHERE, nobodyOf } from './problem.js';
import { blocker } from './relaxations.js';
import { emptiestFirst, largestFirst, residentsOf } from './residents.js';

/** So many losses are named, and so many servers looked at for each resource before the first that holds it will do. */
const NAMED_MAX = 3;
const CANDIDATES_MAX = 16;

/** The losses that the others have no room for, most left over first. */
export function headroomBlockers(
  problem: Problem,
  assignment: Int32Array,
  headroom: PlannerOptions['headroom'],
): Blocker[] {
  if (headroom === 'none') return [];
  const refuge = new Refuge(problem, assignment);
  const zones = problem.zones.map((zone) => ({ zone }));
  const missing = lossesOf(zones, headroom).flatMap((loss) => {
    const left = refuge.leftOver(loss.servers);
    return left.length === 0 ? [] : [{ loss, left }];
  });
  return missing
    .map(({ loss, left }) => blockerOf(problem, loss, left))
    .sort((a, b) => (b.amount ?? Infinity) - (a.amount ?? Infinity))
    .slice(0, NAMED_MAX);
}

function blockerOf(problem: Problem, { servers, zone }: Loss, left: readonly number[]): Blocker {
  const [first = NOWHERE] = servers;
  const isZone = zone !== null || servers.size > 1;
  const server = isZone ? null : problem.servers[first]!;
  const alone = left.find((resource) => !hasRefuge(problem, resource, servers));
  if (alone !== undefined) {
    return blocker('headroom', { server, zone, resource: problem.resources[alone]! });
  }
  const amount = left.reduce((sum, resource) => sum + problem.size[resource]!, 0);
  return blocker('headroom', { server, zone, amount: Math.ceil(amount * 10 - EPSILON) / 10 });
}

function hasRefuge({ refuges }: Problem, resource: number, lost: ReadonlySet<number>): boolean {
  return refuges[resource]!.servers.some((server) => !lost.has(server));
}

/** Where the residents of lost servers could go, beside what the others carry. */
class Refuge {
  readonly #problem: Problem;
  readonly #assignment: Int32Array;
  readonly #loads: Loads;
  readonly #groups: GroupTally;
  readonly #residents: readonly number[][];
  /** The emptiest first. */
  readonly #byPeak: readonly number[];

  constructor(problem: Problem, assignment: Int32Array) {
    this.#problem = problem;
    this.#assignment = Int32Array.from(assignment);
    this.#loads = new Loads(problem, assignment);
    this.#groups = new GroupTally(problem.grouping, this.#assignment);
    this.#residents = residentsOf(problem, assignment);
    this.#byPeak = emptiestFirst(problem, assignment);
  }

  /** Of what is on these servers, what finds no room elsewhere: the largest is placed first. */
  leftOver(lost: ReadonlySet<number>): number[] {
    const residents = [...lost]
      .flatMap((server) => this.#residents[server]!)
      .sort(largestFirst(this.#problem));
    const homes = residents.map((resource) => this.#assignment[resource]!);
    for (const resource of residents) this.#move(resource, NOWHERE);
    const left = residents.filter((resource) => !this.#place(resource, lost));
    for (const [at, resource] of residents.entries()) this.#move(resource, homes[at]!);
    return left;
  }

  #place(resource: number, lost: ReadonlySet<number>): boolean {
    const { refuges } = this.#problem;
    const loads = this.#loads;
    let best = NOWHERE;
    let lowest = Infinity;
    let looked = 0;
    for (const server of this.#byPeak) {
      if (lost.has(server) || refuges[resource]!.mask[server] !== 1) continue;
      if (++looked > CANDIDATES_MAX && best !== NOWHERE) break;
      if (this.#groups.meets(resource, server)) continue;
      loads.probe(server, resource, nobodyOf(this.#problem));
      if (loads.isBroken || loads.peak >= lowest) continue;
      best = server;
      lowest = loads.peak;
    }
    if (best !== NOWHERE) this.#move(resource, best);
    return best !== NOWHERE;
  }

  #move(resource: number, to: number): void {
    const from = this.#assignment[resource]!;
    if (from === to) return;
    this.#assignment[resource] = to;
    this.#groups.moved(resource, from, to);
    if (from !== NOWHERE) this.#loads.remove(resource, from);
    if (to !== NOWHERE) this.#loads.add(resource, to);
  }
}
