import type { MetricSource } from '../../core/metrics.js';
import type { ServerId } from '../../core/domain.js';
import { SERVER } from '../../core/table-store/records/server.js';
import type { FollowedRecords } from '../../core/table-store/known-records.js';
import type { Gate } from '../gate.js';
import type { ServersAtWork } from './servers-at-work.js';

/** What one thread sees of servers at work. */
export interface AtWorkSeen {
  readonly servers: ReadonlyMap<ServerId, ServerSeen>;
  readonly ejections: number;
  readonly spared: number;
}

export interface ServerSeen {
  readonly underWay: number;
  readonly responseMs: number;
  readonly isEjected: boolean;
}

export interface ServersAtWorkShown {
  readonly view: FollowedRecords;
  readonly gate: Gate;
  readonly atWork: ServersAtWork;
  /** What other threads see. */
  readonly seenElsewhere: readonly AtWorkSeen[];
}

export function atWorkSeen({
  view,
  gate,
  atWork: { loads, outliers },
}: Omit<ServersAtWorkShown, 'seenElsewhere'>): AtWorkSeen {
  const { ejections, spared } = outliers;
  const seen = (server: number): ServerSeen => ({
    underWay: loads.underWay(server),
    responseMs: loads.responseMs(server),
    isEjected: outliers.isEjected(server),
  });
  const ids = [...view.all(SERVER).keys()];
  return {
    servers: new Map(ids.map((id) => [id, seen(gate.serverIndexOf(id))])),
    ...{ ejections, spared },
  };
}

/** How servers do at their work, as one redirector sees it. */
export function serversAtWorkMetrics(shown: ServersAtWorkShown): MetricSource[] {
  const seen = (): readonly AtWorkSeen[] => [atWorkSeen(shown), ...shown.seenElsewhere];
  const ofEach = (valueOf: (seen: readonly ServerSeen[]) => number) => () => {
    const all = seen();
    return [...shown.view.all(SERVER).keys()].map((server) => ({
      labels: { server },
      value: valueOf(
        all.flatMap(({ servers }) => {
          const one = servers.get(server);
          return one === undefined ? [] : [one];
        }),
      ),
    }));
  };
  const total = (valueOf: (one: AtWorkSeen) => number) => () => [
    { value: seen().reduce((sum, one) => sum + valueOf(one), 0) },
  ];
  return [
    {
      name: 'foreshift_server_in_flight',
      help: 'Requests and connections that this redirector has under way at each server.',
      kind: 'gauge',
      labels: ['server'],
      read: ofEach((servers) => servers.reduce((sum, { underWay }) => sum + underWay, 0)),
    },
    {
      name: 'foreshift_server_response_seconds',
      help: 'How long each server takes to answer: peaks count at once and are forgotten slowly.',
      kind: 'gauge',
      labels: ['server'],
      read: ofEach((servers) => Math.max(0, ...servers.map(({ responseMs }) => responseMs)) / 1000),
    },
    {
      name: 'foreshift_server_ejected',
      help: '1 for servers that failed their work, and get none that others can do.',
      kind: 'gauge',
      labels: ['server'],
      read: ofEach((servers) => (servers.some(({ isEjected }) => isEjected) ? 1 : 0)),
    },
    {
      name: 'foreshift_server_ejections_total',
      help: 'Servers that were ejected since they failed their work.',
      kind: 'counter',
      read: total(({ ejections }) => ejections),
    },
    {
      name: 'foreshift_server_ejections_spared_total',
      help: 'Servers that failed their work and stayed, since too many were ejected already.',
      kind: 'counter',
      read: total(({ spared }) => spared),
    },
    {
      name: 'foreshift_shared_resources',
      help: 'Resources that several servers serve at the same time.',
      kind: 'gauge',
      read: () => [{ value: shown.atWork.shared?.size ?? 0 }],
    },
  ];
}
