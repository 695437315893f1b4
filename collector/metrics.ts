import type { MetricSource, Reading } from '../core/metrics.js';
import type { Collector } from './collector.js';

/** What a collector shows of itself: how polls go, and where their samples are. */
export function collectorMetrics(collector: Collector): MetricSource[] {
  const targets = (): readonly Target[] => collector.status().targets;
  const outbox = () => collector.status().outbox;
  return [
    {
      name: 'foreshift_collector_up',
      help: 'Whether the last poll of a target went well.',
      kind: 'gauge',
      labels: ['target'],
      read: () =>
        targets().map((target) =>
          of(target, target.fault === null && target.lastSuccessMs !== null ? 1 : 0),
        ),
    },
    {
      name: 'foreshift_collector_last_success_timestamp_seconds',
      help: 'When a target was last polled well.',
      kind: 'gauge',
      labels: ['target'],
      read: () =>
        targets().flatMap((target) =>
          target.lastSuccessMs === null ? [] : [of(target, target.lastSuccessMs / 1000)],
        ),
    },
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

type Target = ReturnType<Collector['status']>['targets'][number];

function of({ name }: Target, value: number): Reading {
  return { labels: { target: name }, value };
}
