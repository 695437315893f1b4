import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Pool } from 'undici';
import { SystemClock } from '../../core/clock/system.js';
import { freePort } from '../../demo/free-port.js';
import { RunningUp, foreshift } from '../support/foreshift.js';
import { InfluxServer } from '../support/influx-server.js';
import { describeWith, itWith } from '../support/installed.js';
import type { Ran } from '../support/journaled-server.js';
import { JournaledServer, ranTwice, runsOf } from '../support/journaled-server.js';
import { RedisServer } from '../support/redis-server.js';
import { Operator } from '../support/operator.js';
import { PROMTOOL, lintOf, metricsPage } from '../support/promtool.js';
import { untilWithin } from '../support/until.js';

/*
 * Each service as a process of its own, two redirectors among them, on a real Redis and a real InfluxDB. Resources
 * are moved under traffic through both redirectors, and one of them is killed.
 */

const RESOURCES = ['vol-1', 'vol-2', 'vol-3', 'vol-4'];
const SECRET = 'a secret for the test of processes';
const PASSWORD = 'a password for the test of processes';
const clock = new SystemClock();
const until = untilWithin(60_000);

/** What was told of a request: the status, and whether it ran. */
interface Told {
  readonly id: string;
  readonly status: number;
  readonly executed: string;
}

describeWith('influxd')('services as processes of their own', () => {
  const journal: Ran[] = [];
  const environment = { FORESHIFT_SECRET: SECRET, FORESHIFT_REDIS_PASSWORD: PASSWORD };
  const processes = new Map<string, RunningUp>();
  const ports = new Map<string, number>();
  let folder = '';
  let redis: RedisServer;
  let influx: InfluxServer;
  let servers: JournaledServer[] = [];

  async function begin(name: string, ...args: string[]): Promise<void> {
    processes.set(name, await RunningUp.start(folder, environment, args));
  }

  function redirector(name: string): Promise<void> {
    const listen = `127.0.0.1:${ports.get(name) ?? 0}`;
    return begin(name, 'redirector', '--id', name, '--listen', listen);
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'foreshift-processes-'));
    redis = await RedisServer.start({ requirepass: PASSWORD });
    influx = await InfluxServer.start();
    for (const name of ['r1', 'r2']) ports.set(name, await freePort());
    const agentsPort = await freePort();
    await writeFile(
      join(folder, 'foreshift.yaml'),
      [
        'mode: propose',
        'log: { level: error }',
        'api: { listen: "127.0.0.1:0" }',
        'health: { listen: "127.0.0.1:0" }',
        `agents: { listen: "127.0.0.1:${agentsPort}", callTimeoutMs: 3000 }`,
        'redirector: { memberLeaseMs: 1000, healthCheckMs: 200, servingLeaseMs: 10000 }',
        'collector: { everyMs: 500, timeoutMs: 400 }',
        'forecast: { everyMs: 1500, stepMs: 1000, horizonSteps: 6, historySteps: 24, minSteps: 3 }',
        'tableStore: { engine: redis }',
        'sessionStore: { engine: redis }',
        'bus: { engine: redis }',
        `redis: { url: "${redis.url}", commandTimeoutMs: 1000 }`,
        `metricStore: { engine: influx, influx: { url: "${influx.url}", database: processes } }`,
        '',
      ].join('\n'),
    );
    servers = await JournaledServer.startAll(['s1', 's2'], {
      resources: RESOURCES,
      registration: `http://127.0.0.1:${agentsPort}`,
      secret: SECRET,
      journal,
      diskMs: 1,
      workMs: 1,
    });
    await begin('api', 'api');
    await Promise.all([
      begin('collector', 'collector'),
      begin('forecaster', 'forecaster'),
      redirector('r1'),
      redirector('r2'),
    ]);
    await operator().placed(RESOURCES.length);
  });

  afterAll(async () => {
    for (const running of [...processes.values()].reverse()) await running.stop();
    for (const server of servers) await server.stop();
    await redis.dispose();
    await influx.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  const operator = (): Operator => new Operator(processes.get('api')?.ready.api ?? '', until);
  const move = (resource: string): Promise<void> => operator().move(resource);

  /** Requests one after the other through one redirector, until it is over or the redirector is gone. */
  async function traffic(name: string, isOver: () => boolean): Promise<Told[]> {
    const pool = new Pool(`http://127.0.0.1:${ports.get(name) ?? 0}`, { connections: 3 });
    const told: Told[] = [];
    const workers = Array.from({ length: 3 }, async (_, worker) => {
      for (let number = 0; !isOver(); number++) {
        const id = `${name}-${worker}-${number}`;
        try {
          const { statusCode, headers, body } = await pool.request({
            path: `/${RESOURCES[number % RESOURCES.length] ?? ''}/x`,
            method: 'POST',
            headers: { 'x-id': id },
            body: 'hello',
          });
          const text = await body.text();
          const executed = String(headers['foreshift-executed'] ?? '');
          told.push({ id, status: text === id ? statusCode : 0, executed });
        } catch {
          // Its redirector is gone: nobody told whether it ran.
          told.push({ id, status: 0, executed: '' });
          await clock.sleep(50);
        }
      }
    });
    await Promise.all(workers);
    await pool.close();
    return told;
  }

  it('moves resources under traffic through both, and every request is answered once', async () => {
    let isOver = false;
    const running = ['r1', 'r2'].map((name) => traffic(name, () => isOver));
    for (const resource of RESOURCES) await move(resource);
    await until('enough was asked', () => journal.length > 200);
    isOver = true;
    const told = (await Promise.all(running)).flat();
    expect(told.filter((answer) => answer.status !== 200)).toEqual([]);
    expect(new Set(journal.map(({ id }) => id)).size).toBe(journal.length);
    expect(journal).toHaveLength(told.length);
  });

  it('counts what went through both redirectors, and forecasts it', async () => {
    await until('a forecast', async () => (await operator().status()).forecast !== null);
    const rows = await influx.ask(
      'SELECT SUM("hits") FROM "raw"."resource_load" GROUP BY "resource"',
      'processes',
    );
    expect(rows.length).toBeGreaterThan(0);
  });

  itWith(PROMTOOL)('shows pages to Prometheus that it has nothing against', async () => {
    for (const [name, { ready }] of processes) {
      const page = await metricsPage(ready.health);
      expect(page).toContain('foreshift_build_info');
      expect([name, lintOf(page)]).toEqual([name, { status: 0, said: '' }]);
    }
  });

  it('goes on with one redirector when the other is killed, and with both when it is back', async () => {
    const before = journal.length;
    let isOver = false;
    const running = ['r1', 'r2'].map((name) => traffic(name, () => isOver));
    await clock.sleep(500);
    await processes.get('r1')?.kill();
    for (const resource of RESOURCES.slice(0, 2)) await move(resource);
    await redirector('r1');
    for (const resource of RESOURCES.slice(2)) await move(resource);
    isOver = true;
    const [first = [], second = []] = await Promise.all(running);
    expect(second.filter((answer) => answer.status !== 200)).toEqual([]);
    expect(ranTwice(journal.slice(before))).toEqual([]);
    const ran = runsOf(journal.slice(before));
    for (const { id, status: code, executed } of [...first, ...second]) {
      if (code === 200) expect([id, ran.get(id)]).toEqual([id, 1]);
      if (executed === 'no') expect([id, ran.get(id)]).toEqual([id, undefined]);
    }
    expect(first.filter((answer) => answer.status === 200).length).toBeGreaterThan(50);
  });

  it('answers everything while api, collector, forecaster, Redis and InfluxDB are all killed', async () => {
    const places = await operator().places();
    const before = journal.length;
    let isOver = false;
    const running = ['r1', 'r2'].map((name) => traffic(name, () => isOver));
    await clock.sleep(500);
    const killed = ['api', 'collector', 'forecaster'].map((name) => processes.get(name)?.kill());
    await Promise.all([...killed, redis.kill(), influx.kill()]);
    // Longer than any lease of a redirector.
    await clock.sleep(4000);
    isOver = true;
    const told = (await Promise.all(running)).flat();
    expect(told.filter((answer) => answer.status !== 200)).toEqual([]);
    const ran = journal.slice(before);
    expect(ran.filter(({ resource, server }) => places.get(resource) !== server)).toEqual([]);
    expect(ranTwice(ran)).toEqual([]);
    expect(ran).toHaveLength(told.length);
    expect(told.length).toBeGreaterThan(500);
  });

  it('refuses to run a service alone on engines that nobody shares, or without the secret of all', async () => {
    await writeFile(join(folder, 'alone.yaml'), 'log: { level: error }\n');
    const ran = await foreshift(['collector', '--config', 'alone.yaml', '--json'], {
      cwd: folder,
      env: environment,
    });
    expect(ran.exit).toBe(64);
    expect(ran.stdout + ran.stderr).toContain('ERR_ROLE_ALONE');
    const secretless = await foreshift(['api', '--json'], {
      cwd: folder,
      env: { FORESHIFT_REDIS_PASSWORD: PASSWORD },
    });
    expect(secretless.exit).toBe(64);
    expect(secretless.stdout + secretless.stderr).toContain('ERR_SECRET_MISSING');
  });
});
