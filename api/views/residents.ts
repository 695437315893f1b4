import type { ResourceId, ServerId } from '../../core/domain.js';
import { DIMENSIONS } from '../../core/domain.js';
import { fail } from '../../core/errors.js';
import { PLAN } from '../../core/table-store/records/plan.js';
import type { ServerRecord } from '../../core/table-store/records/server.js';
import { SERVER } from '../../core/table-store/records/server.js';
import { tenuresOf } from '../../core/table-store/tenures.js';
import type { TableView } from '../../core/table-store/view.js';
import type { Placements, Residents } from '../contract/servers.js';
import { finite } from './finite.js';
import type { Forecasts } from './forecasts.js';
import type { Fleet } from './kept/fleet.js';

type Resident = Residents['residents'][number];

/** What a server serves, by how much of it each is expected to take at its peak. @throws ERR_SERVER_UNKNOWN */
export function residentsOf(
  server: ServerId,
  forecasts: Forecasts,
  { view, fleet }: { readonly view: TableView; readonly fleet: Fleet },
): Residents {
  const record = view.get(SERVER, server)?.value ?? fail('ERR_SERVER_UNKNOWN', { server });
  const targets = targetsOf(view);
  const all = (fleet.residents.get(server) ?? []).map((resource): Resident => {
    const target = targets.get(resource) ?? null;
    return { resource, ...fullestOf(resource, record.capacity, forecasts), target };
  });
  all.sort((a, b) => (b.share ?? -1) - (a.share ?? -1) || (a.resource < b.resource ? -1 : 1));
  return { server, residents: all };
}

/** In which dimension the P90 of its peak takes most of the server, and how much. */
function fullestOf(
  resource: ResourceId,
  capacity: ServerRecord['capacity'],
  forecasts: Forecasts,
): Pick<Resident, 'dimension' | 'share'> {
  const { block } = forecasts.run ?? {};
  let fullest: Pick<Resident, 'dimension' | 'share'> = { dimension: null, share: null };
  if (block === undefined) return fullest;
  for (const row of forecasts.rowsOf('resource', resource)) {
    const dimension = DIMENSIONS.find((each) => each === block.series[row]?.metric);
    const limit = dimension === undefined ? undefined : capacity[dimension];
    if (dimension === undefined || limit === undefined) continue;
    const at = row * block.quantiles.length + block.quantiles.indexOf(0.9);
    const share = (block.peaks[at] ?? NaN) / limit;
    if (!Number.isFinite(share) || share <= (fullest.share ?? -1)) continue;
    fullest = { dimension, share: Number(share.toPrecision(4)) };
  }
  return fullest;
}

function targetsOf(view: TableView): Map<ResourceId, ServerId> {
  const targets = new Map<ResourceId, ServerId>();
  for (const { value } of view.all(PLAN).values()) {
    if (value.finishedAtMs !== null) continue;
    for (const { moves } of value.plan.batches) {
      for (const { resource, target } of moves) targets.set(resource, target);
    }
  }
  return targets;
}

/** Where a resource was, the latest first. */
export function placementsOf(resource: ResourceId, view: TableView): Placements {
  const placements = [...tenuresOf(view)].flatMap(([server, tenures]) =>
    tenures
      .filter((tenure) => tenure.resource === resource)
      .map(({ fromMs, untilMs }) => ({ server, fromMs: finite(fromMs), untilMs: finite(untilMs) })),
  );
  placements.sort((a, b) => (b.untilMs ?? Infinity) - (a.untilMs ?? Infinity));
  return { resource, placements };
}
