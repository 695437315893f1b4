/*
 * What of a horizon is judged in a rehearsal: groups of steps, each as one target, of which a few steps are looked at, since neighbours
 * miss by about the same. The peak over the horizon is a target of its own.
 */

/** Ends of the groups; the last group goes to the end of the horizon. */
const GROUP_ENDS = [3, 12, 48, 144] as const;
/** So many steps of a group are looked at. */
const LOOKED_AT_MAX = 6;

/** By group: the first step after it, counted from 0. */
export function groupEndsOf(horizonSteps: number): number[] {
  return [...GROUP_ENDS.filter((end) => end < horizonSteps), horizonSteps];
}

/** Every so many of a group are looked at, from its first on. */
export function strideOf(from: number, to: number): number {
  return Math.ceil((to - from) / LOOKED_AT_MAX);
}

/** Steps of all groups that are looked at, counted from 0, ascending. */
export function stepsLookedAt(horizonSteps: number): number[] {
  const steps: number[] = [];
  let from = 0;
  for (const to of groupEndsOf(horizonSteps)) {
    for (let step = from; step < to; step += strideOf(from, to)) steps.push(step);
    from = to;
  }
  return steps;
}
