import type { Dimension, ServerId } from '../../core/domain.js';
import { DIMENSIONS } from '../../core/domain.js';
import type { MetricStore } from '../../core/metric-store/port.js';
import { gridBefore, rowOf } from '../../core/panel.js';
import type { SeriesKey } from '../../core/sample.js';
import { SERVER } from '../../core/table-store/records/server.js';
import type { TableView } from '../../core/table-store/view.js';
import type { Outlook } from '../contract/outlook.js';
import { finites } from './finite.js';
import type { Forecasts } from './forecasts.js';
import type { Memory } from './kept/memory.js';

export interface OutlookParts {
  readonly view: TableView;
  readonly metricStore: MetricStore;
  readonly memory: Memory;
}

/** Past load and forecast of every server in every dimension that it declares a capacity for. */
export async function outlookOf(
  { view, metricStore, memory }: OutlookParts,
  {
    nowMs,
    stepMs,
    pastSteps,
  }: { readonly nowMs: number; readonly stepMs: number; readonly pastSteps: number },
): Promise<Outlook> {
  const wanted = [...view.all(SERVER)].flatMap(([server, { value }]) =>
    DIMENSIONS.flatMap((dimension) => {
      const capacity = value.capacity[dimension];
      return capacity === undefined ? [] : [{ server, dimension, capacity }];
    }),
  );
  const series = wanted.map(({ server, dimension }): SeriesKey => {
    return { subject: 'server', id: server, metric: dimension };
  });
  const grid = gridBefore(nowMs, stepMs, pastSteps);
  const panel = await metricStore.readPanel({ series, ...grid });
  const run = await metricStore.latestForecast();
  const forecasts = memory.forecastsOf(run);
  return {
    nowMs,
    stepMs,
    pastFromMs: grid.startMs,
    forecastFromMs: run?.block.grid.startMs ?? null,
    lines: wanted.map(({ server, dimension, capacity }, index) => ({
      server,
      dimension,
      past: sharesOf(rowOf(panel, index), capacity),
      ...bandOf(forecasts, { server, dimension, capacity }),
    })),
  };
}

function bandOf(
  forecasts: Forecasts,
  line: { readonly server: ServerId; readonly dimension: Dimension; readonly capacity: number },
): Pick<Outlook['lines'][number], 'p10' | 'p50' | 'p90'> {
  const path = (quantile: number): (number | null)[] =>
    sharesOf(forecasts.pathOf(line.server, line.dimension, quantile) ?? [], line.capacity);
  return { p10: path(0.1), p50: path(0.5), p90: path(0.9) };
}

/** To a ten-thousandth. (By way of a text, as significant digits, it was most of what an outlook of 200 servers takes.) */
function sharesOf(values: Iterable<number>, capacity: number): (number | null)[] {
  return finites(values, (value) => Math.round((10_000 * value) / capacity) / 10_000);
}
