import type { Board } from './board.js';
import { bars, lines, number, table } from './panels.js';
import { influx, influxTable, prometheusNow } from './sources.js';
import { STEPS, of, selected } from './statements.js';

const DAYS = 'time(1d)';
const WAITED = '(time() - max(foreshift_plan_pending_since_timestamp_seconds)) or on () vector(0)';

/** What was planned, decided, done, and what clients felt of it. */
export const PLANS: Board = {
  uid: 'foreshift-plans',
  title: 'Plans & switches',
  says: 'What was planned, what became of it, and what clients felt of the switches.',
  from: 'now-7d',
  to: 'now',
  panels: [
    number({
      title: 'Plans by how they ended',
      says: 'Within the time shown, as far as this forecaster saw it.',
      unit: 'none',
      width: 18,
      height: 5,
      data: prometheusNow([
        'sum by (status) (increase(foreshift_plans_total[$__range]))',
        '{{status}}',
      ]),
    }),
    number({
      title: 'Plan waits',
      says: 'For a decision; 0: none does.',
      unit: 's',
      width: 6,
      height: 5,
      levels: [
        [null, 'green'],
        [450, 'orange'],
      ],
      data: prometheusNow([WAITED, 'waits']),
    }),
    bars({
      title: 'Moves a day',
      says: 'Resources that changed their server.',
      unit: 'none',
      width: 8,
      data: influx([
        selected({
          select: 'sum("moves")',
          from: of('switch'),
          where: ['"result" = \'applied\''],
          groupBy: [DAYS],
          fill: '0',
        }),
        'moves',
      ]),
    }),
    bars({
      title: 'Undone a day',
      says: 'Batches that were aborted or given back.',
      unit: 'none',
      width: 8,
      data: influx([
        selected({
          select: 'count("plan")',
          from: of('switch'),
          where: ['"result" =~ /^(aborted|given-back)$/'],
          groupBy: [DAYS],
          fill: '0',
        }),
        'undone',
      ]),
    }),
    bars({
      title: 'Held and failed requests',
      says: 'Requests that waited for a switch, and those of them that were not let through.',
      unit: 'none',
      width: 8,
      data: influx([
        selected({
          select:
            'sum("held_requests") AS "held_requests", sum("failed_requests") AS "failed_requests"',
          from: of('switch'),
          groupBy: [STEPS],
          fill: '0',
        }),
        '$col',
      ]),
    }),
    lines({
      title: 'Hold',
      says: 'How long requests of a batch waited, the drain included.',
      unit: 'ms',
      width: 12,
      data: influx([
        selected({
          select: 'percentile("hold_ms", 50) AS "p50", percentile("hold_ms", 99) AS "p99"',
          from: of('switch'),
          where: ['"result" = \'applied\''],
          groupBy: [STEPS],
        }),
        '$col',
      ]),
    }),
    lines({
      title: 'Drain',
      says: 'How long the work under way of a batch took to end.',
      unit: 'ms',
      width: 12,
      data: influx([
        selected({
          select: 'percentile("drain_ms", 50) AS "p50", percentile("drain_ms", 99) AS "p99"',
          from: of('switch'),
          where: ['"result" = \'applied\''],
          groupBy: [STEPS],
        }),
        '$col',
      ]),
    }),
    table({
      title: 'Switches',
      says: 'The latest hundred.',
      unit: 'none',
      width: 24,
      height: 10,
      data: influxTable(
        `${selected({
          select:
            '"plan", "moves", "drain_ms", "hold_ms", "held_requests", "failed_requests", "result"',
          from: of('switch'),
        })} ORDER BY time DESC LIMIT 100`,
      ),
    })
      .overrideByName('drain_ms', [{ id: 'unit', value: 'ms' }])
      .overrideByName('hold_ms', [{ id: 'unit', value: 'ms' }]),
  ],
};
