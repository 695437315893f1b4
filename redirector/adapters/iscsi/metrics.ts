import type { MetricSource } from '../../../core/metrics.js';
import { readingsByName } from '../../../core/metrics.js';
import { connectionMetrics } from '../connection-metrics.js';
import type { IscsiCounters } from './counters.js';

export function iscsiMetrics(counters: IscsiCounters): MetricSource[] {
  return [
    ...connectionMetrics('iscsi', () => counters),
    {
      name: 'foreshift_iscsi_cut_total',
      help: 'iSCSI connections that were not taken, or ended by the redirector, by reason.',
      kind: 'counter',
      labels: ['reason'],
      read: () => readingsByName('reason', counters.cut),
    },
    {
      name: 'foreshift_iscsi_sessions_total',
      help: 'iSCSI logins: of clients, and of the redirector at servers.',
      kind: 'counter',
      labels: ['leg'],
      read: () => [
        { labels: { leg: 'client' }, value: counters.sessions },
        { labels: { leg: 'server' }, value: counters.serverSessions },
      ],
    },
    {
      name: 'foreshift_iscsi_logins_refused_total',
      help: 'iSCSI logins of clients that were refused, by reason.',
      kind: 'counter',
      labels: ['reason'],
      read: () => readingsByName('reason', counters.logins),
    },
    {
      name: 'foreshift_iscsi_server_logins_refused_total',
      help: 'iSCSI logins of the redirector at servers that came to nothing since one of both did not prove who it is (CHAP), by reason.',
      kind: 'counter',
      labels: ['reason'],
      read: () => readingsByName('reason', counters.serverLogins),
    },
    {
      name: 'foreshift_iscsi_commands',
      help: 'SCSI commands under way: waiting, or at a server.',
      kind: 'gauge',
      read: () => [{ value: counters.commands }],
    },
    {
      name: 'foreshift_iscsi_commands_total',
      help: 'SCSI commands that a server has answered.',
      kind: 'counter',
      read: () => [{ value: counters.answered }],
    },
    {
      name: 'foreshift_iscsi_kept_bytes',
      help: 'Bytes that clients have written and that are kept until their status.',
      kind: 'gauge',
      read: () => [{ value: counters.keptBytes }],
    },
    {
      name: 'foreshift_iscsi_composite_bytes',
      help: 'Bytes of commands for LUNs made of parts that are under way.',
      kind: 'gauge',
      read: () => [{ value: counters.compositeBytes }],
    },
    {
      name: 'foreshift_iscsi_refused_total',
      help: 'Commands that no server has answered, and what no server was told of, by reason.',
      kind: 'counter',
      labels: ['reason'],
      read: () => readingsByName('reason', counters.refused),
    },
    {
      name: 'foreshift_iscsi_repeated_total',
      help: 'SCSI commands that were sent again since the answer of the first was lost.',
      kind: 'counter',
      read: () => [{ value: counters.repeated }],
    },
    {
      name: 'foreshift_iscsi_logouts_asked_total',
      help: 'Times that a server asked the redirector to log out.',
      kind: 'counter',
      read: () => [{ value: counters.logoutsAsked }],
    },
  ];
}
