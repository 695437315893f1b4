import type { Bus } from '../core/bus/port.js';
import type { Clock } from '../core/clock/port.js';
import type { Mode } from '../core/domain.js';
import type { MetricSource, Reading } from '../core/metrics.js';
import { NO_PLAN_REASONS } from '../core/plan.js';
import { proposedPlans } from '../core/table-store/plans.js';
import { MODE, PAUSE, PLAN, ROUND } from '../core/table-store/records/plan.js';
import { SERVER } from '../core/table-store/records/server.js';
import { stateOf } from '../core/table-store/server-state.js';
import type { TableView } from '../core/table-store/view.js';
import { backtestMetrics } from './backtest/score-metrics.js';
import { drainsIn } from './drains.js';
import { forecastMetrics } from './forecast-metrics.js';
import { JobsLook } from './jobs-look.js';
import type { PlanTally } from './plan-tally.js';
import type { Round } from './round.js';
import { scheduledPlans } from './planner/scheduled.js';
import { residentsByServer } from './residents.js';

export interface ForecasterMetricsParts {
  readonly view: TableView;
  readonly clock: Clock;
  readonly bus: Pick<Bus, 'jobs'>;
  readonly round: Pick<Round, 'lastForecast' | 'lastMs' | 'tally' | 'score'>;
  readonly plans: PlanTally;
  readonly analysis: { readonly seriesDue: number };
}

/** As they are when they are looked at. */
export interface ForecasterMetricsOptions {
  /** Between two rounds by schedule. */
  readonly everyMs: number;
  /** Unless an operator set another one. */
  readonly mode: Mode;
}

const HOUR_MS = 3_600_000;
/** Resources that were moved again and again are named: so many at most. */
const RESTLESS_MAX = 10;
/** One move an hour is nothing to name a resource for. */
const RESTLESS_MOVES = 2;

/** What a forecaster shows: what it expects, how good that was, what it made of it, and what waits for whom. */
export function forecasterMetrics(
  parts: ForecasterMetricsParts,
  options: ForecasterMetricsOptions,
): MetricSource[] {
  return [
    ...forecastMetrics(parts),
    ...backtestMetrics(parts.view),
    ...roundMetrics(parts, options),
    ...planMetrics(parts),
    ...fleetMetrics(parts, options),
    ...busMetrics(parts),
  ];
}

function roundMetrics(
  { view, round }: ForecasterMetricsParts,
  options: ForecasterMetricsOptions,
): MetricSource[] {
  const last = () => view.get(ROUND, 'last')?.value;
  return [
    {
      name: 'foreshift_round_last_timestamp_seconds',
      help: 'When the last round ended.',
      kind: 'gauge',
      read: () => atSecond(last()?.atMs),
    },
    {
      name: 'foreshift_round_period_seconds',
      help: 'Between two rounds by schedule.',
      kind: 'gauge',
      read: () => atSecond(options.everyMs),
    },
    {
      name: 'foreshift_round_seconds',
      help: 'How long the last round of this process took.',
      kind: 'gauge',
      read: () => atSecond(round.lastMs),
    },
    {
      name: 'foreshift_round_result',
      help: '1 for what the last round came to: planned, or why there was no plan.',
      kind: 'gauge',
      labels: ['result'],
      read: () => {
        const found = last();
        if (found === undefined) return [];
        const result = found.none?.why ?? 'planned';
        return ['planned', ...NO_PLAN_REASONS].map((one) => ({
          labels: { result: one },
          value: one === result ? 1 : 0,
        }));
      },
    },
    {
      name: 'foreshift_capacity_missing_servers',
      help: 'Servers that the last round would need beside those there are.',
      kind: 'gauge',
      read: () => {
        const found = last();
        if (found === undefined) return [];
        const plan = found.plan === null ? undefined : view.get(PLAN, found.plan)?.value.plan;
        const blockers = found.none?.blockers ?? plan?.analysis?.blockers ?? [];
        const missing = blockers.filter(
          ({ kind, resource }) => kind === 'capacity' && resource === null,
        );
        return [{ value: Math.max(0, ...missing.map(({ amount }) => amount ?? 1)) }];
      },
    },
  ];
}

function planMetrics({ view, clock, plans }: ForecasterMetricsParts): MetricSource[] {
  const pending = () => proposedPlans(view)[0]?.plan;
  return [
    {
      name: 'foreshift_plans_total',
      help: 'Plans by how they ended.',
      kind: 'counter',
      labels: ['status'],
      read: () => [...plans.ends].map(([status, value]) => ({ labels: { status }, value })),
    },
    {
      name: 'foreshift_plan_pending_since_timestamp_seconds',
      help: 'When the plan was made that waits for an operator.',
      kind: 'gauge',
      read: () => atSecond(pending()?.madeAtMs),
    },
    {
      name: 'foreshift_plan_pending_expires_timestamp_seconds',
      help: 'When the plan that waits for an operator expires.',
      kind: 'gauge',
      read: () => atSecond(pending()?.expiresAtMs),
    },
    {
      name: 'foreshift_plan_starts_timestamp_seconds',
      help: 'When the plan begins that is approved for a time to come.',
      kind: 'gauge',
      read: () => atSecond(scheduledPlans(view, clock.realtimeMs())[0]?.startAtMs ?? undefined),
    },
    {
      name: 'foreshift_resource_moves_last_hour',
      help: `Moves within the last hour of the ${RESTLESS_MAX} resources that were moved most, twice at least.`,
      kind: 'gauge',
      labels: ['resource'],
      read: () => restless(view, clock.realtimeMs()),
    },
  ];
}

function restless(view: TableView, nowMs: number): Reading[] {
  const moves = new Map<string, number>();
  for (const { value } of view.all(PLAN).values()) {
    for (const { result, atMs, resources } of value.outcomes) {
      if (result !== 'applied' || atMs < nowMs - HOUR_MS) continue;
      for (const resource of resources) moves.set(resource, (moves.get(resource) ?? 0) + 1);
    }
  }
  return [...moves]
    .filter(([, count]) => count >= RESTLESS_MOVES)
    .sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1))
    .slice(0, RESTLESS_MAX)
    .map(([resource, value]) => ({ labels: { resource }, value }));
}

function fleetMetrics(
  { view }: ForecasterMetricsParts,
  options: ForecasterMetricsOptions,
): MetricSource[] {
  return [
    {
      name: 'foreshift_mode_info',
      help: 'Whether plans are made (observe: they are not), proposed, or applied.',
      kind: 'gauge',
      labels: ['mode'],
      read: () => {
        const mode = view.get(MODE, 'current')?.value.mode ?? options.mode;
        return [{ labels: { mode }, value: 1 }];
      },
    },
    {
      name: 'foreshift_mode_fell_back_timestamp_seconds',
      help: 'When the mode became propose by itself, since forecasts were bad; absent: it did not.',
      kind: 'gauge',
      read: () => {
        const record = view.get(MODE, 'current')?.value;
        return record?.fellBack == null ? [] : atSecond(record.sinceMs);
      },
    },
    {
      name: 'foreshift_paused_since_timestamp_seconds',
      help: 'When balancing was paused; absent: it is not.',
      kind: 'gauge',
      read: () => atSecond(view.get(PAUSE, 'current')?.value.sinceMs),
    },
    {
      name: 'foreshift_server_state',
      help: '1 for the state that a server is in.',
      kind: 'gauge',
      labels: ['server', 'state'],
      read: () =>
        [...view.all(SERVER).keys()].map((server) => ({
          labels: { server, state: stateOf(view, server) },
          value: 1,
        })),
    },
    {
      name: 'foreshift_server_resources',
      help: 'Resources that a server serves.',
      kind: 'gauge',
      labels: ['server'],
      read: () => {
        const residents = residentsByServer(view.table);
        return [...view.all(SERVER).keys()].map((server) => ({
          labels: { server },
          value: residents.get(server)?.length ?? 0,
        }));
      },
    },
    {
      name: 'foreshift_drain_remaining_resources',
      help: 'Resources that a draining server still serves.',
      kind: 'gauge',
      labels: ['server'],
      read: () =>
        drainsIn(view).map(({ server, remaining: value }) => ({ labels: { server }, value })),
    },
    {
      name: 'foreshift_drain_since_timestamp_seconds',
      help: 'Since when a server drains.',
      kind: 'gauge',
      labels: ['server'],
      read: () =>
        drainsIn(view).map(({ server, sinceMs }) => ({
          labels: { server },
          value: sinceMs / 1000,
        })),
    },
    {
      name: 'foreshift_drain_blocker_info',
      help: 'What stood in the way of a drain last.',
      kind: 'gauge',
      labels: ['server', 'resource', 'why'],
      read: () =>
        drainsIn(view).flatMap(({ server, blocker }) =>
          blocker === undefined ? [] : [{ labels: { server, ...blocker }, value: 1 }],
        ),
    },
  ];
}

function busMetrics({ bus, clock }: ForecasterMetricsParts): MetricSource[] {
  const look = new JobsLook(bus, clock);
  return [
    {
      name: 'foreshift_bus_jobs',
      help: 'Jobs by kind and state; of those that ended, the latest only.',
      kind: 'gauge',
      labels: ['kind', 'state'],
      read: async () => {
        const counts = new Map<string, number>();
        for (const { kind, state } of await look.jobs()) {
          const key = `${kind} ${state}`;
          counts.set(key, (counts.get(key) ?? 0) + 1);
        }
        return [...counts].map(([key, value]) => {
          const [kind = '', state = ''] = key.split(' ');
          return { labels: { kind, state }, value };
        });
      },
    },
    {
      name: 'foreshift_bus_job_seconds',
      help: 'From being queued to its end, of the latest job of a kind that ended.',
      kind: 'gauge',
      labels: ['kind'],
      read: async () => {
        const latest = new Map<string, number>();
        // Newest first.
        for (const { kind, queuedAtMs, finishedAtMs } of await look.jobs()) {
          if (finishedAtMs === null || latest.has(kind)) continue;
          latest.set(kind, Math.max(0, finishedAtMs - queuedAtMs) / 1000);
        }
        return [...latest].map(([kind, value]) => ({ labels: { kind }, value }));
      },
    },
  ];
}

function atSecond(ms: number | undefined): Reading[] {
  return ms === undefined ? [] : [{ value: ms / 1000 }];
}
