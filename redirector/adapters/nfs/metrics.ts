import type { MetricSource } from '../../../core/metrics.js';
import { readingsByName } from '../../../core/metrics.js';
import { connectionMetrics } from '../connection-metrics.js';
import type { NfsAdapter } from './nfs-adapter.js';

export function nfsMetrics(adapter: NfsAdapter): MetricSource[] {
  const { counters } = adapter;
  return [
    ...connectionMetrics('nfs', () => counters),
    {
      name: 'foreshift_nfs_cut_total',
      help: 'NFS connections that were reset, by reason.',
      kind: 'counter',
      labels: ['reason'],
      read: () => readingsByName('reason', counters.cut),
    },
    {
      name: 'foreshift_nfs_calls',
      help: 'NFS calls under way: waiting, or at a server.',
      kind: 'gauge',
      read: () => [{ value: counters.calls }],
    },
    {
      name: 'foreshift_nfs_calls_total',
      help: 'NFS calls that a server has answered, by procedure.',
      kind: 'counter',
      labels: ['procedure'],
      read: () => readingsByName('procedure', counters.answered),
    },
    {
      name: 'foreshift_nfs_refused_total',
      help: 'Calls that the redirector has refused itself, by reason.',
      kind: 'counter',
      labels: ['reason'],
      read: () => readingsByName('reason', counters.refused),
    },
    {
      name: 'foreshift_nfs_repeated_total',
      help: 'NFS calls that were sent again since the answer of the first was lost.',
      kind: 'counter',
      read: () => [{ value: counters.repeated }],
    },
    {
      name: 'foreshift_nfs_answered_again_total',
      help: 'NFS calls of clients that had not heard the answer of the first, and got that.',
      kind: 'counter',
      read: () => [{ value: counters.answeredAgain }],
    },
    {
      name: 'foreshift_nfs_confirmed_total',
      help: 'Of those that were repeated: refused as done already, and found done.',
      kind: 'counter',
      read: () => [{ value: counters.confirmed }],
    },
    {
      name: 'foreshift_nfs_handles',
      help: 'Files that clients have handles of.',
      kind: 'gauge',
      read: () => [{ value: adapter.handles.size }],
    },
    {
      name: 'foreshift_nfs_handles_evicted_total',
      help: 'Files forgotten since there were too many.',
      kind: 'counter',
      read: () => [{ value: adapter.handles.evicted }],
    },
    {
      name: 'foreshift_nfs_handles_refused_total',
      help: 'Handles not issued: too many, or the session store would not have them.',
      kind: 'counter',
      read: () => [{ value: adapter.handles.refused }],
    },
    {
      name: 'foreshift_nfs_verifier_changes_total',
      help: 'Write verifiers that changed: clients wrote again what was not committed.',
      kind: 'counter',
      read: () => [{ value: adapter.verifierChanges }],
    },
  ];
}
