import { strict as assert } from 'node:assert';
import { DIMENSIONS } from '../domain.js';
import { fail } from '../errors.js';
import { endMsOf } from '../panel.js';
import { formatSeries } from '../sample.js';
import type { Sample } from '../sample.js';
import type { ForecastRun, PanelQuery, Score } from './port.js';

/** What a fleet may have, as the config's `limits` say. */
interface FleetLimits {
  readonly resourcesMax: number;
  readonly serversMax: number;
}

/** How far ahead forecasts are kept for scoring: a twelfth of the horizon, half of it, all of it. */
const LEADS_KEPT = 3;

/**
 * Room for every series of the largest fleet that the config allows, and for a small one that changes. Once it is there, a
 * series takes some 150 bytes while its day is loaded (its name, its place in tables), and 4 KB while the day is rolled up:
 * 10,000 resources with all their metrics 9 MB, and 240 MB once a day. No config leads beyond what a rollup can name
 * (rollup/format.ts), and what fits in one row of what was said (segment/format.ts).
 */
export function fleetLimits({ resourcesMax, serversMax }: FleetLimits) {
  const within = (least: number, count: number, most: number): number =>
    Math.min(most, Math.max(least, count));
  const dimensions = DIMENSIONS.length;
  // Besides the dimensions there are `inflight` and `latency` of resources, and `utilization` of servers.
  const series = (dimensions + 2) * resourcesMax + (dimensions + 1) * serversMax;
  const forecast = dimensions * resourcesMax + (dimensions + 1) * serversMax;
  return {
    seriesMax: within(50_000, series, 800_000),
    saidMax: within(250_000, LEADS_KEPT * forecast, 1_300_000),
  };
}

/**
 * How much a metric store of this process takes. What would pass a limit is refused with ERR_LIMIT_REACHED;
 * of a write over several days, days before that may have been written. Of one with too many series only the new ones are
 * refused, with ERR_SERIES_REFUSED.
 */
export const METRIC_STORE_LIMITS = {
  /** `seriesMax`: series of one day; `saidMax`: series of a forecast × its leads, of one and of all of a day. */
  ...fleetLimits({ resourcesMax: 100_000, serversMax: 2000 }),
  /** Samples, or scores, of one write. */
  batchMax: 100_000,
  /** Series × steps of one panel; each takes 20 bytes while it is made. */
  panelValuesMax: 20_000_000,
  /** Scores of one read. */
  scoresMax: 2_000_000,
  eventBytesMax: 256 << 10,
  /** Events of one day. */
  eventsPerDayMax: 10_000,
  /** Different days that anything is kept of. */
  daysMax: 5000,
  /** Columns of all the layouts of a day; rows of more layouts are split (segment/format.ts). */
  layoutCellsMax: 1 << 22,
  /** Bytes written for one day. */
  dayBytesMax: 8 * 2 ** 30,
};
export type MetricStoreLimits = typeof METRIC_STORE_LIMITS;

/** 2200: later times are a fault of a clock, and would never be past their retention. */
const TIME_MAX_MS = 7_258_118_400_000;
const FLOAT32_MAX = 3.4028234663852886e38;

/** Samples are kept to the millisecond, as 32-bit floats. @throws ERR_LIMIT_REACHED, ERR_SAMPLE_INVALID */
export function checkSamples(samples: readonly Sample[], { batchMax }: MetricStoreLimits): void {
  if (samples.length > batchMax)
    fail('ERR_LIMIT_REACHED', { limit: batchMax, what: 'samples a write' });
  for (const { series, timeMs, value } of samples) {
    if (!(value >= 0 && value <= FLOAT32_MAX)) {
      fail('ERR_SAMPLE_INVALID', { series: formatSeries(series), timeMs, why: `value ${value}` });
    }
    if (!isTime(timeMs)) {
      fail('ERR_SAMPLE_INVALID', { series: formatSeries(series), timeMs, why: 'no such time' });
    }
  }
}

/** @throws ERR_LIMIT_REACHED, ERR_SAMPLE_INVALID */
export function checkScores(scores: readonly Score[], { batchMax }: MetricStoreLimits): void {
  if (scores.length > batchMax)
    fail('ERR_LIMIT_REACHED', { limit: batchMax, what: 'scores a write' });
  for (const { series, timeMs, leadMs, absoluteError, pinball } of scores) {
    const isSound = absoluteError >= 0 && absoluteError <= FLOAT32_MAX && Number.isFinite(pinball);
    if (isSound && isTime(timeMs) && leadMs > 0) continue;
    fail('ERR_SAMPLE_INVALID', { series: formatSeries(series), timeMs, why: 'not a score' });
  }
}

/** @throws ERR_LIMIT_REACHED */
export function checkQuery(
  { series, stepMs, steps, startMs }: PanelQuery,
  limits: MetricStoreLimits,
) {
  assert.ok(
    stepMs > 0 && Number.isFinite(stepMs) && Number.isFinite(startMs),
    'a panel has a grid',
  );
  assert.ok(Number.isInteger(steps) && steps >= 0, 'a panel has whole steps');
  const { panelValuesMax } = limits;
  if (series.length * steps > panelValuesMax) {
    fail('ERR_LIMIT_REACHED', { limit: panelValuesMax, what: 'values a panel' });
  }
}

/** @throws ERR_LIMIT_REACHED */
export function checkForecast({ block, leads }: ForecastRun, { saidMax }: MetricStoreLimits): void {
  const { series, grid, quantiles, paths, peaks } = block;
  assert.ok(isTime(grid.startMs) && isTime(endMsOf(grid)), 'a forecast is of times that can be');
  assert.equal(paths.length, series.length * quantiles.length * grid.steps, 'whole paths');
  assert.equal(peaks.length, series.length * quantiles.length, 'a peak a series and quantile');
  assert.ok(
    leads.every((lead) => Number.isInteger(lead) && lead >= 1 && lead <= grid.steps),
    'leads are steps of the forecast',
  );
  if (series.length * leads.length > saidMax) {
    fail('ERR_LIMIT_REACHED', { limit: saidMax, what: 'series × leads a forecast' });
  }
}

/** Of something that is kept by its time. */
export function isTime(timeMs: number): boolean {
  return timeMs >= 0 && timeMs < TIME_MAX_MS;
}
