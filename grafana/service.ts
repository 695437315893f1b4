import type { Board } from './board.js';
import { lines, number } from './panels.js';
import { influx, prometheus, prometheusNow } from './sources.js';
import { STEPS, loads, selected } from './statements.js';

/** How the processes of Foreshift fare themselves. */
export const SERVICE: Board = {
  uid: 'foreshift-service',
  title: 'Service health',
  says: 'How the processes of Foreshift fare themselves.',
  from: 'now-6h',
  to: 'now',
  panels: [
    lines({
      title: 'Requests of clients',
      says: 'By the class of their answer.',
      unit: 'reqps',
      width: 8,
      data: prometheus([
        'sum by (class) (rate(foreshift_http_answers_total[$__rate_interval]))',
        '{{class}}',
      ]),
    }),
    lines({
      title: 'Refused and cut',
      says: 'Requests that a redirector answered itself or could not read, and answers that broke off.',
      unit: 'reqps',
      width: 8,
      data: prometheus(
        ['sum by (reason) (rate(foreshift_http_refused_total[$__rate_interval]))', '{{reason}}'],
        ['sum(rate(foreshift_http_cut_total[$__rate_interval]))', 'cut'],
      ),
    }),
    lines({
      title: 'Service time',
      says: 'From the head of a request to the end of its answer: the mean of a resource, the slowest of all, and the mean of all.',
      unit: 's',
      width: 8,
      data: influx([
        selected({
          select: 'mean("latency") AS "mean", max("latency") AS "slowest"',
          from: loads('resource'),
          groupBy: [STEPS],
        }),
        '$col',
      ]),
    }),
    lines({
      title: 'Jobs',
      says: 'On the bus, by kind and state; of those that ended, the latest only.',
      unit: 'none',
      width: 8,
      data: prometheus(['sum by (kind, state) (foreshift_bus_jobs)', '{{kind}} {{state}}']),
    }),
    lines({
      title: 'Jobs, from queue to end',
      says: 'Of the latest job of each kind.',
      unit: 's',
      width: 8,
      data: prometheus(['max by (kind) (foreshift_bus_job_seconds)', '{{kind}}']),
    }),
    lines({
      title: 'Rounds',
      says: 'How long the last one took.',
      unit: 's',
      width: 8,
      data: prometheus(['max(foreshift_round_seconds)', 'round']),
    }),
    lines({
      title: 'Polls',
      says: 'How long the last poll of each target took.',
      unit: 's',
      width: 8,
      data: prometheus(['max by (target) (foreshift_collector_poll_seconds)', '{{target}}']),
    }),
    lines({
      title: 'Calls of the metric store',
      says: 'By how they ended; what is not done is not lost, but spooled or tried again.',
      unit: 'ops',
      width: 8,
      data: prometheus([
        'sum by (kind, end) (rate(foreshift_metric_store_calls_total[$__rate_interval]))',
        '{{kind}} {{end}}',
      ]),
    }),
    lines({
      title: 'Event loop',
      says: 'How late timers come in each process (P99).',
      unit: 's',
      width: 8,
      data: prometheus(['nodejs_eventloop_lag_p99_seconds', '{{instance}}']),
    }),
    number({
      title: 'Samples on the spool',
      says: 'Of the collector’s disk, for samples that the metric store could not take.',
      unit: 'bytes',
      width: 8,
      height: 5,
      levels: [
        [null, 'green'],
        [1, 'orange'],
      ],
      data: prometheusNow(['sum(foreshift_collector_spool_bytes)', 'spool']),
    }),
    number({
      title: 'Samples lost',
      says: 'In no store, and never will be.',
      unit: 'none',
      width: 8,
      height: 5,
      levels: [
        [null, 'green'],
        [1, 'red'],
      ],
      data: prometheusNow(['sum(foreshift_collector_samples_lost_total)', 'lost']),
    }),
    number({
      title: 'Processes',
      says: 'Of each version.',
      unit: 'none',
      width: 8,
      height: 5,
      data: prometheusNow(['count by (version) (foreshift_build_info)', '{{version}}']),
    }),
  ],
};
