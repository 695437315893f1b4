import type { Board } from './board.js';
import { tagVariable } from './board.js';
import { band, lines, ranking, states } from './panels.js';
import type { Data } from './sources.js';
import { influx, influxTable } from './sources.js';
import { STEPS, each, loads, of, selected } from './statements.js';

const RESOURCE = '"resource" = \'$resource\'';

/** What was measured of the resource, and what is expected of it. */
function loadAndForecast(metric: 'cpu' | 'hits' | 'network'): Data {
  return influx(
    [
      selected({
        select: `mean("${metric}")`,
        from: loads('resource'),
        where: [RESOURCE],
        groupBy: [STEPS],
      }),
      'measured',
    ],
    [
      selected({
        select: each('last', ['p10', 'p50', 'p90']),
        from: of('forecast_latest'),
        where: [RESOURCE, `"metric" = '${metric}'`],
        groupBy: [STEPS],
      }),
      '$col',
    ],
  );
}

/** One resource: its load, what is expected of it, and where it lived. */
export const RESOURCE_BOARD: Board = {
  uid: 'foreshift-resource',
  title: 'Resource',
  says: 'One resource: its load, what is expected of it, and where it lived.',
  from: 'now-24h',
  to: 'now+1h',
  variables: [
    tagVariable('resource', 'Resource', {
      from: loads('resource'),
      tag: 'resource',
      isMulti: false,
    }),
  ],
  panels: [
    band({
      title: 'CPU',
      says: 'Cores of its server that it takes: attributed by its hits and bytes.',
      unit: 'none',
      width: 12,
      data: loadAndForecast('cpu'),
    }),
    band({
      title: 'Requests',
      says: 'As the redirectors counted them.',
      unit: 'reqps',
      width: 12,
      data: loadAndForecast('hits'),
    }),
    band({
      title: 'Network',
      says: 'Both directions together.',
      unit: 'Bps',
      width: 12,
      data: loadAndForecast('network'),
    }),
    lines({
      title: 'Service time',
      says: 'From the head of a request to the end of its answer, mean.',
      unit: 's',
      width: 12,
      data: influx([
        selected({
          select: 'mean("latency")',
          from: loads('resource'),
          where: [RESOURCE],
          groupBy: [STEPS],
        }),
        'mean',
      ]),
    }),
    states({
      title: 'Where it lived',
      says: 'By the switches of this time and of the month before it.',
      unit: 'none',
      width: 12,
      data: influx([
        `SELECT "server" FROM ${of('placement')} WHERE ${RESOURCE} AND time >= \${__from}ms - 30d AND time <= \${__to}ms`,
        'server',
      ]),
    }),
    ranking({
      title: 'Most requests',
      says: 'Of all resources, by the mean of the time shown.',
      unit: 'reqps',
      width: 12,
      data: influxTable(
        `SELECT top("hits", "resource", 10) AS "hits" FROM (${selected({
          select: 'mean("hits") AS "hits"',
          from: loads('resource'),
          groupBy: ['"resource"'],
        })})`,
      ),
    }),
  ],
};
