import type { ResourceId, ServerId } from '../../core/domain.js';
import { DIMENSIONS } from '../../core/domain.js';
import { fail } from '../../core/errors.js';
import type { ForecastRun } from '../../core/metric-store/port.js';
import { PLAN } from '../../core/table-store/records/plan.js';
import { SERVER } from '../../core/table-store/records/server.js';
import { tenuresOf } from '../../core/table-store/tenures.js';
import type { TableView } from '../../core/table-store/view.js';
import type { Placements, Residents } from '../contract/servers.js';

type Resident = Residents['residents'][number];

/** What a server serves, by how much of it each is expected to take at its peak. @throws ERR_SERVER_UNKNOWN */
export function residentsOf(
  server: ServerId,
  run: ForecastRun | undefined,
  view: TableView,
): Residents {
  const record = view.get(SERVER, server)?.value ?? fail('ERR_SERVER_UNKNOWN', { server });
  const targets = targetsOf(view);
  const residents = new Map<ResourceId, Resident>();
  for (const resource of view.table.resourcesOn(server)) {
    const target = targets.get(resource) ?? null;
    residents.set(resource, { resource, dimension: null, share: null, target });
  }
  const { block } = run ?? {};
  for (const [row, key] of block?.series.entries() ?? []) {
    if (key.subject !== 'resource' || block === undefined) continue;
    const known = residents.get(key.id);
    const dimension = DIMENSIONS.find((each) => each === key.metric);
    if (known === undefined || dimension === undefined) continue;
    const limit = record.capacity[dimension];
    const at = row * block.quantiles.length + block.quantiles.indexOf(0.9);
    const share = limit === undefined ? NaN : (block.peaks[at] ?? NaN) / limit;
    if (!Number.isFinite(share) || share <= (known.share ?? -1)) continue;
    residents.set(key.id, { ...known, dimension, share: Number(share.toPrecision(4)) });
  }
  const all = [...residents.values()];
  all.sort((a, b) => (b.share ?? -1) - (a.share ?? -1) || (a.resource < b.resource ? -1 : 1));
  return { server, residents: all };
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

function finite(timeMs: number): number | null {
  return Number.isFinite(timeMs) ? timeMs : null;
}
