import type { PlanView } from '../api/contract/plans.js';
import type { PlanAnalysis } from '../core/plan.js';
import { bytesWords, counted } from '../core/text.js';
import type { Style } from './terminal.js';
import { textTable } from './text-table.js';
import { bar, clockTime, duration, percent, quantity } from './words.js';

const BAR_WIDTH = 12;
const MOVES_SHOWN = 40;

/** A plan for people: what moves and why, how it was, would be and will be, and what it costs. */
export function planText(
  plan: PlanView,
  {
    style,
    nowMs,
    isVerbose,
  }: { readonly style: Style; readonly nowMs: number; readonly isVerbose: boolean },
): string {
  const { analysis } = plan;
  const shown = isVerbose ? plan.moves : plan.moves.slice(0, MOVES_SHOWN);
  const hidden = plan.moves.length - shown.length;
  return [
    headline(plan, analysis, style, nowMs),
    `  trigger: ${plan.trigger.detail}`,
    ...shown.map((move) => moveLine(move, style)),
    ...(hidden > 0 ? [`  and ${counted(hidden, 'move')} more (--verbose shows all)`] : []),
    ...(analysis === null ? [] : [outlookTable(analysis, isVerbose), ...worldLines(analysis)]),
    ...plan.outcomes.map((outcome) => outcomeLine(outcome, style)),
    ...nextLines(plan, style, nowMs),
  ].join('\n');
}

function headline(
  plan: PlanView,
  analysis: PlanAnalysis | null,
  style: Style,
  nowMs: number,
): string {
  const parts = [
    `plan ${style.bold(plan.id)}`,
    plan.status,
    counted(plan.moves.length, 'move'),
    `base generation ${plan.base}`,
  ];
  if (analysis !== null) parts.push(`horizon ${duration(analysis.horizonMs)}`);
  if (plan.status === 'proposed') parts.push(`expires ${clockTime(plan.expiresAtMs, nowMs)}`);
  if (plan.status === 'approved' && plan.startAtMs !== null) {
    parts.push(`starts ${clockTime(plan.startAtMs, nowMs)}`);
  }
  if (analysis !== null) {
    const { nothing, plan: planned } = analysis.score;
    parts.push(`peak ${percent(nothing.peak)} -> ${percent(planned.peak)}`);
    parts.push(`no plan could get below ${percent(analysis.bound)}`);
  }
  return parts.join('  ');
}

function moveLine(
  { resource, source, target, demand, text, start }: PlanView['moves'][number],
  style: Style,
) {
  const loads = Object.entries(demand).map(
    ([dimension, value]) => `${dimension} ${demandText(dimension, value)}`,
  );
  const way = `${source ?? 'nowhere'} -> ${target}`;
  const why = start === null ? text : `${text}; ${start}`;
  return `  ${style.yellow('~')} ${resource}  ${way}  ${loads.join('  ')}  [${why}]`;
}

function demandText(dimension: string, value: number): string {
  if (dimension === 'memory') return bytesWords(value);
  if (dimension === 'network') return `${bytesWords(value)}/s`;
  return dimension === 'hits' ? `${quantity(value)}/s` : `${quantity(value)} cores`;
}

function outlookTable({ outlook, horizonMs }: PlanAnalysis, isVerbose: boolean): string {
  const shown = isVerbose ? outlook : outlook.slice(0, 12);
  const cell = (share: number): string => `${percent(share).padStart(6)} ${bar(share, BAR_WIDTH)}`;
  const table = textTable(
    [{ title: '' }, { title: 'NOW' }, { title: 'IF NOTHING' }, { title: 'WITH PLAN' }],
    shown.map(({ server, dimension, now, nothing, plan }) => [
      `${server} ${dimension}`,
      cell(now),
      cell(nothing),
      cell(plan),
    ]),
  );
  return `${table}\n  (planned-for peak over the next ${duration(horizonMs)})`;
}

/** What becomes of the plan if the forecast is wrong. */
function worldLines({ worlds }: PlanAnalysis): string[] {
  const line = (name: string, world: PlanAnalysis['worlds']['low']): string =>
    `  ${name}: peak ${percent(world.nothing.peak)} -> ${percent(world.plan.peak)}`;
  return [
    line('if the load is low (P10)', worlds.low),
    line('if it is high (P90)', worlds.high),
    line('if it stays as it is', worlds.last),
  ];
}

export function outcomeLine(outcome: PlanView['outcomes'][number], style: Style): string {
  const { batch, result, resources, drainMs, holdMs, heldRequests, failedRequests, why } = outcome;
  const what = `batch ${batch + 1}: ${resources.join(', ')}`;
  if (result !== 'applied') return `  ${what}: ${style.red(result)}: ${why}`;
  const held = `hold ${duration(holdMs)} (${heldRequests} held, ${failedRequests} failed)`;
  return `  ${what}: ${style.green('switched')}, drain ${duration(drainMs)}, ${held}, generation ${outcome.generation ?? ''}`;
}

function nextLines(plan: PlanView, style: Style, nowMs: number): string[] {
  switch (plan.status) {
    case 'proposed':
      return plan.stale === null
        ? [`next: foreshift apply ${plan.id}`]
        : [`${style.red('stale')}: ${plan.stale}`, 'next: foreshift plan --new'];
    case 'applied':
    case 'partly-applied':
      return [`undo: foreshift rollback ${plan.id}`];
    case 'approved':
      return plan.startAtMs === null || plan.startAtMs <= nowMs
        ? decisionLines(plan, nowMs)
        : [
            ...decisionLines(plan, nowMs),
            `next: foreshift apply ${plan.id} (now), foreshift reject ${plan.id}`,
          ];
    case 'applying':
    case 'failed':
    case 'rejected':
    case 'expired':
    case 'stale':
    case 'superseded':
      return decisionLines(plan, nowMs);
  }
}

function decisionLines(plan: PlanView, nowMs: number): string[] {
  const when = plan.decidedAtMs === null ? '' : ` at ${clockTime(plan.decidedAtMs, nowMs)}`;
  const why = plan.reason === '' ? '' : `: ${plan.reason}`;
  return plan.by === null ? [] : [`decided by ${plan.by}${when}${why}`];
}
