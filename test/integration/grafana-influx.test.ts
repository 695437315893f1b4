import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { DashboardFile } from '../support/grafana/dashboard.js';
import { dashboardTexts, parseDashboard } from '../support/grafana/dashboard.js';
import { askInflux, influxFaults } from '../support/grafana/influx-check.js';
import { seedService } from '../support/grafana/seed.js';
import { InfluxServer } from '../support/influx-server.js';
import { influxStore } from '../support/influx-store.js';
import { describeWith } from '../support/installed.js';

/*
 * Every query of every dashboard on a real InfluxDB, with what the product writes in it. What Grafana draws of the answers nobody
 * looks at here.
 */

const DATABASE = 'drawn';
const texts = await dashboardTexts();

describeWith(InfluxServer.program)('queries of the dashboards', () => {
  let server: InfluxServer;
  let nowMs = 0;

  beforeAll(async () => {
    server = await InfluxServer.start();
    nowMs = Date.now();
    const store = influxStore({ url: server.url, database: DATABASE });
    await seedService(store, nowMs);
    await store.close();
  });

  afterAll(() => server.dispose());

  function faultsOf(board: DashboardFile): Promise<string[]> {
    return influxFaults(board, nowMs, (query) => askInflux(server.url, DATABASE, query));
  }

  it.each([...texts])('have answers, under the names that panels want: %s', async (_, text) => {
    expect(await faultsOf(parseDashboard(text))).toEqual([]);
  });

  /** What somebody might spoil: a dashboard, a panel of it, and what is said then. */
  const SPOILT: readonly (readonly [
    what: string,
    file: string,
    spoil: (board: DashboardFile) => void,
    said: string,
  ])[] = [
    ['a field', 'cluster.json', replaced('max("utilization")', 'max("utilisation")'), 'empty'],
    ['a measurement', 'cluster.json', replaced('"forecast_latest"', '"forecast_last"'), 'empty'],
    ['the grammar', 'plans.json', replaced('SELECT sum', 'SELECT sum('), 'error parsing query'],
    [
      'a tag that is named',
      'cluster.json',
      replaced(', "server" fill', ' fill'),
      'not in GROUP BY',
    ],
    ['a variable', 'resource.json', replaced("'$resource'", "'$volume'"), 'unknown variable'],
    ['a macro', 'plans.json', replaced('$timeFilter', '$__timeFilter'), 'unknown macro'],
    [
      'the name of a series',
      'forecast.json',
      (board) => (board.panels[0]!.targets[0]!.alias = 'actual'),
      'no series "measured"',
    ],
    ['where a band ends', 'forecast.json', bandDownTo('p05'), 'no series "p05"'],
    [
      'a column',
      'cluster.json',
      (board) => (board.annotations.list[0]!.target.textColumn = 'words'),
      'no column "words"',
    ],
    [
      'the future',
      'cluster.json',
      replaced('time >= now() - 5m', 'time < now() - 10m'),
      'nothing after now',
    ],
    [
      'what a variable asks',
      'resource.json',
      replaced('WITH KEY', 'WITH KEYS'),
      'variable resource',
    ],
  ];

  it.each(SPOILT)('are checked: %s that is wrong is found', async (_, file, spoil, said) => {
    const board = parseDashboard(texts.get(file) ?? '');
    spoil(board);
    const faults = await faultsOf(board);
    expect(faults.length).toBeGreaterThan(0);
    expect(faults.join('\n')).toContain(said);
  });
});

/** Writes something else in the place of a text, wherever it is in a dashboard. */
function replaced(text: string, other: string): (board: DashboardFile) => void {
  return (board) => {
    let count = 0;
    const spoilt: unknown = JSON.parse(JSON.stringify(board), (_, value: unknown) => {
      if (typeof value !== 'string' || !value.includes(text)) return value;
      count += 1;
      return value.replaceAll(text, other);
    });
    if (count === 0) throw new Error(`${text} is nowhere`);
    Object.assign(board, spoilt);
  };
}

function bandDownTo(name: string): (board: DashboardFile) => void {
  return (board) => {
    for (const { properties } of board.panels[0]!.fieldConfig.overrides) {
      const end = properties.find(({ id }) => id === 'custom.fillBelowTo');
      if (end !== undefined) end.value = name;
    }
  };
}
