import type { MetricSource } from '../../../core/metrics.js';
import { readingsByName } from '../../../core/metrics.js';
import { connectionMetrics } from '../connection-metrics.js';
import type { TcpCounts } from './counters.js';

/** `counts`: as they are now. */
export function tcpMetrics(counts: () => TcpCounts): MetricSource[] {
  return [
    ...connectionMetrics('tcp', counts),
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
  ];
}
