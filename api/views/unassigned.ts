import type { ResourceId } from '../../core/domain.js';
import type { TableView } from '../../core/table-store/view.js';

/**
 * How many resources some server may serve, alone, and none does.
 * @param exclusive who may serve each of them
 */
export function unassignedIn(
  { table }: Pick<TableView, 'table'>,
  exclusive: ReadonlyMap<ResourceId, unknown>,
): number {
  let count = 0;
  for (const resource of exclusive.keys()) {
    if (table.placementOf(resource) === undefined) count++;
  }
  return count;
}
