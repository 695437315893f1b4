import { formatGeneration } from '../../core/generation.js';
import { PIN } from '../../core/table-store/records/server.js';
import { PLACEMENT } from '../../core/table-store/records/table.js';
import type { TableView } from '../../core/table-store/view.js';
import type { Resources, Table } from '../contract/outlook.js';
import type { Eligible } from './kept/eligible-servers.js';

/** Every resource that is assigned or that somebody may serve, by name. */
export function resourcesOf(view: TableView, { all, shared }: Eligible): Resources {
  const names = new Set([...all.keys(), ...view.all(PLACEMENT).keys()]);
  return {
    generation: formatGeneration(view.table.generation),
    resources: [...names].sort().map((id) => {
      const placement = view.get(PLACEMENT, id)?.value;
      return {
        id,
        server: placement?.server ?? null,
        since: placement === undefined ? null : formatGeneration(placement.since),
        standby: placement?.standby ?? null,
        movedAtMs: placement?.movedAtMs ?? null,
        by: placement?.by ?? null,
        pin: view.get(PIN, id)?.value.server ?? null,
        eligible: all.get(id)?.length ?? 0,
        isShared: shared.has(id),
      };
    }),
  };
}

/** The assignment table. */
export function tableOf({ table }: TableView): Table {
  return {
    generation: formatGeneration(table.generation),
    placements: Object.fromEntries(
      [...table.entries()].map(([resource, { server, since, standby }]) => [
        resource,
        { server, since: formatGeneration(since), standby },
      ]),
    ),
  };
}
