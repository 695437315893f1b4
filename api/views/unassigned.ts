import type { Eligibility } from '../../core/table-store/eligibility.js';
import type { TableView } from '../../core/table-store/view.js';

/** How many resources some server may serve, alone, and none does. */
export function unassignedIn({ table }: TableView, eligibility: Eligibility): number {
  let count = 0;
  for (const resource of eligibility.counts().keys()) {
    const isPlaced = table.placementOf(resource) !== undefined;
    if (!isPlaced && !eligibility.isShared(resource)) count++;
  }
  return count;
}
