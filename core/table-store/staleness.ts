import { isSameGeneration } from '../generation.js';
import type { Batch, Plan } from '../plan.js';
import { stateOf } from './server-state.js';
import type { TableView } from './view.js';

/** Why a batch no longer fits the facts that it was planned on; undefined: it does. */
export function staleness(batch: Batch, plan: Plan, view: TableView): string | undefined {
  for (const { resource, source, target, since } of batch.moves) {
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
