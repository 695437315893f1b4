import type { MetricSource } from '../../core/metrics.js';

/** Of clients' connections. HTTP, whose clients have requests, counts less of them. */
export interface ConnectionCounts {
  readonly connections: number;
  readonly accepted: number;
  readonly openingsFailed: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

const TITLES = { tcp: 'TCP', nfs: 'NFS', iscsi: 'iSCSI' } as const;

/** `foreshift_<protocol>_…`; `counts`: as they are now. */
export function connectionMetrics(
  protocol: keyof typeof TITLES,
  counts: () => ConnectionCounts,
): MetricSource[] {
  const title = TITLES[protocol];
  return [
    {
      name: `foreshift_${protocol}_connections`,
      help: `Open ${title} connections of clients.`,
      kind: 'gauge',
      read: () => [{ value: counts().connections }],
    },
    {
      name: `foreshift_${protocol}_connections_total`,
      help: `${title} connections that were taken.`,
      kind: 'counter',
      read: () => [{ value: counts().accepted }],
    },
    {
      name: `foreshift_${protocol}_openings_failed_total`,
      help: 'Connections that got no further than a TLS handshake or the header of a proxy.',
      kind: 'counter',
      read: () => [{ value: counts().openingsFailed }],
    },
    {
      name: `foreshift_${protocol}_bytes_total`,
      help: `Bytes of ${title} connections: in, from clients, and out, to them.`,
      kind: 'counter',
      labels: ['direction'],
      read: () => [
        { labels: { direction: 'in' }, value: counts().bytesIn },
        { labels: { direction: 'out' }, value: counts().bytesOut },
      ],
    },
  ];
}
