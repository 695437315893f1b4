import type { Grid } from '../../core/panel.js';
import type { ReasonedShift } from './batches.js';
import { sequence } from './batches.js';
import { Layout } from './layout.js';
import type { Problem } from './problem.js';
import { NOWHERE, movedBetween } from './problem.js';
import { Reasons } from './reasons.js';
import { Rules } from './rules.js';
import { trim } from './trim.js';

export interface Switchable {
  readonly batches: readonly (readonly ReasonedShift[])[];
  /** Where everything is after them. */
  readonly assignment: Int32Array;
}

/**
 * The part of an assignment that can be reached in batches, no limit passed on the way. What cannot stays
 * where it is, and so does what then is no longer worth a move.
 */
export function switchable(problem: Problem, assignment: Int32Array, grid: Grid): Switchable {
  let wanted = assignment;
  for (;;) {
    const { batches, left } = sequence(problem, reasoned(problem, wanted, grid), wanted);
    if (left.length === 0) return { batches, assignment: wanted };
    const reached = Int32Array.from(wanted);
    for (const { resource } of left) reached[resource] = problem.start[resource]!;
    const layout = new Layout(problem, reached);
    retreat(layout);
    tolerateForced(layout);
    trim(layout, new Rules(layout));
    wanted = Int32Array.from(layout.assignment);
  }
}

/**
 * Sends home what fills a server beyond its limits now that others stay, or breaks a rule of its group: in the end
 * everything is at home. Only what has no home may overload a server.
 */
function retreat(layout: Layout): void {
  const { problem, assignment, groups } = layout;
  const { groupOf } = problem.grouping;
  const isStranded = (server: number, resource: number): boolean => {
    const home = problem.start[resource]!;
    if (server === home) return false;
    if (groups.meets(resource, server)) return true;
    if (home === NOWHERE) return false;
    return layout.isBroken(server) || (groupOf[resource] !== NOWHERE && !groups.isNoWorse());
  };
  for (;;) {
    const stranded = assignment.findIndex(isStranded);
    if (stranded < 0) return;
    layout.move(stranded, problem.start[stranded]!);
  }
}

/** What nobody else serves stays even where it is too much: others are judged beside it. */
function tolerateForced(layout: Layout): void {
  for (const server of layout.problem.servers.keys()) {
    if (layout.isBroken(server)) layout.loads.tolerate(server);
  }
}

function reasoned(problem: Problem, assignment: Int32Array, grid: Grid): ReasonedShift[] {
  const reasons = new Reasons(problem, assignment, grid);
  const { start, origin } = problem;
  return movedBetween(start, assignment).map((resource) => {
    const shift = { resource, source: origin[resource]!, target: assignment[resource]! };
    return { ...shift, reason: reasons.of(shift) };
  });
}
