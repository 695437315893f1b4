import type { Blocker } from '../../core/plan.js';
import type { PlanningInputs, PlanningResource } from './inputs.js';
import type { Problem } from './problem.js';
import { EPSILON } from './problem.js';
import type { Trial } from './relaxations.js';
import { RELAXATIONS, blocker } from './relaxations.js';
import { isMisplaced, scoreOf } from './score.js';
import { first } from './search.js';
import { shortages } from './shortage.js';
import type { Translation } from './translation.js';
import { translate } from './translation.js';

/** Each kind of blocker is looked for with so much work at most. */
const WORK_UNITS = 50_000;
/** So many names of a kind are given. */
const NAMED_MAX = 3;
/** What is wrong must shrink to this share of itself when a blocker is gone. */
const LEFT_MAX = 0.5;

/** The first aim that an assignment misses, and by how much. */
export interface Miss {
  readonly aim: 'misplaced' | 'faults' | 'overload' | 'pressure';
  readonly amount: number;
}

export function missOf({ problem }: Translation, assignment: Int32Array): Miss | undefined {
  const score = scoreOf(problem, assignment);
  const aims = ['misplaced', 'faults', 'overload', 'pressure'] as const;
  const aim = aims.find((candidate) => score[candidate] > EPSILON);
  return aim === undefined ? undefined : { aim, amount: score[aim] };
}

/**
 * What stands in the way of mending a miss: each limit in turn is taken away and the same search run again;
 * those whose absence helps are named, the smallest first.
 */
export function blockersOf(
  inputs: PlanningInputs,
  translation: Translation,
  { assignment, miss }: { readonly assignment: Int32Array; readonly miss: Miss },
): Blocker[] {
  const homeless = homelessOf(translation, assignment);
  if (homeless.length > 0) return homeless.slice(0, NAMED_MAX);
  /** The search without a limit; undefined: that does not help. */
  const tryOut = (relaxed: PlanningInputs): Trial | undefined => {
    const after = translate(relaxed, { inputs, translation });
    const found = first(after.problem, { workUnits: WORK_UNITS, seed: inputs.seed });
    const left = scoreOf(after.problem, found.assignment)[miss.aim];
    return left <= miss.amount * LEFT_MAX ? { before: translation, after, found } : undefined;
  };
  const named = RELAXATIONS.flatMap(({ relax, name }) => {
    const relaxed = relax(inputs);
    const trial = relaxed === undefined ? undefined : tryOut(relaxed);
    return trial === undefined ? [] : name(trial).slice(0, NAMED_MAX);
  });
  const limit = miss.aim === 'pressure' ? translation.problem.objective.target : 1;
  return [...named, ...shortages(inputs, translation, { limit, tryOut })];
}

/** Misplaced resources that no ready server may take. */
function homelessOf({ problem, resources }: Translation, assignment: Int32Array): Blocker[] {
  const homeless: Blocker[] = [];
  for (let index = 0; index < assignment.length; index++) {
    if (!isMisplaced(problem, index, assignment[index]!)) continue;
    if (problem.allowed[index]!.servers.length > 0) continue;
    homeless.push(homelessBlocker(problem, resources[index]!));
  }
  return homeless;
}

function homelessBlocker(
  { servers }: Problem,
  { id, pinned, eligible, server: current }: PlanningResource,
): Blocker {
  if (pinned !== null && pinned === current) {
    return blocker('pin', { resource: id, server: pinned });
  }
  const unready = servers.find((candidate) => eligible.includes(candidate));
  return unready === undefined
    ? blocker('eligibility', { resource: id, server: current })
    : blocker('server-state', { resource: id, server: unready });
}
