import type { MetricSource } from '../../../core/metrics.js';
import { readingsByName } from '../../../core/metrics.js';
import type { TcpCounts } from './counters.js';

/** `counts`: as they are now. */
export function tcpMetrics(counts: () => TcpCounts): MetricSource[] {
  return [
    {
      name: 'foreshift_tcp_connections',
      help: 'Open TCP connections of clients.',
      kind: 'gauge',
      read: () => [{ value: counts().connections }],
    },
    {
      name: 'foreshift_tcp_openings_failed_total',
      help: 'Connections that got no further than a TLS handshake or the header of a proxy.',
      kind: 'counter',
      read: () => [{ value: counts().openingsFailed }],
    },
    {
      name: 'foreshift_tcp_connections_total',
      help: 'TCP connections that were taken.',
      kind: 'counter',
      read: () => [{ value: counts().accepted }],
    },
    {
      name: 'foreshift_tcp_refused_total',
      help: 'TCP connections that were reset before a byte of them went to a server, by reason.',
      kind: 'counter',
      labels: ['reason'],
      read: () => readingsByName('reason', counts().refused),
    },
    {
      name: 'foreshift_tcp_cut_total',
      help: 'TCP connections that were reset after they had led to a server, by reason.',
      kind: 'counter',
      labels: ['reason'],
      read: () => readingsByName('reason', counts().cut),
    },
    {
      name: 'foreshift_tcp_pinned_total',
      help: 'TCP connections that stayed at the former server of a resource that moved.',
      kind: 'counter',
      read: () => [{ value: counts().pinned }],
    },
    {
      name: 'foreshift_tcp_bytes_total',
      help: 'Bytes of TCP connections: in, from clients, and out, to them.',
      kind: 'counter',
      labels: ['direction'],
      read: () => [
        { labels: { direction: 'in' }, value: counts().bytesIn },
        { labels: { direction: 'out' }, value: counts().bytesOut },
      ],
    },
  ];
}
