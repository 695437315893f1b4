import type { Layout } from './layout.js';
import { NOWHERE, movedBetween } from './problem.js';
import { largestFirst } from './residents.js';
import type { Rules } from './rules.js';
import { trim } from './trim.js';

/**
 * Makes the moves of an earlier plan again, as far as every limit allows it now, the largest first: where a search
 * begins that has little left to do. What only fits after others went is tried again once they did; what is worth
 * nothing any more stays, before another takes its place.
 * @param wanted where that plan would have each resource; `NOWHERE`: it does not say
 * @returns whether anything was moved
 */
export function resume(layout: Layout, rules: Rules, wanted: Int32Array): boolean {
  const { assignment, problem } = layout;
  let left: number[] = [];
  for (let resource = 0; resource < wanted.length; resource++) {
    const target = wanted[resource]!;
    if (target !== NOWHERE && target !== assignment[resource]) left.push(resource);
  }
  left.sort(largestFirst(problem));
  for (let before = Infinity; left.length < before;) {
    before = left.length;
    left = left.filter((resource) => !resumeOne(layout, rules, { resource, wanted }));
  }
  trim(layout, rules);
  return movedBetween(problem.start, assignment).length > 0;
}

function resumeOne(
  layout: Layout,
  rules: Rules,
  { resource, wanted }: { readonly resource: number; readonly wanted: Int32Array },
): boolean {
  const target = wanted[resource]!;
  if (!rules.canMove(resource) || !rules.canTake(target, resource)) return false;
  if (!layout.canAfford(layout.extraMoves(resource, target))) return false;
  layout.probe(target, resource, layout.nobody);
  if (layout.loads.isBroken) return false;
  layout.move(resource, target);
  return true;
}
