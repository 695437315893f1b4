import type { MetricSource } from '../../core/metrics.js';
import { SERVER } from '../../core/table-store/records/server.js';
import type { FollowedRecords } from '../../core/table-store/known-records.js';
import type { Gate } from '../gate.js';
import type { ServersAtWork } from './servers-at-work.js';

export interface ServersAtWorkShown {
  readonly view: FollowedRecords;
  readonly gate: Gate;
  readonly atWork: ServersAtWork;
}

/** How servers do at their work, as one redirector sees it. */
export function serversAtWorkMetrics({ view, gate, atWork }: ServersAtWorkShown): MetricSource[] {
  const { loads, outliers, shared } = atWork;
  const ofEach = (valueOf: (server: number) => number) => () =>
    [...view.all(SERVER).keys()].map((server) => ({
      labels: { server },
      value: valueOf(gate.serverIndexOf(server)),
    }));
  return [
    {
      name: 'foreshift_server_in_flight',
      help: 'Requests and connections that this redirector has under way at each server.',
      kind: 'gauge',
      labels: ['server'],
      read: ofEach((server) => loads.underWay(server)),
    },
    {
      name: 'foreshift_server_response_seconds',
      help: 'How long each server takes to answer: peaks count at once and are forgotten slowly.',
      kind: 'gauge',
      labels: ['server'],
      read: ofEach((server) => loads.responseMs(server) / 1000),
    },
    {
      name: 'foreshift_server_ejected',
      help: '1 for servers that failed their work, and get none that others can do.',
      kind: 'gauge',
      labels: ['server'],
      read: ofEach((server) => (outliers.isEjected(server) ? 1 : 0)),
    },
    {
      name: 'foreshift_server_ejections_total',
      help: 'Servers that were ejected since they failed their work.',
      kind: 'counter',
      read: () => [{ value: outliers.ejections }],
    },
    {
      name: 'foreshift_server_ejections_spared_total',
      help: 'Servers that failed their work and stayed, since too many were ejected already.',
      kind: 'counter',
      read: () => [{ value: outliers.spared }],
    },
    {
      name: 'foreshift_shared_resources',
      help: 'Resources that several servers serve at the same time.',
      kind: 'gauge',
      read: () => [{ value: shared?.size ?? 0 }],
    },
  ];
}
