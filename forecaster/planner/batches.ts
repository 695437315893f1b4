import type { Reason } from '../../core/plan.js';
import { Loads } from './loads.js';
import { GroupTally } from './group-tally.js';
import type { Problem } from './problem.js';
import { NOWHERE, nobodyOf } from './problem.js';
import type { Shift } from './reasons.js';

export interface ReasonedShift extends Shift {
  readonly reason: Reason;
}

export interface Sequence {
  /**
   * After each of them, in this order, no limit is passed that is not passed at the start or at the end, and no
   * rule of groups is broken that is not at the start.
   */
  readonly batches: readonly (readonly ReasonedShift[])[];
  /** What cannot be switched in batches of this size without passing a limit on the way. */
  readonly left: readonly ReasonedShift[];
}

/**
 * Puts shifts into batches and these in order. Shifts that need each other share one: a resource comes with
 * those that make room for it. Shifts from one server share one too, since they have one reason; those that
 * nobody serves, if they go to one server. The most urgent come first.
 */
export function sequence(
  problem: Problem,
  shifts: readonly ReasonedShift[],
  assignment: Int32Array,
): Sequence {
  return new Sequencer(problem, shifts, assignment).run();
}

class Sequencer {
  readonly #problem: Problem;
  readonly #loads: Loads;
  /** Where everything is on the way. */
  readonly #assignment: Int32Array;
  readonly #groups: GroupTally;
  readonly #batches: ReasonedShift[][] = [];
  /** The most urgent first. */
  #pending: ReasonedShift[];

  constructor(problem: Problem, shifts: readonly ReasonedShift[], assignment: Int32Array) {
    this.#problem = problem;
    this.#pending = [...shifts].sort(byUrgency);
    this.#loads = new Loads(problem, assignment);
    this.#assignment = Int32Array.from(problem.start);
    this.#groups = new GroupTally(problem.grouping, this.#assignment);
    for (const { resource, target } of shifts) {
      const start = problem.start[resource]!;
      this.#loads.remove(resource, target);
      if (start !== NOWHERE) this.#loads.add(resource, start);
    }
    for (const server of problem.servers.keys()) this.#loads.tolerate(server);
  }

  run(): Sequence {
    while (this.#pending.length > 0) {
      const batch = this.#next();
      if (batch === undefined) break;
      this.#batches.push(batch);
    }
    return { batches: this.#batches, left: this.#pending };
  }

  /** The next batch, already applied; undefined: none is possible. */
  #next(): ReasonedShift[] | undefined {
    const wanted = this.#pending.filter(({ reason }) => reason.kind !== 'room');
    for (const seed of [...wanted, ...this.#pending]) {
      const group = this.#groupOf(seed);
      if (group !== undefined) return this.#widened(group);
    }
    return undefined;
  }

  /** The shift and what must go with it; applied. Undefined: it would take too many. */
  #groupOf(seed: ReasonedShift): ReasonedShift[] | undefined {
    const group = [seed];
    this.#apply(seed, 1);
    while (!this.#isSound(group)) {
      const helper = this.#helperOf(group);
      if (helper === undefined || group.length >= this.#problem.batchMovesMax) {
        for (const shift of group) this.#apply(shift, -1);
        return undefined;
      }
      this.#apply(helper, 1);
      group.push(helper);
    }
    return this.#taken(group);
  }

  /** It may be made as one, just as it is: applied, it breaks nothing. */
  #isSound(group: readonly ReasonedShift[]): boolean {
    return (
      this.#groups.isNoWorse() &&
      !group.some((shift) => this.#isBroken(shift.target) || this.#isMet(shift))
    );
  }

  /** A pending shift without which the group breaks something. */
  #helperOf(group: readonly ReasonedShift[]): ReasonedShift | undefined {
    const full = group.find(({ target }) => this.#isBroken(target));
    if (full !== undefined) return this.#helperAt(full.target, group);
    const { groupOf } = this.#problem.grouping;
    const met = group.find((shift) => this.#isMet(shift));
    return this.#pending.find(
      (shift) =>
        !group.includes(shift) &&
        groupOf[shift.resource] !== NOWHERE &&
        (met === undefined
          ? group.some(({ resource }) => this.#areTogether(resource, shift.resource))
          : groupOf[met.resource] === groupOf[shift.resource] && shift.source === met.target),
    );
  }

  /** Of one group, or of two of which one needs the other. */
  #areTogether(a: number, b: number): boolean {
    const { groupOf } = this.#problem.grouping;
    const [first, second] = [groupOf[a]!, groupOf[b]!];
    if (first === NOWHERE || second === NOWHERE) return false;
    return first === second || this.#groups.linkedTo(first).some(({ group }) => group === second);
  }

  #isMet({ resource, target }: ReasonedShift): boolean {
    return this.#groups.meets(resource, target);
  }

  /** The largest pending resource that leaves this server. */
  #helperAt(server: number, group: readonly ReasonedShift[]): ReasonedShift | undefined {
    const { size } = this.#problem;
    let best: ReasonedShift | undefined;
    for (const shift of this.#pending) {
      if (shift.source !== server || group.includes(shift)) continue;
      if (best === undefined || size[shift.resource]! > size[best.resource]!) best = shift;
    }
    return best;
  }

  /** Adds what belongs to the group, as far as it fits: who makes room for it, and its sources' other shifts. */
  #widened(group: ReasonedShift[]): ReasonedShift[] {
    const { batchMovesMax, unservedBatchMovesMax } = this.#problem;
    // What nobody serves, if all of it goes to one server: with company that goes elsewhere it is a batch like any other.
    let isLarge = group.every((each) => isUnserved(each) && each.target === group[0]?.target);
    const added: ReasonedShift[] = [];
    for (const shift of this.#pending) {
      const most = isLarge ? Math.max(batchMovesMax, unservedBatchMovesMax) : batchMovesMax;
      if (group.length >= most) break;
      if (!isRelated(shift, group)) continue;
      const staysLarge = isLarge && isUnserved(shift) && shift.target === group[0]?.target;
      if (group.length >= (staysLarge ? unservedBatchMovesMax : batchMovesMax)) continue;
      this.#apply(shift, 1);
      if (!this.#isSound([...group, shift])) {
        this.#apply(shift, -1);
        continue;
      }
      group.push(shift);
      added.push(shift);
      isLarge = staysLarge;
    }
    this.#taken(added);
    return group;
  }

  #taken(group: ReasonedShift[]): ReasonedShift[] {
    const taken = new Set(group);
    this.#pending = this.#pending.filter((shift) => !taken.has(shift));
    return group;
  }

  #apply({ resource, target }: ReasonedShift, direction: 1 | -1): void {
    const start = this.#problem.start[resource]!;
    const [from, to] = direction === 1 ? [start, target] : [target, start];
    this.#assignment[resource] = to;
    this.#groups.moved(resource, from, to);
    if (from !== NOWHERE) this.#loads.remove(resource, from);
    if (to !== NOWHERE) this.#loads.add(resource, to);
  }

  #isBroken(server: number): boolean {
    const nobody = nobodyOf(this.#problem);
    this.#loads.probe(server, nobody, nobody);
    return this.#loads.isBroken;
  }
}

/** Makes room where the group arrives, or shares the reason: the server that it leaves. */
function isRelated(shift: ReasonedShift, group: readonly ReasonedShift[]): boolean {
  const [first] = group;
  if (first === undefined) return false;
  if (shift.reason.kind === 'room') return group.some(({ target }) => target === shift.source);
  if (shift.reason.kind !== first.reason.kind || shift.source !== first.source) return false;
  // A server that refuses keeps none waiting that go elsewhere.
  return !isUnserved(shift) || shift.target === first.target;
}

function isUnserved({ reason: { kind } }: ReasonedShift): boolean {
  return kind === 'lost' || kind === 'place';
}

const URGENCY: Readonly<Record<Reason['kind'], number>> = {
  lost: 0,
  place: 1,
  pin: 2,
  drain: 3,
  apart: 4,
  spread: 5,
  company: 6,
  overload: 7,
  room: 8,
  imbalance: 9,
  rollback: 10,
};

/** By kind; overloads by how hard the limit is, then by when. */
function byUrgency(a: ReasonedShift, b: ReasonedShift): number {
  return (
    URGENCY[a.reason.kind] - URGENCY[b.reason.kind] ||
    (b.reason.limit ?? 0) - (a.reason.limit ?? 0) ||
    (a.reason.atMs ?? Infinity) - (b.reason.atMs ?? Infinity) ||
    a.resource - b.resource
  );
}
