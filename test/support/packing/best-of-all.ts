import type { ProblemFile } from '../../../forecaster/planner/packing/problem-file.js';
import type { ProblemPlan } from '../../../forecaster/planner/packing/problem-plan.js';
import { ProblemReference, latelyMoved } from './problem-checker.js';

/** What a plan is to have little of, the earlier first. */
export interface Aims {
  readonly misplaced: number;
  readonly faults: number;
  readonly overload: number;
  readonly cost: number;
}

/** Sums in another order differ in their last digits. */
const TOLERANCE = 1e-6;

const AIMS = ['misplaced', 'faults', 'overload', 'cost'] as const;

/** How a plan differs from the best assignment of all; undefined: it is as good. Spare servers are not for it. */
export function missedBest(file: ProblemFile, plan: ProblemPlan): string | undefined {
  const best = bestOf(file);
  return worseBy(plan.score.plan, best) === 0 && worseBy(best, plan.score.plan) === 0
    ? undefined
    : `${JSON.stringify(plan.score.plan)} is not ${JSON.stringify(best)}`;
}

/** By how much in the first aim in which they differ; below 0: it is better. 0: they are as good. */
export function worseBy(found: Aims, best: Aims): number {
  for (const aim of AIMS) {
    const difference = found[aim] - best[aim];
    if (Math.abs(difference) > TOLERANCE * Math.max(1, Math.abs(best[aim]))) return difference;
  }
  return 0;
}

export function aimsOf(reference: ProblemReference, where: Where): Aims {
  return {
    misplaced: reference.misplaced(where).length,
    faults: reference.faults(where).length,
    overload: reference.overload(where),
    cost: reference.cost(where),
  };
}

type Moved = ReturnType<ProblemReference['moved']>;
type Where = ReturnType<ProblemReference['start']>;

function isWithinLimits(file: ProblemFile): (moved: Moved, start: Where, end: Where) => boolean {
  const { max, weightMax, perServerMax, weightPerServerMax, perHourMax, weightPerHourMax } =
    file.moves;
  const isFit = (value: number, most: number | null): boolean => most === null || value <= most;
  const weightOf = (list: Moved): number => list.reduce((sum, each) => sum + each.moveWeight, 0);
  const lately = latelyMoved(file);
  const left = (most: number | null, made: number): number | null =>
    most === null ? null : Math.max(0, most - made);
  return (moved, start, end) =>
    isFit(moved.length, max) &&
    isFit(moved.length, left(perHourMax, lately.length)) &&
    isFit(weightOf(moved), weightMax) &&
    isFit(weightOf(moved), left(weightPerHourMax, weightOf(lately))) &&
    file.servers.every(({ name }) => {
      const touched = moved.filter(
        (each) => start.get(each.name) === name || end.get(each.name) === name,
      );
      return isFit(touched.length, perServerMax) && isFit(weightOf(touched), weightPerServerMax);
    });
}

/** Of all assignments that the rules allow. */
export function bestOf(file: ProblemFile): Aims {
  const reference = new ProblemReference(file, false);
  const start = reference.start();
  const tolerated = new Set([...reference.faults(start), ...reference.together(start)]);
  const isWithin = isWithinLimits(file);
  let best: Aims = { misplaced: Infinity, faults: Infinity, overload: Infinity, cost: Infinity };
  const where = new Map(start);
  const judge = (): void => {
    const moved = reference.moved(where);
    const isLegal =
      isWithin(moved, start, where) &&
      [...reference.faults(where), ...reference.together(where)].every((line) =>
        tolerated.has(line),
      ) &&
      reference.overfull(where).length === 0;
    if (!isLegal) return;
    const found = aimsOf(reference, where);
    if (!isLess(found, best)) return;
    best = found;
  };
  const place = (index: number): void => {
    const resource = file.resources[index];
    if (resource === undefined) {
      judge();
      return;
    }
    const home = start.get(resource.name) ?? null;
    const others = resource.fixed
      ? []
      : file.servers.filter((each) => reference.mayBe(resource, each) && each.name !== home);
    for (const name of [home, ...others.map((each) => each.name)]) {
      where.set(resource.name, name);
      place(index + 1);
    }
  };
  place(0);
  return best;
}

function isLess(a: Aims, b: Aims): boolean {
  if (a.misplaced !== b.misplaced) return a.misplaced < b.misplaced;
  if (a.faults !== b.faults) return a.faults < b.faults;
  if (Math.abs(a.overload - b.overload) > 1e-9) return a.overload < b.overload;
  return a.cost < b.cost;
}
