import type { ResourceId } from '../domain.js';
import { isSameGeneration } from '../generation.js';
import type { Batch, Plan } from '../plan.js';
import { stateOf } from './server-state.js';
import type { TableView } from './view.js';

/** Why a batch cannot be switched, now or ever: it makes no sense, or the facts are others. Undefined: it can. */
export function staleness(batch: Batch, plan: Plan, view: TableView): string | undefined {
  const moved = new Set<ResourceId>();
  for (const { resource, source, target, since } of batch.moves) {
    if (moved.has(resource)) return `${resource} is moved twice at once`;
    moved.add(resource);
    if (source === target) return `${resource} is moved to where it is`;
    const placement = view.table.placementOf(resource);
    const isSame =
      since === null
        ? placement === undefined
        : placement !== undefined && isSameGeneration(placement.since, since);
    if (!isSame) return `${resource} has been moved since`;
    for (const server of [source, target]) {
      if (server === null) continue;
      const planned = plan.states[server];
      const now = stateOf(view, server);
      if (planned !== now) return `server ${server} was ${planned ?? 'unknown'}, is ${now}`;
    }
  }
  return undefined;
}
