import { formatGeneration } from '../../core/generation.js';
import type { Eligibility } from '../../core/table-store/eligibility.js';
import { PIN } from '../../core/table-store/records/server.js';
import { PLACEMENT } from '../../core/table-store/records/table.js';
import type { TableView } from '../../core/table-store/view.js';
import type { Resources } from '../contract/outlook.js';

/** Every resource that is assigned or that somebody may serve, by name. */
export function resourcesOf(view: TableView, eligibility: Eligibility): Resources {
  const eligible = eligibility.counts();
  const names = new Set([...eligible.keys(), ...view.all(PLACEMENT).keys()]);
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
        eligible: eligible.get(id) ?? 0,
        isShared: eligible.has(id) && eligibility.isShared(id),
      };
    }),
  };
}
