import type { ResourceId, ServerId } from '../../core/domain.js';
import { fail } from '../../core/errors.js';
import { pathOf } from '../../core/forecast.js';
import type { MetricStore, Said } from '../../core/metric-store/port.js';
import { gridBefore, rowOf } from '../../core/panel.js';
import type { SeriesKey } from '../../core/sample.js';
import type { Eligibility } from '../../core/table-store/eligibility.js';
import { ROUND } from '../../core/table-store/records/plan.js';
import { SERVER } from '../../core/table-store/records/server.js';
import type { Tenure } from '../../core/table-store/tenures.js';
import { residentsDuring, tenuresOf } from '../../core/table-store/tenures.js';
import type { TableView } from '../../core/table-store/view.js';
import { breachesOf } from '../../forecaster/breaches.js';
import { scoresOf, summariesOf } from '../../forecaster/scores.js';
import type { SeriesForecast } from '../contract/forecast.js';
import type { HeatMetric } from '../contract/heat-map.js';
import { HEAT_METRICS } from '../contract/heat-map.js';
import { finite, finites } from './finite.js';
import type { Forecasts } from './forecasts.js';
import type { Memory } from './kept/memory.js';

export interface SeriesForecastParts {
  readonly view: TableView;
  readonly metricStore: MetricStore;
  readonly eligibility: Eligibility;
  readonly memory: Memory;
}

export type Subject =
  | { readonly subject: 'server'; readonly id: ServerId }
  | { readonly subject: 'resource'; readonly id: ResourceId };

export interface SeriesWindow {
  readonly nowMs: number;
  readonly stepMs: number;
  /** Undefined: the first that there is. */
  readonly metric: HeatMetric | undefined;
  readonly pastSteps: number;
}

/** A score of fewer steps says nothing: so far back it goes at least. */
const SCORED_STEPS_MIN = 288;

/** One series, its forecast, and what had been said. @throws ERR_SERVER_UNKNOWN, ERR_RESOURCE_UNKNOWN, ERR_STORE_UNAVAILABLE */
export async function seriesForecastOf(
  subject: Subject,
  { nowMs, stepMs, metric: wanted, pastSteps }: SeriesWindow,
  parts: SeriesForecastParts,
): Promise<SeriesForecast> {
  const { view, metricStore } = parts;
  assertKnown(subject, parts);
  const run = await metricStore.latestForecast();
  const forecasts = parts.memory.forecastsOf(run);
  const metrics = metricsOf(subject, forecasts, view);
  const metric = wanted ?? metrics[0] ?? (subject.subject === 'server' ? 'utilization' : 'hits');
  const key = { ...subject, metric } as SeriesKey;
  const steps = Math.max(pastSteps, SCORED_STEPS_MIN);
  const grid = gridBefore(nowMs, stepMs, steps);
  const values = rowOf(await metricStore.readPanel({ series: [key], ...grid }), 0);
  const limit = limitOf(subject, metric, view);
  const tenures = subject.subject === 'server' ? (tenuresOf(view).get(subject.id) ?? []) : null;
  const spoken = await Promise.all(
    (run?.leads ?? []).map(async (lead): Promise<Spoken> => {
      const leadMs = lead * stepMs;
      const range = { fromMs: grid.startMs, toMs: grid.startMs + steps * stepMs };
      return { leadMs, said: await metricStore.readSaid({ series: key, leadMs, ...range }) };
    }),
  );
  const shown = steps - pastSteps;
  return {
    ...subject,
    metric,
    metrics,
    server:
      subject.subject === 'resource' ? (view.table.placementOf(subject.id)?.server ?? null) : null,
    nowMs,
    stepMs,
    pastFromMs: grid.startMs + shown * stepMs,
    past: finites(values.subarray(shown), rounded),
    limit,
    forecast: forecastOf(key, forecasts),
    said: spoken.map(({ leadMs, said }) => ({ leadMs, ...alongside(said, grid, shown) })),
    score: scoreOf({ key, stepMs, startMs: grid.startMs, values, limit, tenures, spoken }),
    learning: learningIn(view),
  };
}

interface Spoken {
  readonly leadMs: number;
  readonly said: readonly Said[];
}

function assertKnown({ subject, id }: Subject, { view, eligibility }: SeriesForecastParts): void {
  if (subject === 'server') {
    if (view.get(SERVER, id) === undefined) fail('ERR_SERVER_UNKNOWN', { server: id });
    return;
  }
  const isKnown = view.table.placementOf(id) !== undefined || eligibility.counts().has(id);
  if (!isKnown) fail('ERR_RESOURCE_UNKNOWN', { resource: id });
}

/** What is forecast of it; of a server also what it has a capacity for. */
function metricsOf({ subject, id }: Subject, forecasts: Forecasts, view: TableView): HeatMetric[] {
  const series = forecasts.run?.block.series;
  const forecast = new Set(forecasts.rowsOf(subject, id).map((row) => series?.[row]?.metric));
  const capacity = subject === 'server' ? (view.get(SERVER, id)?.value.capacity ?? {}) : {};
  return HEAT_METRICS.filter(
    (metric) =>
      forecast.has(metric) || (metric !== 'utilization' && capacity[metric] !== undefined),
  );
}

function limitOf({ subject, id }: Subject, metric: HeatMetric, view: TableView): number | null {
  if (subject === 'resource') return null;
  return metric === 'utilization' ? 1 : (view.get(SERVER, id)?.value.capacity[metric] ?? null);
}

function forecastOf(key: SeriesKey, forecasts: Forecasts): SeriesForecast['forecast'] {
  const { run } = forecasts;
  const row = forecasts.rowOf(key);
  if (run === undefined || row === undefined) return null;
  const path = (quantile: number): (number | null)[] =>
    finites(pathOf(run.block, row, quantile), rounded);
  return {
    madeAtMs: run.madeAtMs,
    fromMs: run.block.grid.startMs,
    model: run.models[row] ?? '',
    p10: path(0.1),
    p50: path(0.5),
    p90: path(0.9),
  };
}

/** What was said of each step from `shown` on; null: nothing was. */
function alongside(
  said: readonly Said[],
  {
    startMs,
    stepMs,
    steps,
  }: { readonly startMs: number; readonly stepMs: number; readonly steps: number },
  shown: number,
): Pick<SeriesForecast['said'][number], 'p10' | 'p50' | 'p90'> {
  const at = new Map(said.map((one) => [Math.round((one.timeMs - startMs) / stepMs), one]));
  const path = (read: (one: Said) => number): (number | null)[] =>
    Array.from({ length: steps - shown }, (_, step) => {
      const one = at.get(shown + step);
      return one === undefined ? null : finite(rounded(read(one)));
    });
  return {
    p10: path(({ p10 }) => p10),
    p50: path(({ p50 }) => p50),
    p90: path(({ p90 }) => p90),
  };
}

interface ScoreInputs {
  readonly key: SeriesKey;
  readonly stepMs: number;
  readonly startMs: number;
  readonly values: Float32Array;
  readonly limit: number | null;
  /** Of a server: what it had when. Null: a resource, which is the same wherever it is. */
  readonly tenures: readonly Tenure[] | null;
  readonly spoken: readonly Spoken[];
}

/** As the rounds score: a step of a server that got or gave away something since it was said is no error of the forecast. */
function scoreOf({
  key,
  stepMs,
  startMs,
  values,
  limit,
  tenures,
  spoken,
}: ScoreInputs): SeriesForecast['score'] {
  const valueAt = (timeMs: number): number =>
    values[Math.round((timeMs - startMs) / stepMs)] ?? NaN;
  const isSame = (timeMs: number, leadMs: number): boolean =>
    tenures === null || residentsDuring(tenures, timeMs - leadMs, timeMs + stepMs) !== undefined;
  const leads: SeriesForecast['score']['leads'] = [];
  let worst: SeriesForecast['score']['worst'] = null;
  const fair = spoken.map(({ leadMs, said }) => ({
    leadMs,
    said: said.filter(({ timeMs }) => isSame(timeMs, leadMs)),
  }));
  for (const { leadMs, said } of fair) {
    const scores = scoresOf({ series: key, leadMs, said, cameAt: valueAt });
    const [summary] = summariesOf(scores);
    if (summary === undefined) continue;
    const naive = scores
      .map(({ timeMs }) => Math.abs(valueAt(timeMs) - valueAt(timeMs - leadMs)))
      .filter(Number.isFinite);
    leads.push({
      leadMs,
      count: summary.count,
      coverage: summary.coverage,
      absoluteError: summary.absoluteErrorMean,
      pinball: summary.pinballMean,
      naivePinball:
        naive.length === 0 ? null : naive.reduce((sum, error) => sum + error, 0) / naive.length,
    });
    for (const { timeMs, p50 } of said) {
      const came = valueAt(timeMs);
      const error = Math.abs(came - p50);
      if (!Number.isFinite(error)) continue;
      if (worst === null || error > Math.abs(worst.came - worst.said)) {
        worst = { timeMs, leadMs, said: p50, came };
      }
    }
  }
  return { fromMs: startMs, leads, breaches: breachesIn(), worst };

  function breachesIn(): SeriesForecast['score']['breaches'] {
    if (limit === null) return null;
    const came = Array.from(values, (value, step) => ({ timeMs: startMs + step * stepMs, value }));
    const found = breachesOf({ stepMs, limit, came, ahead: fair });
    return {
      called: found.called,
      missed: found.missed,
      false: found.false,
      leadMs: finite(found.leadMs),
    };
  }
}

function learningIn(view: TableView): SeriesForecast['learning'] {
  const none = view.get(ROUND, 'last')?.value.none;
  if (none?.why !== 'learning') return null;
  return { steps: none.steps ?? 0, stepsMin: none.stepsMin ?? 0 };
}

function rounded(value: number): number {
  return Number(value.toPrecision(5));
}
