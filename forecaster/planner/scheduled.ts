import type { PlanRecord } from '../../core/table-store/records/plan.js';
import { PLAN } from '../../core/table-store/records/plan.js';
import type { TableView } from '../../core/table-store/view.js';

/** Whose decision it is when nobody was asked. */
export const SELF = 'foreshift';

/**
 * Plans that nobody but ourselves approved, for a time that is still to come: until then each round thinks again, and
 * nothing of them is under way.
 */
export function ownScheduled(view: TableView, nowMs: number): PlanRecord[] {
  return [...view.all(PLAN).values()]
    .map(({ value }) => value)
    .filter(
      ({ status, by, startAtMs }) =>
        status === 'approved' && by === SELF && startAtMs !== null && startAtMs > nowMs,
    );
}
