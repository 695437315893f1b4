import type { MetricSource } from '../../../core/metrics.js';
import { readingsByName } from '../../../core/metrics.js';
import type { HttpCounts } from './counters.js';

/** `counts`: as they are now. */
export function httpMetrics(counts: () => HttpCounts): MetricSource[] {
  return [
    {
      name: 'foreshift_http_connections',
      help: 'Open connections of clients.',
      kind: 'gauge',
      read: () => [{ value: counts().connections }],
    },
    {
      name: 'foreshift_http_openings_failed_total',
      help: 'Connections that got no further than a TLS handshake or the header of a proxy.',
      kind: 'counter',
      read: () => [{ value: counts().openingsFailed }],
    },
    {
      name: 'foreshift_http_connections_refused_total',
      help: 'Connections of clients beyond a limit.',
      kind: 'counter',
      read: () => [{ value: counts().connectionsRefused }],
    },
    {
      name: 'foreshift_http_requests_total',
      help: 'Requests whose head was read.',
      kind: 'counter',
      read: () => [{ value: counts().requests }],
    },
    {
      name: 'foreshift_http_answers_total',
      help: 'Answers by the class of their status.',
      kind: 'counter',
      labels: ['class'],
      read: () =>
        [1, 2, 3, 4, 5].map((hundreds) => ({
          labels: { class: `${hundreds}xx` },
          value: counts().answers[hundreds] ?? 0,
        })),
    },
    {
      name: 'foreshift_http_refused_total',
      help: 'Requests that the redirector answered itself, by reason.',
      kind: 'counter',
      labels: ['reason'],
      read: () => readingsByName('reason', counts().refused),
    },
    {
      name: 'foreshift_http_faults_total',
      help: 'Requests that could not be read, by fault.',
      kind: 'counter',
      labels: ['fault'],
      read: () => readingsByName('fault', counts().faults),
    },
    {
      name: 'foreshift_http_retries_total',
      help: 'Requests sent again since their answer was lost.',
      kind: 'counter',
      read: () => [{ value: counts().retries }],
    },
    {
      name: 'foreshift_http_misdirected_total',
      help: 'Requests that a server refused, unexecuted, since it is not the owner.',
      kind: 'counter',
      read: () => [{ value: counts().misdirected }],
    },
    {
      name: 'foreshift_http_cut_total',
      help: 'Answers that broke off after they had begun.',
      kind: 'counter',
      read: () => [{ value: counts().cut }],
    },
  ];
}
