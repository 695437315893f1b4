import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { request } from 'undici';
import { SystemClock } from '../../core/clock/system.js';
import { RunningUp } from '../support/foreshift.js';
import type { DashboardFile } from '../support/grafana/dashboard.js';
import { dashboardTexts, parseDashboard } from '../support/grafana/dashboard.js';
import { prometheusFaults } from '../support/grafana/prometheus-check.js';
import {
  RULES_FILE,
  RULES_TEST_FILE,
  metricsIn,
  metricsOn,
  rulesInFile,
} from '../support/grafana/rules.js';
import { InfluxServer } from '../support/influx-server.js';
import { describeWith, itWith } from '../support/installed.js';
import { Operator } from '../support/operator.js';
import { PrometheusServer } from '../support/prometheus-server.js';
import { PROMTOOL, metricsPage, promtool } from '../support/promtool.js';
import { untilWithin } from '../support/until.js';

/* Rules and dashboards on a real Prometheus, which scrapes a Foreshift at work: what they name is what there is. */

const RESOURCES = ['vol-1', 'vol-2', 'vol-3'];
const clock = new SystemClock();
const until = untilWithin(90_000, { pauseMs: 500 });
const texts = await dashboardTexts();
const rules = await rulesInFile();

describe('the rules of alerts', () => {
  const it = itWith(PROMTOOL);

  it('are such that promtool has nothing against them', () => {
    expect(promtool(['check', 'rules', RULES_FILE])).toMatchObject({ status: 0 });
    return Promise.resolve();
  });

  it('fire when they should, and only then', () => {
    const { status, said } = promtool(['test', 'rules', RULES_TEST_FILE]);
    expect([said, status]).toEqual([expect.stringContaining('SUCCESS'), 0]);
    return Promise.resolve();
  });

  it('would be found out if one were wrong', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'foreshift-rules-'));
    const wrong = join(folder, basename(RULES_FILE));
    const tests = join(folder, basename(RULES_TEST_FILE));
    const text = await readFile(RULES_FILE, 'utf8');
    await writeFile(wrong, text.replaceAll('> 0.95', '> 1.95'));
    await copyFile(RULES_TEST_FILE, tests);
    const { status, said } = promtool(['test', 'rules', tests]);
    await rm(folder, { recursive: true });
    expect([status, said]).toEqual([1, expect.stringContaining('OverloadNow')]);
  });
});

describeWith(InfluxServer.program)('a Prometheus that scrapes a Foreshift at work', () => {
  const it = itWith(PrometheusServer.program);
  /** Of what was begun. */
  const closing: (() => Promise<unknown>)[] = [];
  let up: RunningUp;
  let prometheus: PrometheusServer;
  let isOver = false;

  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'foreshift-scraped-'));
    closing.push(() => rm(folder, { recursive: true }));
    const influx = await InfluxServer.start();
    closing.push(() => influx.dispose());
    const ports: number[] = [];
    for (let at = 0; at < 2; at++) {
      const storage = await listening();
      closing.push(() => closed(storage));
      ports.push((storage.address() as AddressInfo).port);
    }
    const servers = ports.map(
      (port, at) =>
        `{ id: s${at + 1}, address: "127.0.0.1:${port}", capacity: { hits: 100 }, metrics: { source: http-json, url: "http://127.0.0.1:${port}/load", paths: { hits: hits } } }`,
    );
    await writeFile(
      join(folder, 'foreshift.yaml'),
      [
        'log: { level: silent }',
        'api: { listen: "127.0.0.1:0" }',
        'health: { listen: "127.0.0.1:0" }',
        'agents: { listen: "127.0.0.1:0" }',
        'listeners: [{ listen: "127.0.0.1:0" }]',
        `servers: [${servers.join(', ')}]`,
        `resources: { names: [${RESOURCES.join(', ')}] }`,
        'collector: { everyMs: 500, timeoutMs: 400 }',
        `metricStore: { engine: influx, influx: { url: "${influx.url}" } }`,
        'forecast: { everyMs: 1500, stepMs: 1000, horizonSteps: 6, historySteps: 24, minSteps: 3 }',
        '',
      ].join('\n'),
    );
    up = await RunningUp.start(folder);
    closing.push(() => up.stop());
    prometheus = await PrometheusServer.start(up.ready.health, RULES_FILE);
    closing.push(() => prometheus.dispose());
    const traffic = run();
    closing.push(() => {
      isOver = true;
      return traffic;
    });
    const operator = new Operator(up.ready.api, until);
    await operator.placed(RESOURCES.length);
    await operator.move('vol-1');
  });

  afterAll(async () => {
    for (const close of closing.reverse()) await close();
  });

  /** Some requests a second, one of them for what is not there. */
  async function run(): Promise<void> {
    while (!isOver) {
      for (const resource of [...RESOURCES, 'none']) {
        const { body } = await request(`http://${up.ready.proxy[0] ?? ''}/${resource}/x`);
        await body.dump();
      }
      await clock.sleep(100);
    }
  }

  it('finds every metric that rules and dashboards name', async () => {
    const there = metricsOn(await metricsPage(up.ready.health));
    const named = rules.flatMap(({ expr, annotations }) => [
      ...metricsIn(expr),
      ...Object.values(annotations ?? {}).flatMap(metricsIn),
    ]);
    for (const text of texts.values()) named.push(...metricsIn(text));
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter((name) => !there.has(name))).toEqual([]);
  });

  it('sees how the switches ended', async () => {
    await until('placements and a move were scraped', async () => {
      const query = 'foreshift_switch_batches_total{result="applied"} > 1';
      return (await prometheus.ask(query)).length === 1;
    });
    const page = await metricsPage(up.ready.health);
    expect(page).toMatch(/^foreshift_switch_moves_total [1-9]/m);
    expect(page).toMatch(/^foreshift_switch_hold_seconds_count [1-9]/m);
    expect(page).toMatch(/^foreshift_switch_batches_total\{result="given-back"\} 0$/m);
  });

  it('works all rules out', async () => {
    await until('all rules were worked out', async () => {
      const found = await prometheus.rules();
      return found.length === rules.length && found.every(({ health }) => health !== 'unknown');
    });
    const broken = (await prometheus.rules()).filter(({ health }) => health !== 'ok');
    expect(broken).toEqual([]);
  });

  function faultsOf(board: DashboardFile): Promise<string[]> {
    return prometheusFaults(board, clock.realtimeMs(), (query) => prometheus.ask(query));
  }

  it('answers every query of every dashboard', async () => {
    let faults: string[] = [];
    await until('there is something of everything', async () => {
      const found = [...texts.values()].map((text) => faultsOf(parseDashboard(text)));
      faults = (await Promise.all(found)).flat();
      return faults.length === 0;
    }).catch(() => undefined);
    expect(faults).toEqual([]);
  });

  for (const [what, text, other, said] of [
    ['a metric', 'foreshift_http_answers_total', 'foreshift_http_answer_total', 'empty'],
    ['the grammar', 'sum by (class)', 'sum by class)', 'parse error'],
    ['a label of the legend', '{{class}}', '{{status}}', '{{status}} is no label'],
    ['a variable', '$__rate_interval', '$rate', 'unknown variable'],
  ] as const) {
    it(`is how ${what} that is wrong is found`, async () => {
      const spoilt = (texts.get('service.json') ?? '').replaceAll(text, other);
      expect((await faultsOf(parseDashboard(spoilt))).join('\n')).toContain(said);
    });
  }
});

/** A server that answers everything, and says that it has some load. */
async function listening(): Promise<Server> {
  const storage = createServer((incoming, response) => {
    const hits = 20 + 10 * Math.sin(Date.now() / 5000);
    response.setHeader('content-type', 'application/json');
    response.end(incoming.url === '/load' ? JSON.stringify({ hits }) : '{}');
  });
  await new Promise<void>((resolve) => storage.listen(0, '127.0.0.1', resolve));
  return storage;
}

function closed(storage: Server): Promise<unknown> {
  storage.closeAllConnections();
  return new Promise((resolve) => storage.close(resolve));
}
