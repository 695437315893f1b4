import { setImmediate } from 'node:timers/promises';
import type { Dimension, ResourceId, ServerId } from '../domain.js';
import { DIMENSIONS } from '../domain.js';
import type { MetricStore, PanelQuery } from './port.js';
import type { Panel } from '../panel.js';
import { gridBefore, lastIn, rowOf } from '../panel.js';
import type { Metric, SeriesKey } from '../sample.js';
import { SERVER } from '../table-store/records/server.js';
import type { Tenures } from '../table-store/tenures.js';
import { residentsDuring, tenuresOf } from '../table-store/tenures.js';
import type { TableView } from '../table-store/view.js';
import type { Slices } from '../threads/slices.js';
import { atOnce, eachOf, inSlices } from '../threads/slices.js';

/** Where series of one subject are in a panel: found without a name made of each, of which there are tens of thousands. */
class Rows {
  readonly #byMetric = new Map<Metric, Map<string, number>>();

  set({ id, metric }: SeriesKey, row: number): void {
    const rows = this.#byMetric.get(metric);
    if (rows === undefined) this.#byMetric.set(metric, new Map([[id, row]]));
    else rows.set(id, row);
  }

  get({ id, metric }: SeriesKey): number | undefined {
    return this.#byMetric.get(metric)?.get(id);
  }
}

interface RowsBySubject {
  readonly server: Rows;
  readonly resource: Rows;
}

const ROWS_A_TURN = 4096;

function* rowSlices(keys: readonly SeriesKey[]): Slices<RowsBySubject> {
  const rows: RowsBySubject = { server: new Rows(), resource: new Rows() };
  yield* eachOf(keys, ROWS_A_TURN, (key, row) => {
    rows[key.subject].set(key, row);
  });
  return rows;
}

/** What was measured lately, by series: the last value, and what a server carries besides its resources. */
export class RecentLoads {
  readonly #panel: Panel;
  readonly #tenures: Tenures;
  readonly #rows: RowsBySubject;

  constructor(
    panel: Panel,
    tenures: Tenures,
    rows: RowsBySubject = atOnce(rowSlices(panel.series)),
  ) {
    this.#panel = panel;
    this.#tenures = tenures;
    this.#rows = rows;
  }

  /** The last measured value; NaN: none in this panel. */
  lastOf(series: SeriesKey): number {
    const row = this.#rows[series.subject].get(series);
    return row === undefined ? NaN : lastIn(this.#panel, row);
  }

  /** Nothing was measured in the last `steps` steps, neither of the server nor of anything that it has. */
  isSilent(server: ServerId, residents: readonly ResourceId[], steps: number): boolean {
    return DIMENSIONS.every((metric) => {
      const own: SeriesKey = { subject: 'server', id: server, metric };
      const series = [
        own,
        ...residents.map((id) => ({ subject: 'resource', id, metric }) as const),
      ];
      return series.every((key) => !this.#isMeasured(key, steps));
    });
  }

  /**
   * What a server uses that none of its resources does (the system, caches, other work): the lower quartile of
   * the difference over the steps in which all that it had then were measured, so that a burst of one of them,
   * seen a little earlier or later, is not taken for it. 0 where it cannot be told.
   */
  baseOf(server: ServerId, dimension: Dimension): number {
    const own = this.#values({ subject: 'server', id: server, metric: dimension });
    if (own === undefined) return 0;
    const { startMs, stepMs, steps } = this.#panel.grid;
    const tenures = this.#tenures.get(server) ?? [];
    const rests: number[] = [];
    for (let step = 0; step < steps; step++) {
      const fromMs = startMs + step * stepMs;
      const residents = residentsDuring(tenures, fromMs, fromMs + stepMs);
      if (residents === undefined) continue;
      const rest = (own[step] ?? NaN) - this.#sumOf(residents, dimension, step);
      if (Number.isFinite(rest)) rests.push(Math.max(0, rest));
    }
    rests.sort((a, b) => a - b);
    return rests[Math.floor(rests.length / 4)] ?? 0;
  }

  /** NaN: one that is measured at other times is not at this one, or none ever is. */
  #sumOf(residents: readonly ResourceId[], dimension: Dimension, step: number): number {
    let sum = 0;
    let measured = 0;
    for (const id of residents) {
      const values = this.#values({ subject: 'resource', id, metric: dimension });
      if (values === undefined) continue;
      measured++;
      sum += values[step] ?? NaN;
    }
    return measured === 0 && residents.length > 0 ? NaN : sum;
  }

  #isMeasured(series: SeriesKey, steps: number): boolean {
    const values = this.#values(series);
    return values?.subarray(-steps).some((value) => Number.isFinite(value)) ?? false;
  }

  #values(series: SeriesKey): Float32Array | undefined {
    const row = this.#rows[series.subject].get(series);
    if (row === undefined) return undefined;
    const values = rowOf(this.#panel, row);
    return values.some((value) => Number.isFinite(value)) ? values : undefined;
  }
}

/** Of resources the dimensions, what is under way, and how long it takes; of servers the dimensions among them. */
const RECENT_METRICS: readonly Metric[] = [...DIMENSIONS, 'inflight', 'latency'];

export interface RecentWindow {
  readonly nowMs: number;
  readonly stepMs: number;
  readonly steps: number;
  readonly metrics?: readonly Metric[];
}

/** Reads the last `steps` whole steps of every resource and server, in these metrics alone if some are named. @throws ERR_STORE_UNAVAILABLE */
export async function readRecent(
  metricStore: MetricStore,
  view: TableView,
  window: RecentWindow,
): Promise<RecentLoads> {
  const panel = await metricStore.readPanel(atOnce(querySlices(view, window)));
  return new RecentLoads(panel, tenuresOf(view));
}

/** The same in several turns of the event loop, for whoever answers others meanwhile: of a large fleet each takes milliseconds. @throws ERR_STORE_UNAVAILABLE */
export async function readRecentInTurns(
  metricStore: MetricStore,
  view: TableView,
  window: RecentWindow,
): Promise<RecentLoads> {
  const panel = await readInTurns(metricStore, await inSlices(querySlices(view, window)));
  await setImmediate();
  const tenures = tenuresOf(view);
  await setImmediate();
  const loads = new RecentLoads(panel, tenures, await inSlices(rowSlices(panel.series)));
  await setImmediate();
  return loads;
}

/** Read in one go: a store in memory has so many in a few milliseconds. */
const SERIES_A_TURN = 2048;

async function readInTurns(metricStore: MetricStore, query: PanelQuery): Promise<Panel> {
  const { series, startMs, stepMs, steps } = query;
  const values = new Float32Array(series.length * steps);
  for (let from = 0; from < series.length; from += SERIES_A_TURN) {
    await setImmediate();
    const some = { ...query, series: series.slice(from, from + SERIES_A_TURN) };
    values.set((await metricStore.readPanel(some)).values, from * steps);
  }
  return { series, grid: { startMs, stepMs, steps }, values };
}

/** Of the servers and resources as they are at the first step. */
function* querySlices(
  view: TableView,
  { nowMs, stepMs, steps, metrics = RECENT_METRICS }: RecentWindow,
): Slices<PanelQuery> {
  const { table } = view;
  const series: SeriesKey[] = [];
  for (const metric of DIMENSIONS.filter((each) => metrics.includes(each))) {
    for (const id of view.all(SERVER).keys()) series.push({ subject: 'server', id, metric });
  }
  for (const metric of metrics) {
    yield;
    for (const [id] of table.entries()) series.push({ subject: 'resource', id, metric });
  }
  return { series, ...gridBefore(nowMs, stepMs, steps) };
}

/** What was measured of a server lately as shares of its capacity, of the dimensions that are bounded and measured. */
export function sharesInUse(
  loads: {
    lastOf(series: {
      readonly subject: 'server';
      readonly id: ServerId;
      readonly metric: Dimension;
    }): number;
  },
  server: ServerId,
  capacity: Readonly<Partial<Record<Dimension, number>>>,
): Partial<Record<Dimension, number>> {
  const shares: Partial<Record<Dimension, number>> = {};
  for (const metric of DIMENSIONS) {
    const limit = capacity[metric];
    const load = loads.lastOf({ subject: 'server', id: server, metric });
    if (limit !== undefined && Number.isFinite(load)) shares[metric] = load / limit;
  }
  return shares;
}

/** The largest of a server's shares; undefined: none is known. */
export function overallOf(
  shares: Readonly<Partial<Record<Dimension, number>>>,
): number | undefined {
  const all = Object.values(shares);
  return all.length === 0 ? undefined : Math.max(...all);
}
