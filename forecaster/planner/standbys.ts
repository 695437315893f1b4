import { Loads } from './loads.js';
import { GroupTally } from './group-tally.js';
import type { Problem } from './problem.js';
import { EPSILON, NOWHERE, nobodyOf } from './problem.js';
import { emptiestFirst, residentsOf } from './residents.js';

/** So many of the emptiest servers are looked at first; all others only if none of them will do. */
const CANDIDATES_MAX = 16;

/**
 * Where each resource goes if its server is lost, one server lost at a time: such that all of it fits
 * together, where capacity allows. What stands now stays if it still fits.
 * @param current of each resource; `NOWHERE`: none
 * @returns the standby of each resource; `NOWHERE` where no other server may serve it
 */
export function standbysFor(
  problem: Problem,
  assignment: Int32Array,
  current: Int32Array,
): Int32Array {
  const choice = new StandbyChoice(problem, assignment);
  const standbys = new Int32Array(assignment.length).fill(NOWHERE);
  for (const [server, residents] of residentsOf(problem, assignment).entries()) {
    const kept = choice.rehome(server, residents, current);
    const found = kept.isWithinLimits ? kept : choice.rehome(server, residents, null);
    for (const [at, resource] of residents.entries()) standbys[resource] = found.targets[at]!;
  }
  return standbys;
}

interface Rehoming {
  /** In the order of the residents. */
  readonly targets: readonly number[];
  readonly isWithinLimits: boolean;
}

class StandbyChoice {
  readonly #problem: Problem;
  readonly #loads: Loads;
  readonly #groups: GroupTally;
  /** The emptiest first. */
  readonly #byPeak: readonly number[];

  constructor(problem: Problem, assignment: Int32Array) {
    this.#problem = problem;
    this.#loads = new Loads(problem, assignment);
    this.#groups = new GroupTally(problem.grouping, assignment);
    this.#byPeak = emptiestFirst(problem, assignment);
  }

  /** Finds each resident another server, as if its own were gone, the largest first. */
  rehome(server: number, residents: readonly number[], current: Int32Array | null): Rehoming {
    const targets: number[] = [];
    let isWithinLimits = true;
    for (const resource of residents) {
      const kept = current?.[resource] ?? NOWHERE;
      let target = this.#fits(kept, resource, server) ? kept : NOWHERE;
      if (target === NOWHERE) target = this.#best(resource, server);
      if (target !== NOWHERE) {
        this.#loads.probe(target, resource, nobodyOf(this.#problem));
        isWithinLimits &&= !this.#loads.isBroken;
        this.#loads.add(resource, target);
      }
      targets.push(target);
    }
    for (const [at, resource] of residents.entries()) {
      const target = targets[at]!;
      if (target !== NOWHERE) this.#loads.remove(resource, target);
    }
    return { targets, isWithinLimits };
  }

  #fits(target: number, resource: number, lost: number): boolean {
    if (target === NOWHERE || target === lost) return false;
    if (!this.#mayServe(target, resource)) return false;
    this.#loads.probe(target, resource, nobodyOf(this.#problem));
    return !this.#loads.isBroken;
  }

  /** It is ready to, and serves no other of a group that is apart. */
  #mayServe(target: number, resource: number): boolean {
    const { refuges } = this.#problem;
    return refuges[resource]!.mask[target] === 1 && !this.#groups.meets(resource, target);
  }

  /** Where it overloads least; then in another zone; then where the peak stays lowest. */
  #best(resource: number, lost: number): number {
    const { zones } = this.#problem;
    const loads = this.#loads;
    let best = NOWHERE;
    let leastOverload = Infinity;
    let lowest = Infinity;
    let looked = 0;
    for (const target of this.#byPeak) {
      if (target === lost || !this.#mayServe(target, resource)) continue;
      if (++looked > CANDIDATES_MAX && leastOverload <= EPSILON) break;
      loads.probe(target, resource, nobodyOf(this.#problem));
      const isNear = zones[target] !== null && zones[target] === zones[lost];
      const rank = loads.pressure + (isNear ? 1 : 0) + loads.peak;
      const isBetter =
        loads.overload < leastOverload - EPSILON ||
        (loads.overload < leastOverload + EPSILON && rank < lowest - EPSILON);
      if (!isBetter) continue;
      best = target;
      leastOverload = Math.min(leastOverload, loads.overload);
      lowest = rank;
    }
    return best;
  }
}
