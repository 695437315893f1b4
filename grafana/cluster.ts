import type { Board } from './board.js';
import { UTILIZATION_LEVELS, cells, lines, number } from './panels.js';
import { influx, prometheus, prometheusNow } from './sources.js';
import { FUTURE, STEPS, loads, of, selected } from './statements.js';

const UTILIZATION = '"metric" = \'utilization\'';

/** How full the servers are, were, and will be. */
export const CLUSTER: Board = {
  uid: 'foreshift-cluster',
  title: 'Cluster',
  says: 'How full the servers were, are, and are expected to be.',
  from: 'now-6h',
  to: 'now+1h',
  panels: [
    number({
      title: 'Highest P90, next 30 min',
      says: 'Of all servers, as a share of its capacity.',
      unit: 'percentunit',
      width: 6,
      height: 5,
      levels: UTILIZATION_LEVELS,
      data: influx([
        selected({
          select: 'max("p90")',
          from: of('forecast_latest'),
          where: [UTILIZATION, FUTURE, 'time < now() + 30m'],
        }),
        'P90',
      ]),
    }),
    number({
      title: 'Imbalance',
      says: 'Of the servers that are polled, the fullest as a multiple of the mean: 1 is even.',
      unit: 'none',
      width: 6,
      height: 5,
      levels: [
        [null, 'green'],
        [1.5, 'orange'],
      ],
      data: influx([
        selected({
          select: 'max("u") / mean("u")',
          from: `(${selected({
            select: 'mean("utilization") AS "u"',
            from: loads('server'),
            groupBy: [STEPS, '"server"'],
          })})`,
          groupBy: [STEPS],
        }),
        'max / mean',
      ]),
    }),
    number({
      title: 'Generation of the table',
      says: 'Its epoch, as the redirectors serve it. Two numbers that stay are an alert.',
      unit: 'none',
      width: 6,
      height: 5,
      data: prometheusNow(['count by (generation) (foreshift_generation_info)', '{{generation}}']),
    }),
    number({
      title: 'Oldest measurement',
      says: 'Since the target was last polled well of which that is longest ago.',
      unit: 's',
      width: 6,
      height: 5,
      levels: [
        [null, 'green'],
        [60, 'orange'],
        [300, 'red'],
      ],
      data: prometheusNow([
        'max(time() - foreshift_collector_last_success_timestamp_seconds)',
        'age',
      ]),
    }),
    cells({
      title: 'Utilization of the servers, and what is expected (P90)',
      says: 'The largest of a server’s loads as a share of its capacity. What is expected stands in rows of its own, right of now.',
      unit: 'percentunit',
      width: 24,
      height: 12,
      levels: UTILIZATION_LEVELS,
      data: influx(
        [
          selected({
            select: 'max("utilization")',
            from: loads('server'),
            groupBy: [STEPS, '"server"'],
          }),
          '$tag_server',
        ],
        [
          selected({
            select: 'max("p90")',
            from: of('forecast_latest'),
            where: [UTILIZATION, FUTURE],
            groupBy: [STEPS, '"server"'],
          }),
          '$tag_server expected',
        ],
      ),
    }),
    lines({
      title: 'Requests',
      says: 'Requests or I/O operations that went through the redirectors.',
      unit: 'reqps',
      width: 12,
      data: influx([
        selected({
          select: 'sum("h")',
          from: `(${selected({
            select: 'mean("hits") AS "h"',
            from: loads('resource'),
            groupBy: [STEPS, '"resource"'],
          })})`,
          groupBy: [STEPS],
        }),
        'all',
      ]),
    }),
    lines({
      title: 'Resources by server',
      says: 'How many each serves.',
      unit: 'none',
      width: 12,
      data: prometheus(['max by (server) (foreshift_server_resources)', '{{server}}']),
    }),
  ],
};
