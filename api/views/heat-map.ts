import type { Dimension, ServerId } from '../../core/domain.js';
import { Kept } from '../../core/kept.js';
import type { ForecastRun, MetricStore } from '../../core/metric-store/port.js';
import type { Panel } from '../../core/panel.js';
import { endMsOf, gridBefore, rowOf } from '../../core/panel.js';
import { SERVER } from '../../core/table-store/records/server.js';
import type { TableView } from '../../core/table-store/view.js';
import type { HeatMap, HeatMetric } from '../contract/heat-map.js';
import { HEAT_METRICS } from '../contract/heat-map.js';
import { Dated } from '../encoded-answers.js';
import { finites } from './finite.js';
import type { Memory } from './kept/memory.js';

export interface HeatMapParts {
  readonly view: TableView;
  readonly metricStore: MetricStore;
  readonly memory: Memory;
}

export interface HeatMapWindow {
  readonly nowMs: number;
  readonly stepMs: number;
  readonly metric: HeatMetric;
  /** So far back, in steps. */
  readonly pastSteps: number;
  /** Of the past: with more steps than these a column is several of them. */
  readonly columnsMax: number;
}

const NO_MOVERS: HeatMap['movers'] = [];

/** All but the moment. */
type HeatMapRest = Omit<HeatMap, 'nowMs'>;

/**
 * Every server over time, with what is to come. What was is read for each answer, since some of it may come late; as long as all of it
 * is the same, so is the answer (tens of thousands of numbers), but for its moment.
 */
export class HeatMaps {
  readonly #parts: HeatMapParts;
  readonly #rest = new Kept<HeatMapRest>();
  #panel: Panel | undefined;

  constructor(parts: HeatMapParts) {
    this.#parts = parts;
  }

  /** @throws ERR_STORE_UNAVAILABLE */
  async of({ nowMs, stepMs, metric, ...past }: HeatMapWindow): Promise<Dated<HeatMapRest>> {
    const { view, metricStore, memory } = this.#parts;
    const { pastSteps, columnsMax } = past;
    const servers = [...view.all(SERVER)].sort(([a], [b]) => (a < b ? -1 : 1));
    const bounded = servers.map(([id, { value }]) => ({
      id,
      limit: limitOf(value.capacity, metric),
    }));
    const stamp = memory.fleet.stampOf([SERVER]);
    const stepsAColumn = Math.ceil(pastSteps / columnsMax);
    const columnMs = stepsAColumn * stepMs;
    // Columns end where steps do, so that what is to come begins where the past ends.
    const end = endMsOf(gridBefore(nowMs, stepMs, 1));
    const columns = Math.ceil(pastSteps / stepsAColumn);
    const grid = { startMs: end - columns * columnMs, stepMs: columnMs, steps: columns };
    const series = bounded.map(({ id }) => ({ subject: 'server', id, metric }) as const);
    const [read, run] = await Promise.all([
      metricStore.readPanel({ series, ...grid }),
      metricStore.latestForecast(),
    ]);
    const panel = this.#sameOf(read);
    const movers = run === undefined ? NO_MOVERS : memory.moversOf(run, metric);
    const facts = [metric, columnMs, stepsAColumn, columns, end, stamp, panel, run, movers];
    const rest = this.#rest.of(facts, () => {
      const forecasts = memory.forecastsOf(run);
      const future = futureOf(run, end);
      const ahead = (id: ServerId, limit: number, quantile: number): (number | null)[] => {
        if (future === undefined || Number.isNaN(limit)) return [];
        const path = forecasts.pathOf(id, metric, quantile)?.subarray(future.skipped) ?? [];
        return finites(highests(path, stepsAColumn), thousandths(limit));
      };
      return {
        metric,
        metrics: HEAT_METRICS.filter((each) =>
          servers.some(([, { value }]) => !Number.isNaN(limitOf(value.capacity, each))),
        ),
        columnMs,
        pastFromMs: grid.startMs,
        futureFromMs: future?.fromMs ?? null,
        servers: bounded.map(({ id, limit }, row) => ({
          id,
          past: finites(rowOf(panel, row), thousandths(limit)),
          p50: ahead(id, limit, 0.5),
          p90: ahead(id, limit, 0.9),
        })),
        movers,
      };
    });
    return new Dated(nowMs, rest);
  }

  /** The panel that was read before, if this one has the same numbers in it. */
  #sameOf(read: Panel): Panel {
    const before = this.#panel;
    if (before !== undefined && bytesOf(before).equals(bytesOf(read))) return before;
    this.#panel = read;
    return read;
  }
}

/** Holes are compared as well: all of them are the same bits. */
function bytesOf({ values }: Panel): Buffer {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}

/** NaN: the server has none. Utilization has one of its own. */
function limitOf(
  capacity: Readonly<Partial<Record<Dimension, number>>>,
  metric: HeatMetric,
): number {
  if (metric !== 'utilization') return capacity[metric] ?? NaN;
  return Object.keys(capacity).length === 0 ? NaN : 1;
}

/** Where the part of a forecast begins that is still to come; an old one has steps that are over. */
function futureOf(
  run: ForecastRun | undefined,
  fromMs: number,
): { readonly fromMs: number; readonly skipped: number } | undefined {
  if (run === undefined) return undefined;
  const { startMs, stepMs, steps } = run.block.grid;
  const skipped = Math.max(0, Math.ceil((fromMs - startMs) / stepMs));
  return skipped >= steps ? undefined : { fromMs: startMs + skipped * stepMs, skipped };
}

/** Of so many steps each. */
function highests(path: ArrayLike<number>, steps: number): number[] {
  const highest: number[] = [];
  for (let from = 0; from < path.length; from += steps) {
    let most = 0;
    for (let at = from; at < Math.min(path.length, from + steps); at++) {
      most = Math.max(most, path[at] ?? 0);
    }
    highest.push(most);
  }
  return highest;
}

function thousandths(limit: number): (value: number) => number {
  return (value) => Math.round(1000 * (value / limit));
}
