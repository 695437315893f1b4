import { DIMENSIONS } from '../../core/domain.js';
import { pathOf } from '../../core/forecast.js';
import type { ForecastRun } from '../../core/metric-store/port.js';
import { SERVER } from '../../core/table-store/records/server.js';
import type { TableView } from '../../core/table-store/view.js';
import type { HeatMap, HeatMetric } from '../contract/heat-map.js';

const MOVERS_MAX = 5;

/** The resources whose P90 rises most above what is expected next. */
export function moversOf(
  { block }: ForecastRun,
  view: TableView,
  metric: HeatMetric,
): HeatMap['movers'] {
  const risen = new Map<string, HeatMap['movers'][number]>();
  for (const [row, key] of block.series.entries()) {
    if (key.subject !== 'resource') continue;
    const dimension = DIMENSIONS.find((each) => each === key.metric);
    if (dimension === undefined || (metric !== 'utilization' && metric !== dimension)) continue;
    const server = view.table.placementOf(key.id)?.server;
    const limit =
      server === undefined ? undefined : view.get(SERVER, server)?.value.capacity[dimension];
    if (server === undefined || limit === undefined) continue;
    const now = (pathOf(block, row, 0.5)[0] ?? 0) / limit;
    const peak =
      (block.peaks[row * block.quantiles.length + block.quantiles.indexOf(0.9)] ?? 0) / limit;
    const former = risen.get(key.id);
    if (former !== undefined && former.peak - former.now >= peak - now) continue;
    risen.set(key.id, { resource: key.id, server, dimension, now, peak });
  }
  return [...risen.values()]
    .filter(({ now, peak }) => peak > now)
    .sort((a, b) => b.peak - b.now - (a.peak - a.now))
    .slice(0, MOVERS_MAX)
    .map((mover) => ({ ...mover, now: rounded(mover.now), peak: rounded(mover.peak) }));
}

function rounded(share: number): number {
  return Number(share.toPrecision(4));
}
