import type { Clock } from '../clock/port.js';
import type { Draft } from './draft.js';
import type { AuditRecord } from './records/plan.js';
import { AUDIT } from './records/plan.js';
import type { TableView } from './view.js';

/** So many changes are remembered. */
const KEPT_MAX = 1000;

/** Writes down who changed what, in the transaction of the change itself: one is never there without the other. */
export function audited(
  draft: Draft,
  { who, what, detail }: Pick<AuditRecord, 'who' | 'what' | 'detail'>,
  { view, clock }: { readonly view: TableView; readonly clock: Clock },
): Draft {
  const ids = [...view.all(AUDIT).keys()].sort();
  const next = String(Number(ids.at(-1) ?? 0) + 1).padStart(12, '0');
  for (const old of ids.slice(0, Math.max(0, ids.length + 1 - KEPT_MAX))) draft.remove(AUDIT, old);
  return draft
    .expect(view, AUDIT, next)
    .put(AUDIT, next, { atMs: clock.realtimeMs(), who, what, detail: detail.slice(0, 1000) });
}

/** The latest first. */
export function auditTrail(view: TableView): AuditRecord[] {
  return [...view.all(AUDIT)].sort(([a], [b]) => (a < b ? 1 : -1)).map(([, { value }]) => value);
}
