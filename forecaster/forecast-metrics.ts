import type { Clock } from '../core/clock/port.js';
import { pathOf } from '../core/forecast.js';
import type { ForecastRun } from '../core/metric-store/port.js';
import type { MetricSource, Reading } from '../core/metrics.js';
import type { Round } from './round.js';
import type { ScoreSums } from './score-tally.js';

export interface ForecastMetricsParts {
  readonly clock: Clock;
  readonly round: Pick<Round, 'lastForecast' | 'tally' | 'score'>;
  readonly analysis: { readonly seriesDue: number };
}

const SHOWN_QUANTILES = [0.5, 0.9] as const;
/** How far ahead, for labels: alerts must not depend on the horizon of the config. */
const HORIZONS: readonly (readonly [label: string, ms: number])[] = [
  ['30m', 1_800_000],
  ['all', Infinity],
];
/** Utilization of a server that is full. */
const LIMIT = 1;

/** What is expected of the servers, and how good such words were. Leads are written in seconds. */
export function forecastMetrics({ clock, round, analysis }: ForecastMetricsParts): MetricSource[] {
  const { tally } = round;
  const byLead = (valueOf: (sums: ScoreSums) => number) => (): Reading[] =>
    tally.sums.map((sums) => ({
      labels: { lead_seconds: String(sums.leadMs / 1000) },
      value: valueOf(sums),
    }));
  return [
    {
      name: 'foreshift_forecast_timestamp_seconds',
      help: 'When this process made its last forecast.',
      kind: 'gauge',
      read: () =>
        round.lastForecast === undefined ? [] : [{ value: round.lastForecast.madeAtMs / 1000 }],
    },
    {
      name: 'foreshift_forecast_utilization_ratio',
      help: 'Highest utilization of a server that is expected so far ahead, by quantile.',
      kind: 'gauge',
      labels: ['server', 'quantile', 'horizon'],
      read: () => expected(round.lastForecast, clock.realtimeMs()),
    },
    {
      name: 'foreshift_forecast_overload_timestamp_seconds',
      help: 'When P90 of the utilization of a server first passes 1; absent: it does not.',
      kind: 'gauge',
      labels: ['server'],
      read: () => overloads(round.lastForecast, clock.realtimeMs()),
    },
    {
      name: 'foreshift_forecast_learning_due',
      help: 'Series that models are yet to learn anew from, in the thread of the analysis.',
      kind: 'gauge',
      read: () => [{ value: analysis.seriesDue }],
    },
    {
      name: 'foreshift_forecast_scored_total',
      help: 'Steps of the utilization of servers whose forecast was compared with what came.',
      kind: 'counter',
      labels: ['lead_seconds'],
      read: byLead(({ count }) => count),
    },
    {
      name: 'foreshift_forecast_in_band_total',
      help: 'Of those, how many came out within P10 to P90; 0.8 of them is right.',
      kind: 'counter',
      labels: ['lead_seconds'],
      read: byLead(({ inBand }) => inBand),
    },
    {
      name: 'foreshift_forecast_pinball_total',
      help: 'Sum of their pinball losses, in shares of a capacity.',
      kind: 'counter',
      labels: ['lead_seconds'],
      read: byLead(({ pinball }) => pinball),
    },
    {
      name: 'foreshift_forecast_naive_pinball_total',
      help: 'What that sum would be if it were always said that all stays as it is.',
      kind: 'counter',
      labels: ['lead_seconds'],
      read: byLead(({ naivePinball }) => naivePinball),
    },
    {
      name: 'foreshift_forecast_breaches',
      help: 'Overloads of servers within fallBack.windowMs that were called, missed, called but did not come, and called before something was moved.',
      kind: 'gauge',
      labels: ['outcome'],
      read: () => {
        const { called, missed, false: wrong, answered } = round.score();
        return Object.entries({ called, missed, false: wrong, answered }).map(
          ([outcome, value]) => ({ labels: { outcome }, value }),
        );
      },
    },
  ];
}

interface Step {
  /** From now to its beginning; below 0: it goes on. */
  readonly aheadMs: number;
  readonly value: number;
}

/** The steps of a quantile that are not over, by server. */
function* stepsOf(
  run: ForecastRun | undefined,
  quantile: number,
  nowMs: number,
): Generator<readonly [server: string, steps: readonly Step[]]> {
  if (run === undefined) return;
  const { series, grid } = run.block;
  for (const [row, { subject, id, metric }] of series.entries()) {
    if (subject !== 'server' || metric !== 'utilization') continue;
    const steps = [...pathOf(run.block, row, quantile)]
      .map((value, step) => ({ value, aheadMs: grid.startMs + step * grid.stepMs - nowMs }))
      .filter(({ aheadMs }) => aheadMs > -grid.stepMs);
    yield [id, steps];
  }
}

function expected(run: ForecastRun | undefined, nowMs: number): Reading[] {
  return SHOWN_QUANTILES.flatMap((quantile) =>
    [...stepsOf(run, quantile, nowMs)].flatMap(([server, steps]) =>
      HORIZONS.flatMap(([horizon, horizonMs]) => {
        const values = steps.filter(({ aheadMs }) => aheadMs < horizonMs).map(({ value }) => value);
        if (values.length === 0) return [];
        const labels = { server, quantile: String(quantile), horizon };
        return [{ labels, value: Math.max(...values) }];
      }),
    ),
  );
}

function overloads(run: ForecastRun | undefined, nowMs: number): Reading[] {
  return [...stepsOf(run, 0.9, nowMs)].flatMap(([server, steps]) => {
    const first = steps.find(({ value }) => value > LIMIT);
    return first === undefined
      ? []
      : [{ labels: { server }, value: (nowMs + Math.max(0, first.aheadMs)) / 1000 }];
  });
}
