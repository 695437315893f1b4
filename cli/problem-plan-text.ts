import { counted } from '../core/text.js';
import type { ProblemPlan } from '../forecaster/planner/packing/problem-plan.js';
import type { PackingScore } from '../forecaster/planner/packing/score.js';

/** A problem file as it is, with changes if nothing is done, and with the plan for that. */
export function problemWhatIfText(
  changes: readonly string[],
  { score: asIs }: ProblemPlan,
  after: ProblemPlan,
): string {
  return [
    `If ${changes.join(' and ')}:`,
    `  as it is    ${standing(asIs.nothing)}`,
    `  if nothing  ${standing(after.score.nothing)}`,
    problemPlanText(after),
  ].join('\n');
}

function standing({ peak, misplaced, faults, overload, cost }: PackingScore): string {
  return [
    `peak ${number(peak)}`,
    ...(misplaced > 0 ? [`${misplaced} misplaced`] : []),
    ...(faults > 0 ? [`${counted(faults, 'rule')} of groups broken`] : []),
    ...(overload > 0 ? [`overload ${number(overload)}`] : []),
    `cost ${number(cost)}`,
  ].join(', ');
}

/** The plan of a problem file in a few lines. */
export function problemPlanText({
  score,
  bound,
  batches,
  feasible,
  stopped,
  blockers,
}: ProblemPlan): string {
  const { nothing, plan } = score;
  const groups = batches.length === 1 ? '1 batch' : `${batches.length} batches`;
  const lines = [
    `${counted(plan.moves, 'move')} in ${groups}, ${feasible ? 'feasible' : 'not feasible'}, ended by ${stopped}`,
    `  cost ${number(nothing.cost)} -> ${number(plan.cost)}; none as good in the earlier aims costs less than ${number(bound.cost)}`,
    `  peak ${number(nothing.peak)} -> ${number(plan.peak)}; no plan is below ${number(bound.peak)}`,
    ...blockers.map(({ kind, resource, server, dimension, amount }) => {
      const of = [resource, server, dimension].filter((part) => part !== null).join(', ');
      return `  blocked by ${kind}${of === '' ? '' : ` (${of})`}${amount === null ? '' : `: ${number(amount)} more`}`;
    }),
  ];
  return lines.join('\n');
}

function number(value: number): string {
  return String(Number(value.toPrecision(6)));
}
