import type { MetricSource } from '../core/metrics.js';
import { formatGeneration } from '../core/generation.js';
import { LOST, SERVER } from '../core/table-store/records/server.js';
import { MEMBER, SWITCH } from '../core/table-store/records/switch.js';
import { addressMetrics } from './addresses/metrics.js';
import type { Redirector, RedirectorWorkers } from './redirector.js';
import { serversAtWorkMetrics } from './shared/metrics.js';
import type { SwitchTally } from './switch/tally.js';

/** What a redirector shows of itself. Resources are no labels: there may be too many of them. */
export function redirectorMetrics(redirector: Redirector): MetricSource[] {
  const { gate, view, workers, membership, coordinator, health, addresses } = redirector;
  return [
    ...switchMetrics(coordinator.tally),
    {
      name: 'foreshift_held_requests',
      help: 'Requests that wait at the gate now.',
      kind: 'gauge',
      read: () => [{ value: redirector.heldRequests }],
    },
    {
      name: 'foreshift_generation_info',
      help: 'The generation of the table that is served.',
      kind: 'gauge',
      labels: ['generation'],
      read: () => [{ labels: { generation: formatGeneration(gate.generation) }, value: 1 }],
    },
    {
      name: 'foreshift_generation_epoch',
      help: 'The epoch of that generation: it never falls within an incarnation.',
      kind: 'gauge',
      read: () => [{ value: gate.generation.epoch }],
    },
    {
      name: 'foreshift_switch_open',
      help: '1 while a switch is under way.',
      kind: 'gauge',
      read: () => [{ value: view.get(SWITCH, 'open') === undefined ? 0 : 1 }],
    },
    {
      name: 'foreshift_coordinator',
      help: '1 on the redirector that coordinates.',
      kind: 'gauge',
      read: () => [{ value: coordinator.isCoordinating ? 1 : 0 }],
    },
    {
      name: 'foreshift_member_live',
      help: '1 while the own lease lives.',
      kind: 'gauge',
      read: () => [{ value: membership.isLive() ? 1 : 0 }],
    },
    {
      name: 'foreshift_server_reachable',
      help: '1 for servers that this redirector reaches.',
      kind: 'gauge',
      labels: ['server'],
      read: () =>
        [...view.all(SERVER).keys()].map((server) => ({
          labels: { server },
          value: health.isReachable(server) ? 1 : 0,
        })),
    },
    {
      name: 'foreshift_servers_lost',
      help: 'Servers that the majority of the redirectors cannot reach.',
      kind: 'gauge',
      read: () => [{ value: view.all(LOST).size }],
    },
    {
      name: 'foreshift_panic',
      help: '1 while most servers are silent at once, so that none of them is failed over.',
      kind: 'gauge',
      read: () => [{ value: view.get(MEMBER, membership.self)?.value.panic === true ? 1 : 0 }],
    },
    ...serversAtWorkMetrics(redirector),
    ...(addresses === undefined ? [] : addressMetrics(addresses)),
    ...(workers === undefined ? [] : workersMetrics(workers.pool)),
  ];
}

function workersMetrics(workers: RedirectorWorkers['pool']): MetricSource[] {
  return [
    {
      name: 'foreshift_workers',
      help: 'Threads beside the main one that take connections.',
      kind: 'gauge',
      read: () => [{ value: workers.serving }],
    },
    {
      name: 'foreshift_worker_deaths_total',
      help: 'Workers that ended of themselves, or since they said nothing any more.',
      kind: 'counter',
      read: () => [{ value: workers.deaths }],
    },
    {
      name: 'foreshift_worker_lost_connections_total',
      help: 'Connections of clients that ended with their worker.',
      kind: 'counter',
      read: () => [{ value: workers.lostConnections }],
    },
    {
      name: 'foreshift_worker_lost_work_total',
      help: 'Requests and connections that were under way at servers when their worker ended.',
      kind: 'counter',
      read: () => [{ value: workers.lostWork }],
    },
  ];
}

/** Of those that this redirector coordinated: the sum over all redirectors is of all. */
function switchMetrics(tally: SwitchTally): MetricSource[] {
  return [
    {
      name: 'foreshift_switch_batches_total',
      help: 'Batches of moves by how their switch ended.',
      kind: 'counter',
      labels: ['result'],
      read: () => [...tally.results].map(([result, value]) => ({ labels: { result }, value })),
    },
    {
      name: 'foreshift_switch_moves_total',
      help: 'Resources that were moved.',
      kind: 'counter',
      read: () => [{ value: tally.moves }],
    },
    {
      name: 'foreshift_switch_hold_seconds',
      help: 'How long batches that were applied were held, the drain included.',
      kind: 'histogram',
      observed: tally.hold,
    },
    {
      name: 'foreshift_switch_drain_seconds',
      help: 'How long the work under way of batches that were applied took to end.',
      kind: 'histogram',
      observed: tally.drain,
    },
    {
      name: 'foreshift_switch_held_requests_total',
      help: 'Requests that waited during switches.',
      kind: 'counter',
      read: () => [{ value: tally.heldRequests }],
    },
    {
      name: 'foreshift_switch_failed_requests_total',
      help: 'Requests that waited during switches and were not let through.',
      kind: 'counter',
      read: () => [{ value: tally.failedRequests }],
    },
  ];
}
