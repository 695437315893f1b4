import { Draft } from '../../core/table-store/draft.js';
import type { ModeRecord } from '../../core/table-store/records/plan.js';
import { MODE, PLAN } from '../../core/table-store/records/plan.js';
import type { TableView } from '../../core/table-store/view.js';
import { ownScheduled } from './scheduled.js';

/** Another mode. What `auto` scheduled and has not begun is not done in another one. */
export function modeChange(record: ModeRecord, view: TableView): Draft {
  const nowMs = record.sinceMs;
  const draft = new Draft().expect(view, MODE, 'current').put(MODE, 'current', record);
  for (const plan of record.mode === 'auto' ? [] : ownScheduled(view, nowMs)) {
    const { id } = plan.plan;
    const superseded = { ...plan, status: 'superseded', finishedAtMs: nowMs } as const;
    draft.expect(view, PLAN, id).put(PLAN, id, superseded);
  }
  return draft;
}
