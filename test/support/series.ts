import { forecastBlock } from '../../core/forecast.js';
import type { ForecastRun, MetricStore } from '../../core/metric-store/port.js';
import type { Metric, Sample, SeriesKey } from '../../core/sample.js';
import { r, s } from './names.js';

/* Series, samples and forecasts in tests, short to write. */

export function serverSeries(name: string, metric: Metric = 'cpu'): SeriesKey {
  return { subject: 'server', id: s(name), metric };
}

export function resourceSeries(name: string, metric: Metric = 'hits'): SeriesKey {
  return { subject: 'resource', id: r(name), metric };
}

/** Of most tests of metric stores. */
export const CPU = serverSeries('s1');
export const HITS = resourceSeries('vol-7');

export function sample(series: SeriesKey, timeMs: number, value: number): Sample {
  return { series, timeMs, value };
}

/** The values of one series; a gap is null. */
export async function readRow(
  store: MetricStore,
  series: SeriesKey,
  grid: { readonly startMs: number; readonly stepMs: number; readonly steps: number },
): Promise<(number | null)[]> {
  const { values } = await store.readPanel({ series: [series], ...grid });
  return Array.from(values, (value) => (Number.isNaN(value) ? null : value));
}

/** A forecast whose median at step h of series i is `base + 10 · i + h`, with P10 and P90 a quarter and a half off. */
export function forecastRun(
  series: readonly SeriesKey[],
  {
    startMs,
    stepMs = 300_000,
    steps = 12,
    base = 100,
    madeAtMs = startMs,
    leads = [1, 6],
  }: {
    readonly startMs: number;
    readonly stepMs?: number;
    readonly steps?: number;
    readonly base?: number;
    readonly madeAtMs?: number;
    readonly leads?: readonly number[];
  },
): ForecastRun {
  const block = forecastBlock(series, { startMs, stepMs, steps });
  series.forEach((_key, at) => {
    [-0.25, 0, 0.5].forEach((offset, quantile) => {
      const row = 3 * at + quantile;
      for (let step = 0; step < steps; step++) {
        block.paths[row * steps + step] = base + 10 * at + step + offset;
      }
      block.peaks[row] = base + 10 * at + steps + offset;
    });
    block.loadings[at] = 0.5;
  });
  return { madeAtMs, models: series.map(() => 'last-value'), block, leads };
}
