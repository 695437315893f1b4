import type { ResourceId, ServerId } from '../../core/domain.js';
import type { PlannedMove } from '../../core/plan.js';
import type { TableView } from '../../core/table-store/view.js';

/** A move from where the table has the resource; one that it does not have is placed. */
export function plannedMove(
  { table }: Pick<TableView, 'table'>,
  resource: string,
  target: string,
): PlannedMove {
  const placement = table.placementOf(resource as ResourceId);
  return {
    resource: resource as ResourceId,
    source: placement?.server ?? null,
    target: target as ServerId,
    since: placement?.since ?? null,
    demand: {},
    reason: {
      kind: placement === undefined ? 'place' : 'imbalance',
      server: null,
      dimension: null,
      atMs: null,
      before: null,
      after: null,
      limit: null,
    },
  };
}
