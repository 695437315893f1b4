import type { MetricSource } from '../../../core/metrics.js';
import { readingsByName } from '../../../core/metrics.js';
import type { TcpCounters } from './counters.js';

export function tcpMetrics(counters: TcpCounters): MetricSource[] {
  return [
    {
      name: 'foreshift_tcp_connections',
      help: 'Open TCP connections of clients.',
      kind: 'gauge',
      read: () => [{ value: counters.connections }],
    },
    {
      name: 'foreshift_tcp_connections_total',
      help: 'TCP connections that were taken.',
      kind: 'counter',
      read: () => [{ value: counters.accepted }],
    },
    {
      name: 'foreshift_tcp_refused_total',
      help: 'TCP connections that were reset before a byte of them went to a server, by reason.',
      kind: 'counter',
      labels: ['reason'],
      read: () => readingsByName('reason', counters.refused),
    },
    {
      name: 'foreshift_tcp_cut_total',
      help: 'TCP connections that were reset after they had led to a server, by reason.',
      kind: 'counter',
      labels: ['reason'],
      read: () => readingsByName('reason', counters.cut),
    },
    {
      name: 'foreshift_tcp_pinned_total',
      help: 'TCP connections that stayed at the former server of a resource that moved.',
      kind: 'counter',
      read: () => [{ value: counters.pinned }],
    },
    {
      name: 'foreshift_tcp_bytes_total',
      help: 'Bytes of TCP connections: in, from clients, and out, to them.',
      kind: 'counter',
      labels: ['direction'],
      read: () => [
        { labels: { direction: 'in' }, value: counters.bytesIn },
        { labels: { direction: 'out' }, value: counters.bytesOut },
      ],
    },
  ];
}
