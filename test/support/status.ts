import type { ServerStatus, Status } from '../../api/contract/status.js';

/* What the API says of how everything is, short to write. */

export const STATUS_AT_MS = Date.UTC(2026, 10, 26, 9, 30);

export function serverOf(id: string, given: Partial<ServerStatus> = {}): ServerStatus {
  return {
    ...{ id, state: 'ready', because: null, spare: false, zone: null, fence: 'request', note: '' },
    ...{ address: '10.0.0.1:80', resources: 3, capacity: { cpu: 4 }, hitsPerSecond: 120 },
    utilization: { cpu: 0.5 },
    overall: 0.5,
    predicted: { dimension: 'cpu', p90: 0.7, peakAtMs: STATUS_AT_MS, overAtMs: null },
    ...given,
  };
}

export function statusOfServers(servers: readonly ServerStatus[]): Status {
  return {
    ...{ cluster: 'prod', atMs: STATUS_AT_MS, generation: '1.41', mode: 'propose', paused: null },
    ...{ fellBack: null, score: null, backtest: null },
    ...{ resources: 6, unassigned: 0, openSwitch: null, imbalance: 1.2, neural: null },
    balancer: { kind: 'balanced', plan: null, text: 'Balanced: no limit is predicted.' },
    policy: { quantile: 0.85, origin: 'default', text: 'plans for P85', tuning: null },
    servers: [...servers],
    redirectors: [],
    addresses: [],
    forecast: { madeAtMs: STATUS_AT_MS, horizonMs: 3_600_000, series: 4, coverage: 0.81 },
    collector: [],
    processes: [],
    engines: [],
    warnings: ['the disk is nearly full'],
  };
}
