import { formatGeneration } from '../../core/generation.js';
import { auditTrail } from '../../core/table-store/audit.js';
import type { PlanRecord } from '../../core/table-store/records/plan.js';
import { PLAN } from '../../core/table-store/records/plan.js';
import type { TableView } from '../../core/table-store/view.js';
import type { History } from '../contract/history.js';

/** Plans that only chose standbys are left out: they move nothing. */
export function historyOf(view: TableView, limit: number): History {
  const records = [...view.all(PLAN).values()]
    .map(({ value }) => value)
    .filter(({ plan }) => plan.batches.length > 0)
    .sort((a, b) => b.plan.madeAtMs - a.plan.madeAtMs)
    .slice(0, limit);
  return { plans: records.map(entryOf), acts: auditTrail(view).slice(0, limit) };
}

function entryOf(record: PlanRecord): History['plans'][number] {
  const { plan, status, by, reason, outcomes, finishedAtMs } = record;
  const applied = outcomes.filter(({ result }) => result === 'applied');
  const failed = outcomes.filter(({ result }) => result !== 'applied');
  const generation = applied.at(-1)?.generation ?? null;
  const total = (read: (outcome: PlanRecord['outcomes'][number]) => number): number =>
    outcomes.reduce((sum, outcome) => sum + read(outcome), 0);
  return {
    id: plan.id,
    status,
    by,
    reason,
    trigger: `${plan.trigger.kind}: ${plan.trigger.detail}`,
    madeAtMs: plan.madeAtMs,
    finishedAtMs,
    moves: plan.batches.reduce((sum, { moves }) => sum + moves.length, 0),
    applied: applied.reduce((sum, { resources }) => sum + resources.length, 0),
    drainMs: total(({ drainMs }) => drainMs),
    holdMs: Math.max(0, ...outcomes.map(({ holdMs }) => holdMs)),
    heldRequests: total(({ heldRequests }) => heldRequests),
    failedRequests: total(({ failedRequests }) => failedRequests),
    generation: generation === null ? null : formatGeneration(generation),
    why: [...new Set(failed.map(({ why }) => why))].join('; '),
  };
}
