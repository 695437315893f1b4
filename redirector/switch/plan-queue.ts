import type { Plan } from '../../core/plan.js';
import { isNeeded } from '../../core/plan.js';
import type { BatchOutcome, PlanRecord, PlanStatus } from '../../core/table-store/records/plan.js';
import { PAUSE, PLAN } from '../../core/table-store/records/plan.js';
import { stateOf } from '../../core/table-store/server-state.js';
import { staleness } from '../../core/table-store/staleness.js';
import type { TableView } from '../../core/table-store/view.js';

/* What the coordinator works on next: decided from the records alone. */

export interface PlanQueueOptions {
  /** A batch that was aborted, left out or given back is tried so often in all. */
  readonly batchAttemptsMax: number;
  readonly batchRetryMs: number;
}

export const PLAN_QUEUE_DEFAULTS: PlanQueueOptions = { batchAttemptsMax: 3, batchRetryMs: 5000 };

export type NextWork =
  | { readonly kind: 'none' }
  | { readonly kind: 'batch'; readonly record: PlanRecord; readonly batch: number }
  /** This batch cannot be switched any more: say so in its plan. */
  | {
      readonly kind: 'void';
      readonly record: PlanRecord;
      readonly batch: number;
      readonly why: string;
    }
  /** The plan has come to its end. */
  | { readonly kind: 'finish'; readonly record: PlanRecord; readonly status: PlanStatus };

/** @param nowMs wall clock: plans are dated by it */
export function nextWork(view: TableView, nowMs: number, options: PlanQueueOptions): NextWork {
  for (const record of duePlans(view, nowMs)) {
    const work = workOn(record, view, { nowMs, options });
    if (work.kind !== 'none') return work;
  }
  return { kind: 'none' };
}

/** Approved or under way, their time has come, and no pause stops them; the most urgent first. */
export function duePlans(view: TableView, nowMs: number): PlanRecord[] {
  const isPaused = view.get(PAUSE, 'current') !== undefined;
  return [...view.all(PLAN).values()]
    .map(({ value }) => value)
    .filter((record) => isDue(record, nowMs) && (!isPaused || isNeededWhole(record.plan, view)))
    .sort(byUrgency);
}

/** Knows no pause. */
function isNeededWhole({ batches }: Plan, view: TableView): boolean {
  return batches.every((batch) => isNeeded(batch, (server) => stateOf(view, server)));
}

function isDue({ status, startAtMs }: PlanRecord, nowMs: number): boolean {
  if (status === 'applying') return true;
  return status === 'approved' && (startAtMs === null || startAtMs <= nowMs);
}

/** Lost servers first, then what is under way, then as they were decided. */
function byUrgency(a: PlanRecord, b: PlanRecord): number {
  const rank = ({ plan, status }: PlanRecord): number =>
    (isFailover(plan) ? 0 : 2) + (status === 'applying' ? 0 : 1);
  return rank(a) - rank(b) || (a.decidedAtMs ?? 0) - (b.decidedAtMs ?? 0);
}

function isFailover({ batches }: Plan): boolean {
  return batches.some(({ moves }) => moves.some(({ reason }) => reason.kind === 'lost'));
}

function workOn(
  record: PlanRecord,
  view: TableView,
  { nowMs, options }: { nowMs: number; options: PlanQueueOptions },
): NextWork {
  const { plan } = record;
  let isOpen = false;
  for (const [batch, planned] of plan.batches.entries()) {
    const outcome = record.outcomes.find((candidate) => candidate.batch === batch);
    if (isFinal(outcome, options)) continue;
    if (nowMs > plan.expiresAtMs)
      return { kind: 'void', record, batch, why: 'the plan is too old' };
    const why = staleness(planned, plan, view);
    if (why !== undefined) return { kind: 'void', record, batch, why };
    isOpen = true;
    // A wall clock that was set back must not make the pause longer.
    const sinceMs = outcome === undefined ? Infinity : Math.abs(nowMs - outcome.atMs);
    if (sinceMs < options.batchRetryMs) continue;
    return { kind: 'batch', record, batch };
  }
  return isOpen ? { kind: 'none' } : { kind: 'finish', record, status: statusOf(record) };
}

function isFinal(
  outcome: BatchOutcome | undefined,
  { batchAttemptsMax }: PlanQueueOptions,
): boolean {
  if (outcome === undefined) return false;
  const { result, attempts } = outcome;
  return result === 'applied' || result === 'stale' || attempts >= batchAttemptsMax;
}

function statusOf({ outcomes, plan }: PlanRecord): PlanStatus {
  const applied = outcomes.filter(({ result }) => result === 'applied').length;
  if (applied === plan.batches.length) return 'applied';
  if (applied > 0) return 'partly-applied';
  return outcomes.every(({ result }) => result === 'stale') ? 'stale' : 'failed';
}
