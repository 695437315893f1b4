import type { Disproved } from '../../core/plan.js';
import type { Explanation, Fit } from './explain.js';
import {
  blockerWords,
  momentWords,
  noPlanWords,
  ofIts,
  percentWords,
  reasonWords,
  timeWords,
} from './words.js';

/** The words of an explanation: a headline, a line a server, what else holds it. */
export interface ExplanationWords {
  readonly headline: string;
  readonly fits: readonly string[];
  readonly notes: readonly string[];
}

/** @param nowMs of the day that need not be named */
export function explanationWords(explanation: Explanation, nowMs?: number): ExplanationWords {
  const { fits, pinned, coolingUntilMs, plannedAtMs, disproved } = explanation;
  const notes = [
    pinned === null ? 'It is not pinned.' : `It is pinned to ${pinned}.`,
    coolingUntilMs === null
      ? 'It is not resting from a move.'
      : `It rests from its last move until ${timeWords(coolingUntilMs, nowMs)}: before that it moves only to take away overload.`,
    ...disproved.map(disprovedWords),
    ...momentWords(plannedAtMs, nowMs ?? plannedAtMs),
  ];
  return {
    headline: headlineOf(explanation, nowMs),
    fits: fits.map((fit) => fitWords(fit, nowMs)),
    notes,
  };
}

function headlineOf(
  { resource, server, verdict, move, none }: Explanation,
  nowMs: number | undefined,
): string {
  const where = server === null ? `${resource} has no server` : `${resource} is on ${server}`;
  switch (verdict) {
    case 'moves':
      return move === null
        ? `${where}.`
        : `${where} and should go to ${move.target}: ${reasonWords(move.reason, nowMs)}.`;
    case 'under-way':
      return `${where}; a move of it is approved or under way.`;
    case 'stuck':
      return `${where} and cannot be moved: ${none?.blockers.map(blockerWords).join('; ') ?? 'other moves come first'}.`;
    case 'stays':
      return `${where} and stays there. ${none === null ? 'The plan helps more by moving others.' : noPlanWords(none)}`;
  }
}

/** "The fleet's cpu is not what was forecast: the plan counts with 1.60 times what was said." */
export function disprovedWords({ metric, factor }: Disproved): string {
  const instead =
    factor === null
      ? 'the plan counts with what it is now'
      : `the plan counts with ${factor.toFixed(2)} times what was said`;
  return `The fleet's ${metric} is not what was forecast: ${instead}.`;
}

/** "s4: no, would reach 108 % of its CPU at 09:50 UTC" */
function fitWords({ server, fit, why, state, peak }: Fit, nowMs?: number): string {
  const full =
    peak === null
      ? 'nothing is planned for'
      : `${percentWords(peak.utilization)} ${ofIts(peak.dimension)} at ${timeWords(peak.atMs, nowMs)}`;
  switch (why) {
    case 'here':
      return `${server}: ${fit}, it is there; peak ${full}`;
    case 'target':
      return `${server}: ${fit}, peak with it ${full}`;
    case 'room':
      return `${server}: ${fit}, has room; peak with it ${full}`;
    case 'above-target':
      return `${server}: ${fit}, but it would be fuller than wanted: ${full}`;
    case 'over-capacity':
      return `${server}: ${fit}, would reach ${full}`;
    case 'not-ready':
      return `${server}: ${fit}, is ${state}`;
    case 'not-eligible':
      return `${server}: ${fit}, may not serve it`;
    case 'pinned-elsewhere':
      return `${server}: ${fit}, it is pinned elsewhere`;
    case 'group':
      return `${server}: ${fit}, the rules of its group forbid it`;
    case 'spare':
      return `${server}: ${fit}, is kept as a spare`;
  }
}
