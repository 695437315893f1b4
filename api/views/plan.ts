import { formatGeneration } from '../../core/generation.js';
import type { PlanRecord } from '../../core/table-store/records/plan.js';
import { staleness } from '../../core/table-store/staleness.js';
import type { TableView } from '../../core/table-store/view.js';
import { reasonWords, startWords } from '../../forecaster/planner/words.js';
import type { PlanView } from '../contract/plans.js';

/** A plan as people look at it; whether it would still fit is found out now. */
export function planViewOf(record: PlanRecord, view: TableView, nowMs: number): PlanView {
  const { plan, status, by, reason, decidedAtMs, startAtMs, finishedAtMs, outcomes } = record;
  return {
    id: plan.id,
    status,
    by,
    reason,
    decidedAtMs,
    startAtMs,
    finishedAtMs,
    trigger: plan.trigger,
    madeAtMs: plan.madeAtMs,
    expiresAtMs: plan.expiresAtMs,
    base: formatGeneration(plan.base),
    stale: status === 'proposed' ? staleOf(record, view, nowMs) : null,
    moves: plan.batches.flatMap(({ moves }, batch) =>
      moves.map((move) => ({
        batch,
        resource: move.resource,
        source: move.source,
        target: move.target,
        demand: { ...move.demand },
        kind: move.reason.kind,
        text: reasonWords(move.reason, nowMs),
        window: move.window === undefined ? null : { ...move.window },
        start: startWords(move, nowMs),
      })),
    ),
    standbys: Object.keys(plan.standbys).length,
    analysis: plan.analysis,
    outcomes: outcomes.map((outcome) => ({
      ...outcome,
      generation: outcome.generation === null ? null : formatGeneration(outcome.generation),
    })),
  };
}

function staleOf({ plan }: PlanRecord, view: TableView, nowMs: number): string | null {
  if (nowMs > plan.expiresAtMs) return 'it has expired';
  for (const batch of plan.batches) {
    const why = staleness(batch, plan, view);
    if (why !== undefined) return why;
  }
  return null;
}
