import { FULL } from '../core/forecast-score.js';
import type { PlanRecord } from '../core/table-store/records/plan.js';
import { PLAN } from '../core/table-store/records/plan.js';
import type { TableView } from '../core/table-store/view.js';

/**
 * Overloads that plans kept from coming, as far as the table store remembers them: a server that was said to pass its capacity, and
 * from which something was moved for it, once a plan. Whoever judges forecasts while plans are carried out must know of them: the
 * overloads that are left are those that nobody foresaw.
 */
export function answeredOverloads(view: TableView, fromMs: number): number {
  let count = 0;
  for (const { value } of view.all(PLAN).values()) count += serversIn(value, fromMs).size;
  return count;
}

function serversIn({ plan, outcomes }: PlanRecord, fromMs: number): Set<string> {
  const servers = new Set<string>();
  for (const { batch, result, atMs } of outcomes) {
    if (result !== 'applied' || atMs < fromMs) continue;
    for (const { reason } of plan.batches[batch]?.moves ?? []) {
      const isFull = reason.kind === 'overload' && (reason.before ?? 0) > FULL;
      if (isFull && reason.server !== null) servers.add(reason.server);
    }
  }
  return servers;
}
