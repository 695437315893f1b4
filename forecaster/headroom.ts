import type { ServerId } from '../core/domain.js';
import type { ForecastBlock } from '../core/forecast.js';
import { overallOf, sharesInUse } from '../core/metric-store/recent.js';
import { endMsOf } from '../core/panel.js';
import type { HeadroomRecord } from '../core/table-store/records/headroom.js';
import type { ServerRecord } from '../core/table-store/records/server.js';
import type { MeasuredLoads } from './planner/from-records.js';

export interface HeadroomFacts {
  /** With the servers' utilizations (server-forecast.ts). */
  readonly forecast: ForecastBlock;
  readonly servers: Iterable<readonly [ServerId, Pick<ServerRecord, 'capacity'>]>;
  readonly loads: MeasuredLoads;
  readonly madeAtMs: number;
}

/**
 * What is left of each server at the worst: 1 – the highest quantile of its utilization's peak. Of a server without a resource
 * of its own nothing is forecast: what is measured of it counts. One that is neither forecast nor measured is left out.
 */
export function headroomFrom({
  forecast,
  servers,
  loads,
  madeAtMs,
}: HeadroomFacts): HeadroomRecord {
  const peaks = peaksOf(forecast);
  const shares: Record<ServerId, number> = {};
  for (const [server, { capacity }] of servers) {
    const used = peaks.get(server) ?? overallOf(sharesInUse(loads, server, capacity));
    if (used === undefined) continue;
    // Percents are fine enough, and short.
    shares[server] = Math.round(100 * Math.min(1, Math.max(0, 1 - used))) / 100;
  }
  return { madeAtMs, untilMs: endMsOf(forecast.grid), shares };
}

function peaksOf({ series, peaks, quantiles }: ForecastBlock): ReadonlyMap<string, number> {
  const rows = [...series.entries()].filter(
    ([, { subject, metric }]) => subject === 'server' && metric === 'utilization',
  );
  return new Map(
    rows.map(([row, { id }]) => [id, peaks[(row + 1) * quantiles.length - 1] ?? 1] as const),
  );
}
