import type { PlanRecord } from '../../core/table-store/records/plan.js';
import { PLAN } from '../../core/table-store/records/plan.js';
import type { TableView } from '../../core/table-store/view.js';

/** Whose decision it is when nobody was asked. */
export const SELF = 'foreshift';

/** Plans that are approved for a time that is still to come, the next first. */
export function scheduledPlans(view: TableView, nowMs: number): PlanRecord[] {
  const startOf = ({ startAtMs }: PlanRecord): number => startAtMs ?? 0;
  return [...view.all(PLAN).values()]
    .map(({ value }) => value)
    .filter((record) => record.status === 'approved' && startOf(record) > nowMs)
    .sort((a, b) => startOf(a) - startOf(b));
}

/** Those that nobody but ourselves approved: until then each round thinks again, and nothing of them is under way. */
export function ownScheduled(view: TableView, nowMs: number): PlanRecord[] {
  return scheduledPlans(view, nowMs).filter(({ by }) => by === SELF);
}
