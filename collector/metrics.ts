import type { MetricSource, Reading } from '../core/metrics.js';
import type { Collector } from './collector.js';

/** What a collector shows of itself: how polls go, how full servers are by them, and where their samples are. */
export function collectorMetrics(collector: Collector): MetricSource[] {
  return [...targetMetrics(() => collector.status().targets), ...outboxMetrics(collector)];
}

type Target = ReturnType<Collector['status']>['targets'][number];

function targetMetrics(targets: () => readonly Target[]): MetricSource[] {
  /** One reading a target, of those that have a value. */
  const each = (valueOf: (target: Target) => number | null) => (): Reading[] =>
    targets().flatMap((target) => {
      const value = valueOf(target);
      return value === null ? [] : [{ labels: { target: target.name }, value }];
    });
  return [
    {
      name: 'foreshift_collector_up',
      help: 'Whether the last poll of a target went well; absent: it has not been polled yet.',
      kind: 'gauge',
      labels: ['target'],
      read: each(({ fault, lastSuccessMs }) => {
        if (fault !== null) return 0;
        return lastSuccessMs === null ? null : 1;
      }),
    },
    {
      name: 'foreshift_collector_last_success_timestamp_seconds',
      help: 'When a target was last polled well.',
      kind: 'gauge',
      labels: ['target'],
      read: each(({ lastSuccessMs }) => seconds(lastSuccessMs)),
    },
    {
      name: 'foreshift_collector_poll_seconds',
      help: 'How long the last poll of a target took.',
      kind: 'gauge',
      labels: ['target'],
      read: each(({ pollMs }) => seconds(pollMs)),
    },
    {
      name: 'foreshift_collector_polls_total',
      help: 'Polls of a target.',
      kind: 'counter',
      labels: ['target'],
      read: each(({ polls }) => polls),
    },
    {
      name: 'foreshift_collector_poll_failures_total',
      help: 'Polls of a target that brought nothing.',
      kind: 'counter',
      labels: ['target'],
      read: each(({ failures }) => failures),
    },
    {
      name: 'foreshift_collector_values_dropped_total',
      help: 'Values that were not believed, by metric and reason.',
      kind: 'counter',
      labels: ['target', 'metric', 'reason'],
      read: () =>
        targets().flatMap(({ name: target, dropped }) =>
          [...dropped].map(([key, value]) => {
            const [metric = '', reason = ''] = key.split(' ');
            return { labels: { target, metric, reason }, value };
          }),
        ),
    },
    {
      name: 'foreshift_collector_clock_jumps_total',
      help: 'Values that were not believed since a clock jumped, ours or that of the target.',
      kind: 'counter',
      labels: ['target'],
      read: each(({ dropped }) =>
        [...dropped].reduce(
          (sum, [key, count]) => (key.endsWith(' clock-jump') ? sum + count : sum),
          0,
        ),
      ),
    },
    {
      name: 'foreshift_server_utilization_ratio',
      help: 'Largest of the loads of a server as a share of its capacity, by its last poll.',
      kind: 'gauge',
      labels: ['server'],
      read: () =>
        targets().flatMap(({ name: server, utilization }) =>
          utilization === null ? [] : [{ labels: { server }, value: utilization }],
        ),
    },
  ];
}

function outboxMetrics(collector: Collector): MetricSource[] {
  const outbox = () => collector.status().outbox;
  return [
    {
      name: 'foreshift_collector_samples_stored_total',
      help: 'Samples that the metric store took.',
      kind: 'counter',
      read: () => [{ value: outbox().stored }],
    },
    {
      name: 'foreshift_collector_samples_lost_total',
      help: 'Samples that are in no store and never will be.',
      kind: 'counter',
      labels: ['why'],
      read: () => Object.entries(outbox().lost).map(([why, value]) => ({ labels: { why }, value })),
    },
    {
      name: 'foreshift_collector_spool_bytes',
      help: 'On disk, for samples that the metric store could not take.',
      kind: 'gauge',
      read: () => [{ value: outbox().spoolBytes }],
    },
    {
      name: 'foreshift_collector_spooling',
      help: 'Whether samples wait for the metric store.',
      kind: 'gauge',
      read: () => [{ value: outbox().isSpooling ? 1 : 0 }],
    },
  ];
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1000;
}
