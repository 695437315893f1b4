import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import type { Status } from '../../api/contract/status.js';
import { ApiClient } from '../../cli/api-client.js';
import { SystemClock } from '../../core/clock/system.js';
import { RunningUp } from '../support/foreshift.js';
import { InfluxServer } from '../support/influx-server.js';
import { itWith } from '../support/installed.js';
import { untilWithin } from '../support/until.js';

const until = untilWithin(60_000, { pauseMs: 100 });

/* `foreshift up` with its metrics in a real InfluxDB, which dies under it and comes back. */

const RESOURCES = ['vol-1', 'vol-2', 'vol-3'];
const POLL_MS = 500;
const DATABASE = 'shift';

describe('up with an InfluxDB', () => {
  const it = itWith(InfluxServer.program);
  const clock = new SystemClock();
  let folder: string;
  let influx: InfluxServer;
  let storage: Server;
  let up: RunningUp;
  /** Of what was begun. */
  const closing: (() => Promise<unknown>)[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'foreshift-influx-up-'));
    closing.push(() => rm(folder, { recursive: true }));
    influx = await InfluxServer.start();
    closing.push(() => influx.dispose());
    storage = createServer((_request, response) => response.end('here'));
    await new Promise<void>((resolve) => storage.listen(0, '127.0.0.1', resolve));
    closing.push(() => {
      storage.closeAllConnections();
      return new Promise((resolve) => storage.close(resolve));
    });
    const { port } = storage.address() as AddressInfo;
    await writeFile(
      join(folder, 'foreshift.yaml'),
      [
        'log: { level: silent }',
        'api: { listen: "127.0.0.1:0" }',
        'health: { listen: "127.0.0.1:0" }',
        'agents: { listen: "127.0.0.1:0" }',
        'listeners: [{ listen: "127.0.0.1:0" }]',
        `servers: [{ id: s1, address: "127.0.0.1:${port}", capacity: { hits: 100 } }]`,
        `resources: { names: [${RESOURCES.join(', ')}] }`,
        `collector: { everyMs: ${POLL_MS}, timeoutMs: 400 }`,
        `metricStore: { engine: influx, influx: { url: "${influx.url}", database: ${DATABASE} } }`,
        'forecast: { everyMs: 1500, stepMs: 1000, horizonSteps: 6, historySteps: 24, minSteps: 3 }',
        '',
      ].join('\n'),
    );
    up = await RunningUp.start(folder);
    closing.push(() => up.stop());
  });

  afterAll(async () => {
    for (const close of closing.reverse()) await close();
  });

  function status(): Promise<Status> {
    return new ApiClient(`http://${up.ready.api}`).get<Status>('/v1/status');
  }

  /** The times of all that is known of one resource. */
  async function times(resource: string): Promise<number[]> {
    const rows = await influx.ask(
      `SELECT "hits" FROM "raw"."resource_load" WHERE "resource" = '${resource}'`,
      DATABASE,
    );
    return rows.map(([timeMs]) => Number(timeMs));
  }

  /** A line of /metrics that begins so; of several, their sum. */
  async function metric(name: string): Promise<number> {
    const { body } = await request(`http://${up.ready.health}/metrics`);
    const lines = (await body.text()).split('\n').filter((line) => line.startsWith(name));
    expect([name, lines.length]).not.toEqual([name, 0]);
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }

  /** A request that is answered: whatever becomes of the metrics. */
  async function hit(): Promise<void> {
    for (const resource of RESOURCES) {
      const { statusCode, body } = await request(`http://${up.ready.proxy[0] ?? ''}/${resource}/x`);
      await body.dump();
      expect(statusCode).toBe(200);
    }
  }

  it('has its samples and forecasts there', async () => {
    await until('all is placed', async () => (await status()).unassigned === 0);
    await until('samples', async () => {
      await hit();
      return (await times('vol-1')).length >= 3;
    });
    await until('a forecast', async () => ((await status()).forecast?.series ?? 0) > 0);
    for (const measurement of ['forecast', 'forecast_latest', 'forecast_run']) {
      const all = `SELECT * FROM "forecasts"."${measurement}"`;
      await until(measurement, async () => (await influx.ask(all, DATABASE)).length > 0);
    }
  });

  it('serves on while it is dead, says so, and has every sample when it is back', async () => {
    const diedAtMs = clock.realtimeMs();
    await influx.kill();
    while (clock.realtimeMs() < diedAtMs + 10 * POLL_MS) {
      await hit();
      await clock.sleep(POLL_MS / 2);
    }
    const { warnings, servers, forecast, engines, atMs } = await status();
    expect(warnings.join()).toContain('metric store');
    const [fault] = engines.map((engine) => engine.fault);
    expect(fault?.code).toBe('ERR_STORE_UNAVAILABLE');
    expect(fault?.sinceMs).toBeGreaterThanOrEqual(diedAtMs);
    expect(fault?.sinceMs).toBeLessThan(atMs);
    expect([servers.length, forecast]).toEqual([1, null]);
    expect(await metric('foreshift_collector_spooling')).toBe(1);
    expect(await metric('foreshift_collector_spool_bytes')).toBeGreaterThan(0);
    const [own] = (await status()).processes;
    expect(own?.spool?.waitingBytes).toBeGreaterThan(0);
    expect(own?.spool?.waitingSinceMs).toBeGreaterThanOrEqual(diedAtMs);
    expect(warnings.join()).toContain('spools samples that the metric store does not take');
    await influx.restart();
    const backAtMs = clock.realtimeMs();
    for (const resource of RESOURCES) {
      await until('it caught up', async () =>
        (await times(resource)).some((timeMs) => timeMs > backAtMs),
      );
      const known = await times(resource);
      const during = known.filter((timeMs) => timeMs > diedAtMs && timeMs < backAtMs);
      expect(during.length).toBeGreaterThanOrEqual(5);
      // A machine that is busy with other things polls late now and then, but leaves no hole as long as the outage.
      const gaps = known.slice(1).map((timeMs, at) => timeMs - (known[at] ?? NaN));
      expect(Math.max(...gaps)).toBeLessThan(6 * POLL_MS);
    }
    await until('a new forecast', async () => {
      const { forecast: last } = await status();
      return last !== null && last.madeAtMs > backAtMs;
    });
    expect((await status()).engines.map((engine) => engine.fault)).toEqual([null]);
    expect(await metric('foreshift_collector_spooling')).toBe(0);
    const [after, ...others] = (await status()).processes;
    expect([after?.spool?.waitingSinceMs, others]).toEqual([null, []]);
    expect(await metric('foreshift_collector_samples_lost_total')).toBe(0);
    const failed = '{kind="write",end="ERR_STORE_UNAVAILABLE"}';
    expect(await metric(`foreshift_metric_store_calls_total${failed}`)).toBeGreaterThan(0);
  });
});
