import { DIMENSIONS } from '../../core/domain.js';
import type { ForecastRun } from '../../core/metric-store/port.js';
import { SERVER } from '../../core/table-store/records/server.js';
import type { TableView } from '../../core/table-store/view.js';
import type { HeatMap, HeatMetric } from '../contract/heat-map.js';

const MOVERS_MAX = 5;

type Mover = HeatMap['movers'][number];

/** The resources whose P90 rises most above what is expected next. */
export function moversOf({ block }: ForecastRun, view: TableView, metric: HeatMetric): Mover[] {
  const { series, paths, peaks, quantiles, grid } = block;
  const [middle, high] = [quantiles.indexOf(0.5), quantiles.indexOf(0.9)];
  const risen = new Map<string, Mover>();
  for (const [row, key] of series.entries()) {
    if (key.subject !== 'resource') continue;
    const dimension = DIMENSIONS.find((each) => each === key.metric);
    if (dimension === undefined || (metric !== 'utilization' && metric !== dimension)) continue;
    const server = view.table.placementOf(key.id)?.server;
    const limit =
      server === undefined ? undefined : view.get(SERVER, server)?.value.capacity[dimension];
    if (server === undefined || limit === undefined) continue;
    const now = (paths[(row * quantiles.length + middle) * grid.steps] ?? 0) / limit;
    const peak = (peaks[row * quantiles.length + high] ?? 0) / limit;
    const mover = { resource: key.id, server, dimension, now, peak };
    const former = risen.get(key.id);
    if (former === undefined || riseOf(former) < riseOf(mover)) risen.set(key.id, mover);
  }
  return mostOf(risen.values()).map((mover) => ({
    ...mover,
    now: rounded(mover.now),
    peak: rounded(mover.peak),
  }));
}

/** Those that rise most, without sorting all: of tens of thousands five are shown. */
function mostOf(movers: Iterable<Mover>): Mover[] {
  const most: Mover[] = [];
  for (const mover of movers) {
    const rise = riseOf(mover);
    const least = most.at(-1);
    if (!(rise > 0) || (most.length === MOVERS_MAX && least && rise <= riseOf(least))) continue;
    most.push(mover);
    most.sort((a, b) => riseOf(b) - riseOf(a));
    if (most.length > MOVERS_MAX) most.pop();
  }
  return most;
}

function riseOf({ now, peak }: Mover): number {
  return peak - now;
}

function rounded(share: number): number {
  return Number(share.toPrecision(4));
}
