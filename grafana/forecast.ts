import type { Board } from './board.js';
import { tagVariable } from './board.js';
import { band, lines, number } from './panels.js';
import { influx, prometheus, prometheusNow } from './sources.js';
import { STEPS, each, loads, of, selected } from './statements.js';

const UTILIZATION = '"metric" = \'utilization\'';
const SERVER = '"server" =~ /^$server$/';
const QUANTILES = each('last', ['p10', 'p50', 'p90']);

const MEASURED = [
  selected({
    select: 'mean("utilization")',
    from: loads('server'),
    where: [SERVER],
    groupBy: [STEPS],
  }),
  'measured',
] as const;

/** What is expected, what was, and how good such words were. */
export const FORECAST: Board = {
  uid: 'foreshift-forecast',
  title: 'Forecast',
  says: 'What is expected of the servers, what had been said before, and how good that was.',
  from: 'now-6h',
  to: 'now+1h',
  variables: [
    tagVariable('server', 'Server', { from: loads('server'), tag: 'server', isMulti: true }),
    tagVariable('horizon', 'Said ahead', {
      from: of('forecast'),
      tag: 'horizon',
      isMulti: false,
    }),
  ],
  panels: [
    band({
      title: '$server: what is expected',
      says: 'Utilization as measured, and the latest forecast: in eight cases of ten it stays within the band.',
      unit: 'percentunit',
      width: 12,
      data: influx(MEASURED, [
        selected({
          select: QUANTILES,
          from: of('forecast_latest'),
          where: [SERVER, UTILIZATION],
          groupBy: [STEPS],
        }),
        '$col',
      ]),
    })
      .repeat('server')
      .repeatDirection('h')
      .maxPerRow(2),
    band({
      title: '$server: what was said $horizon ahead',
      says: 'For each time what had been said of it so long before, and what came.',
      unit: 'percentunit',
      width: 12,
      data: influx(MEASURED, [
        selected({
          select: QUANTILES,
          from: of('forecast'),
          where: [SERVER, UTILIZATION, '"horizon" = \'$horizon\''],
          groupBy: [STEPS],
        }),
        '$col',
      ]),
    })
      .repeat('server')
      .repeatDirection('h')
      .maxPerRow(2),
    lines({
      title: 'Coverage',
      says: 'Share of what came that was within P10 to P90: 0.8 is right; more is too careful, less too sure.',
      unit: 'percentunit',
      width: 8,
      data: influx([
        selected({
          select: 'mean("in_band")',
          from: of('forecast_score'),
          where: [UTILIZATION],
          groupBy: ['time(30m)', '"horizon"'],
        }),
        '$tag_horizon',
      ]),
    }),
    lines({
      title: 'Pinball loss',
      says: 'In shares of a capacity, by how far ahead it was said; 0 is perfect.',
      unit: 'percentunit',
      width: 8,
      data: influx([
        selected({
          select: 'mean("pinball")',
          from: of('forecast_score'),
          where: [UTILIZATION],
          groupBy: ['time(30m)', '"horizon"'],
        }),
        '$tag_horizon',
      ]),
    }),
    lines({
      title: 'Pinball loss ÷ naive',
      says: 'Compared with always saying that everything stays as it is; below 1 the forecast is worth having.',
      unit: 'none',
      width: 8,
      data: prometheus([
        'sum by (lead_seconds) (increase(foreshift_forecast_pinball_total[2h])) / sum by (lead_seconds) (increase(foreshift_forecast_naive_pinball_total[2h]))',
        '{{lead_seconds}} s ahead',
      ]),
    }),
    number({
      title: 'Overloads of the last day',
      says: 'Called before they came, missed, and called but did not come. Since the forecaster began, if that is less.',
      unit: 'none',
      width: 16,
      height: 5,
      data: prometheusNow(['max by (outcome) (foreshift_forecast_breaches)', '{{outcome}}']),
    }),
    number({
      title: 'Age of the forecast',
      says: 'Since the last was made.',
      unit: 's',
      width: 8,
      height: 5,
      levels: [
        [null, 'green'],
        [900, 'red'],
      ],
      data: prometheusNow(['time() - max(foreshift_forecast_timestamp_seconds)', 'age']),
    }),
  ],
};
