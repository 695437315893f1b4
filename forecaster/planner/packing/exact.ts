import { NOWHERE } from '../problem.js';
import { movablesOf } from './packing.js';
import { copyOf, isBetter } from './standing.js';
import type { Standing } from './standing.js';
import type { Tableau } from './tableau.js';

/** With more assignments than this a search by chance is the better use of the time. */
const ASSIGNMENTS_MAX = 20_000;

/** Whether all assignments can be tried: there are few. */
export function isCountable(tableau: Tableau): boolean {
  let count = 1;
  for (const resource of movablesOf(tableau.packing)) {
    count *= choicesOf(tableau, resource).length;
    if (count > ASSIGNMENTS_MAX) return false;
  }
  return true;
}

/**
 * Tries every assignment that keeps the limits; the tableau then is the best. What it finds is proven: no plan is
 * better.
 */
export function tryAll(tableau: Tableau): void {
  const resources = [...movablesOf(tableau.packing)];
  rearrange(tableau, {
    resources,
    choices: resources.map((resource) => choicesOf(tableau, resource)),
  });
}

/** Resources to take off their servers, and where each may go. */
export interface Part {
  readonly resources: readonly number[];
  readonly choices: readonly (readonly number[])[];
  /** Ends after so many places were tried. */
  readonly triesMax?: number;
  /** How much worse than now another assignment may be: the first found is taken. */
  readonly leeway?: Leeway | undefined;
}

export interface Leeway {
  readonly faults: number;
  readonly over: number;
  readonly value: number;
}

/**
 * Tries every way to put the resources back that keeps the limits, those that cannot be better cut off early. The tableau
 * then is the best of them; as it was, if that is none.
 */
export function rearrange(
  tableau: Tableau,
  { resources, choices, triesMax = Infinity, leeway }: Part,
): void {
  const { start } = tableau.packing;
  const before = resources.map((resource) => tableau.assignment[resource]!);
  let best: readonly number[] = before;
  let standing: Standing = copyOf(tableau);
  const mayBreakRules = (leeway?.faults ?? 0) > 0 || !tableau.groups.isNoWorse();
  if (leeway !== undefined) {
    standing = {
      ...standing,
      faults: standing.faults + leeway.faults,
      over: standing.over + leeway.over,
      value: standing.value + leeway.value,
    };
  }
  let triesLeft = triesMax;
  for (const resource of resources) tableau.move(resource, NOWHERE);
  const place = (index: number): void => {
    const resource = resources[index];
    if (resource === undefined) {
      if (!isBetter(tableau, standing) || !(mayBreakRules || tableau.groups.isNoWorse())) return;
      const found = resources.map((each) => tableau.assignment[each]!);
      if (leeway !== undefined) {
        if (found.every((server, at) => server === before[at])) return;
        triesLeft = 0;
      }
      standing = copyOf(tableau);
      best = found;
      return;
    }
    if (isHopeless(tableau, standing, resources.length - index)) return;
    for (const server of choices[index]!) {
      if (triesLeft-- <= 0) return;
      tableau.work++;
      const isHome = server === start[resource];
      if (
        server !== NOWHERE &&
        !(isHome ? tableau.canStay(resource) : tableau.canMove(resource, server))
      )
        continue;
      tableau.move(resource, server);
      place(index + 1);
      tableau.move(resource, NOWHERE);
    }
  };
  place(0);
  for (const [at, resource] of resources.entries()) tableau.move(resource, best[at]!);
}

/**
 * However what is `left` is placed, it comes out no better: each more makes overload and cost more, if anything. Not so the
 * broken rules of groups, nor a further term.
 */
function isHopeless(tableau: Tableau, standing: Standing, left: number): boolean {
  // What has no server yet is counted as misplaced.
  const misplaced = tableau.misplaced - left;
  if (misplaced !== standing.misplaced) return misplaced > standing.misplaced;
  if (standing.faults > 0 || tableau.hasTerm) return false;
  return !isBetter({ misplaced, faults: 0, over: tableau.over, value: tableau.value }, standing);
}

/** Where it may be, and where it is. */
export function choicesOf({ packing: { allowed, start } }: Tableau, resource: number): number[] {
  const home = start[resource]!;
  const mask = allowed[resource]!;
  return [home, ...[...mask.keys()].filter((server) => mask[server] === 1 && server !== home)];
}
