import type { ResourceId, ServerId } from '../../core/domain.js';
import type { Batch } from '../../core/plan.js';
import { isNeeded } from '../../core/plan.js';
import type { PlanRecord } from '../../core/table-store/records/plan.js';
import { PAUSE, PLAN } from '../../core/table-store/records/plan.js';
import { SWITCH } from '../../core/table-store/records/switch.js';
import { stateOf } from '../../core/table-store/server-state.js';
import { staleness } from '../../core/table-store/staleness.js';
import type { TableView } from '../../core/table-store/view.js';
import { ownScheduled } from './scheduled.js';

/** Where what moves by a plan that is approved or under way is to go. */
export function movesUnderWay(view: TableView, nowMs: number): Map<ResourceId, ServerId> {
  const targets = new Map<ResourceId, ServerId>();
  for (const record of decided(view, nowMs)) {
    for (const { moves } of openBatches(record).filter(isCarriedOut(record, view, nowMs))) {
      for (const { resource, target } of moves) targets.set(resource, target);
    }
  }
  return targets;
}

/** Some plan of moves is approved or under way; what we scheduled ourselves is thought over until its time. */
export function isPlanUnderWay(view: TableView, nowMs: number): boolean {
  return decided(view, nowMs).some((record) => {
    const open = openBatches(record);
    const isEnding = open.length === 0 && !namesOnlyStandbys(record);
    return isEnding || open.some(isCarriedOut(record, view, nowMs));
  });
}

/** It moves nothing. */
export function namesOnlyStandbys({ plan }: PlanRecord): boolean {
  return plan.batches.length === 0;
}

function decided(view: TableView, nowMs: number): PlanRecord[] {
  const scheduled = new Set(ownScheduled(view, nowMs));
  return [...view.all(PLAN).values()]
    .map(({ value }) => value)
    .filter(
      (record) =>
        (record.status === 'approved' || record.status === 'applying') && !scheduled.has(record),
    );
}

/** Those of which nothing came yet. */
function openBatches({ plan, outcomes }: PlanRecord): Batch[] {
  const ended = new Set(outcomes.map(({ batch }) => batch));
  return plan.batches.filter((_batch, index) => !ended.has(index));
}

/**
 * The coordinator looks at a plan once it is due: one that became stale before, approved for tonight or held by a pause, stands for
 * hours, and must keep nothing from a rescue or a drain. What is due it carries out or voids at once.
 */
function isCarriedOut(
  record: PlanRecord,
  view: TableView,
  nowMs: number,
): (batch: Batch) => boolean {
  if (!isHeldBack(record, view, nowMs)) return () => true;
  const { plan } = record;
  const open = view.get(SWITCH, 'open')?.value;
  const switched = open?.plan === plan.id ? plan.batches[open.batch] : undefined;
  return (batch) =>
    batch === switched || (nowMs <= plan.expiresAtMs && staleness(batch, plan, view) === undefined);
}

function isHeldBack(
  { startAtMs, status, plan }: PlanRecord,
  view: TableView,
  nowMs: number,
): boolean {
  if (status === 'approved' && (startAtMs ?? 0) > nowMs) return true;
  const isNeededWhole = plan.batches.every((batch) =>
    isNeeded(batch, (server) => stateOf(view, server)),
  );
  return !isNeededWhole && view.get(PAUSE, 'current') !== undefined;
}
