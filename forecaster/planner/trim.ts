import type { Layout } from './layout.js';
import { EPSILON, NOWHERE } from './problem.js';
import type { Rules } from './rules.js';

/** Pairs are tried only in plans of at most so many moves. */
const PAIRED_MOVES_MAX = 256;

/**
 * Takes back every move that the plan is no worse without: alone, or two that lean on each other (a swap is
 * such a pair). What is left is 1-minimal.
 */
export function trim(layout: Layout, rules: Rules): void {
  while (trimOnce(layout, rules));
}

function trimOnce(layout: Layout, rules: Rules): boolean {
  const moved = movedOf(layout);
  let hasTrimmed = false;
  for (const resource of moved) {
    if (takeBack(layout, rules, [resource])) hasTrimmed = true;
  }
  if (hasTrimmed || moved.length > PAIRED_MOVES_MAX) return hasTrimmed;
  for (const [at, first] of moved.entries()) {
    for (const second of moved.slice(at + 1)) {
      if (isPair(layout, first, second) && takeBack(layout, rules, [first, second])) return true;
    }
  }
  return false;
}

/** The resources that moved though they need not have. */
function movedOf({ problem, assignment }: Layout): number[] {
  const { start, allowed } = problem;
  const moved: number[] = [];
  for (let resource = 0; resource < assignment.length; resource++) {
    const home = start[resource]!;
    if (home === NOWHERE || assignment[resource] === home) continue;
    if (allowed[resource]!.mask[home] === 1) moved.push(resource);
  }
  return moved;
}

/** One is where the other was. */
function isPair({ problem: { start }, assignment }: Layout, a: number, b: number): boolean {
  return assignment[a] === start[b] || assignment[b] === start[a];
}

function takeBack(layout: Layout, rules: Rules, resources: readonly number[]): boolean {
  const { problem, overload, pressure, value, groups } = layout;
  const { faults } = groups;
  const wasNoWorse = groups.isNoWorse();
  if (resources.some((resource) => layout.assignment[resource] === problem.start[resource])) {
    return false;
  }
  const areLastResort = resources.every((resource) =>
    rules.isLastResort(resource, layout.assignment[resource]!),
  );
  const mark = layout.mark();
  const touched = resources.flatMap((resource) => [
    layout.assignment[resource]!,
    problem.start[resource]!,
  ]);
  for (const resource of resources) layout.move(resource, problem.start[resource]!);
  const isWithinLimits =
    groups.faults <= faults &&
    (!wasNoWorse || groups.isNoWorse()) &&
    resources.every((resource) => !groups.meets(resource, problem.start[resource]!)) &&
    touched.every((server) => !layout.isBroken(server));
  const isUseless =
    (areLastResort && layout.overload <= overload + EPSILON) ||
    (layout.value <= value + EPSILON &&
      (!layout.isEvening ||
        rules.isInOrder(layout.overload - overload, layout.pressure - pressure, false)));
  if (isWithinLimits && isUseless) return true;
  layout.rollback(mark);
  return false;
}
