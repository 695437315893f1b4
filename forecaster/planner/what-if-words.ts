import type { PlanScore } from '../../core/plan.js';
import { counted } from '../../core/text.js';
import type { Change } from './changed.js';
import { changeWords } from './change-text.js';
import type { Breach, WhatIf, World } from './what-if.js';
import { blockerWords, noPlanWords, ofIts, percentWords, timeWords } from './words.js';

/** The words of a what-if: a headline, how the fleet stands in each case, what the plan would and would not avoid. */
export interface WhatIfWords {
  readonly headline: string;
  /** As it is; with the change if nothing is done; and with the plan. */
  readonly asIs: string;
  readonly nothing: string;
  readonly plan: string;
  /** What would come to pass by the change, and does not with the plan. */
  readonly avoided: readonly string[];
  /** What would, even with the plan. */
  readonly left: readonly string[];
  readonly blocked: readonly string[];
}

/** So many breaches are told one by one. */
const BREACHES_TOLD_MAX = 20;

/** @param nowMs of the day that need not be named */
export function whatIfWords(
  { before, after }: WhatIf,
  changes: readonly Change[],
  nowMs?: number,
): WhatIfWords {
  const left = new Set(after.breaches.plan.map(keyOf));
  const avoided = after.breaches.nothing.filter((breach) => !left.has(keyOf(breach)));
  return {
    headline: headlineOf(after, changes),
    asIs: standingWords(before.score.nothing, before.breaches.nothing),
    nothing: standingWords(after.score.nothing, after.breaches.nothing),
    plan: standingWords(after.score.plan, after.breaches.plan),
    avoided: [
      ...homelessWords(after.score.nothing.misplaced - after.score.plan.misplaced),
      ...breachesWords(avoided, nowMs),
    ],
    left: [
      ...homelessWords(after.score.plan.misplaced),
      ...breachesWords(after.breaches.plan, nowMs),
    ],
    blocked: after.blockers.map(blockerWords),
  };
}

/** "If s1 were lost: 12 moves would follow; the fullest server would peak at 83 % instead of 71 %." */
function headlineOf({ batches, none, score }: World, changes: readonly Change[]): string {
  const what = changes.map(changeWords).join(' and ');
  const start = what === '' ? 'As it is' : `If ${what}`;
  if (none !== null) return `${start}: nothing would be moved. ${noPlanWords(none)}`;
  const moves = batches.reduce((sum, batch) => sum + batch.moves.length, 0);
  const { nothing, plan } = score;
  const instead = nothing.peak === plan.peak ? '' : ` instead of ${percentWords(nothing.peak)}`;
  return `${start}: ${counted(moves, 'move')} would follow; the fullest server would peak at ${percentWords(plan.peak)}${instead}.`;
}

/** "the fullest server peaks at 108 %; 1 server over its capacity; 12 resources without a server that may have them" */
function standingWords(
  { peak, misplaced, faults }: PlanScore,
  breaches: readonly Breach[],
): string {
  const over = new Set(breaches.map(({ server }) => server)).size;
  return [
    `the fullest server peaks at ${percentWords(peak)}`,
    ...(over > 0 ? [`${counted(over, 'server')} over capacity`] : []),
    ...homelessWords(misplaced),
    ...(faults > 0 ? [`${counted(faults, 'rule')} of groups broken`] : []),
  ].join('; ');
}

function homelessWords(misplaced: number): string[] {
  return misplaced > 0 ? [`${counted(misplaced, 'resource')} without a server to stay on`] : [];
}

function breachesWords(breaches: readonly Breach[], nowMs: number | undefined): string[] {
  const told = breaches
    .slice(0, BREACHES_TOLD_MAX)
    .map(
      ({ server, dimension, atMs, peak }) =>
        `${server} would reach ${percentWords(peak, 1)} ${ofIts(dimension)}, over it from ${timeWords(atMs, nowMs)}`,
    );
  const more = breaches.length - told.length;
  return more > 0 ? [...told, `and ${more} more`] : told;
}

function keyOf({ server, dimension }: Breach): string {
  return `${server} ${dimension}`;
}
