import { createServer } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { request } from 'undici';
import type { Status } from '../../api/contract/status.js';
import { ApiClient } from '../../cli/api-client.js';
import type { Role } from '../../cli/services/services.js';
import { Services } from '../../cli/services/services.js';
import { SystemClock } from '../../core/clock/system.js';
import { loadConfig } from '../../core/config/load.js';
import { formatAddress } from '../../core/domain.js';
import { SILENT_LOG } from '../../core/log.js';
import { SeededRng } from '../../core/rng.js';
import type { Answer } from '../support/fake-influx.js';
import { FakeInflux, NOTHING, wellBehaved } from '../support/fake-influx.js';
import { describeWith } from '../support/installed.js';
import { RedisServer } from '../support/redis-server.js';
import { temporaryDisk } from '../support/temporary.js';
import { untilWithin } from '../support/until.js';

/*
 * Each service apart, on a real Redis where each has a user of its own, and each with an InfluxDB of its own that answers what the
 * test wants. What fails one of them is said by its health, by its own /metrics, and by the status of the api: another process.
 */

const CLUSTER = 'trouble';
const clock = new SystemClock();
const until = untilWithin(20_000, { pauseMs: 100 });
const ROLES = ['api', 'collector', 'forecaster', 'redirector'] as const;

describeWith('redis-server')('the trouble of an engine with one process', () => {
  const influxes = new Map<Role, FakeInflux>();
  const services = new Map<Role, Services>();
  const closing: (() => Promise<unknown>)[] = [];
  let redis: RedisServer;
  let admin: Redis;
  let storage: Server;

  beforeAll(async () => {
    redis = await RedisServer.start();
    admin = new Redis(redis.at);
    closing.push(async () => {
      admin.disconnect();
      await redis.dispose();
    });
    storage = createServer((_request, response) => response.end('here'));
    await new Promise<void>((resolve) => storage.listen(0, '127.0.0.1', resolve));
    closing.push(() => new Promise((resolve) => storage.close(resolve)));
    for (const role of ROLES) await begin(role);
    await until('all are known', async () => (await status()).processes.length === ROLES.length);
    await until('it is placed', async () => (await status()).unassigned === 0);
  });

  afterAll(async () => {
    for (const close of closing.reverse()) await close();
  });

  async function begin(role: Role): Promise<void> {
    const folder = await temporaryDisk();
    closing.push(() => folder.dispose());
    const influx = await FakeInflux.start();
    influxes.set(role, influx);
    closing.push(() => influx.dispose());
    await mayUse(role, '~*');
    const { port } = storage.address() as AddressInfo;
    const text = [
      `cluster: ${CLUSTER}`,
      'api: { listen: "127.0.0.1:0" }',
      'health: { listen: "127.0.0.1:0" }',
      'agents: { listen: "127.0.0.1:0" }',
      'listeners: [{ listen: "127.0.0.1:0" }]',
      `servers: [{ id: s1, address: "127.0.0.1:${port}", capacity: { hits: 100 } }]`,
      'resources: { names: [vol-1] }',
      'redirector: { id: r1 }',
      // Whatever is refused or spooled comes in small pieces, soon.
      'collector: { everyMs: 500, timeoutMs: 400, spoolBytesMax: 4096 }',
      'forecast: { everyMs: 1500, stepMs: 1000, horizonSteps: 6, historySteps: 24, minSteps: 3 }',
      'tableStore: { engine: redis }',
      'sessionStore: { engine: redis }',
      'bus: { engine: redis }',
      `redis: { url: "${redis.url}" }`,
      `metricStore: { engine: influx, influx: { url: "${influx.url}", database: d } }`,
    ].join('\n');
    const { config } = loadConfig({ file: 'test', text, environment: {} });
    const service = await Services.open(
      config,
      {
        ...{ clock, rng: new SeededRng(1), log: SILENT_LOG, version: 'test' },
        secret: 'a secret for the test of troubles',
        dataDir: folder.folder,
        redis: { at: redis.at, username: role, password: 'secret' },
      },
      [role],
    );
    await service.start();
    services.set(role, service);
    closing.push(() => service.stop());
  }

  /** From now on, whatever it may have been before. */
  async function mayUse(role: Role, ...keys: string[]): Promise<void> {
    await admin.call('ACL', 'SETUSER', role, 'on', '>secret', 'resetkeys', ...keys, '&*', '+@all');
  }

  function the(role: Role): Services {
    const service = services.get(role);
    if (service === undefined) throw new Error(`${role} has not begun`);
    return service;
  }

  function answers(role: Role, kind: 'write' | 'query', answer: Answer): void {
    const influx = influxes.get(role);
    if (influx === undefined) throw new Error(`${role} has not begun`);
    influx.answer = (asked) => {
      if (asked.kind === kind) return answer;
      return asked.kind === 'query' ? NOTHING : wellBehaved(asked);
    };
  }

  function isWell(role: Role): void {
    const influx = influxes.get(role);
    if (influx !== undefined) influx.answer = wellBehaved;
  }

  function status(): Promise<Status> {
    const address = formatAddress(the('api').api.address);
    return new ApiClient(`http://${address}`).get<Status>('/v1/status');
  }

  /** As the status says it: the codes of what fails this process, by engine. */
  async function saidOf(role: Role): Promise<string[]> {
    const { engines } = await status();
    return engines.flatMap(({ name, processes, fault }) =>
      fault !== null && processes.some((id) => id.startsWith(`${role}@`))
        ? [`${name.replace(/ (in|at) .*|,.*/, '')}: ${fault.code}`]
        : [],
    );
  }

  const healthOf = (role: Role): string[] =>
    the(role).engines.health.flatMap(({ fault }) => (fault === undefined ? [] : [fault.code]));

  /** Of its own page, all lines of that name together. */
  async function metric(role: Role, name: string): Promise<number> {
    const { body } = await request(`http://${formatAddress(the(role).health.address)}/metrics`);
    const lines = (await body.text()).split('\n').filter((line) => line.startsWith(name));
    expect([name, lines.length]).not.toEqual([name, 0]);
    return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }

  async function spoolOf(role: Role) {
    const found = (await status()).processes.find(({ roles }) => roles.includes(role));
    if (found?.spool == null) throw new Error(`nothing is known of the spool of ${role}`);
    return found.spool;
  }

  it('is the collector’s alone: InfluxDB refuses what it writes, and the samples are lost', async () => {
    expect((await status()).warnings.filter((text) => text.includes('collector@'))).toEqual([]);
    const conflict = '{"error":"partial write: field type conflict: input field dropped=1"}';
    answers('collector', 'write', { status: 400, body: conflict });
    await until('the status says it', async () => {
      return (await saidOf('collector')).join() === 'metric store: ERR_STORE_REFUSED';
    });
    expect(await saidOf('api')).toEqual([]);
    expect(healthOf('collector')).toEqual(['ERR_STORE_REFUSED']);
    expect(await metric('collector', 'foreshift_engine_up{engine="metric store')).toBe(0);
    await until('the loss is said', async () => (await spoolOf('collector')).lost.refused > 0);
    const { warnings } = await status();
    expect(warnings.join('\n')).toMatch(
      /the metric store, InfluxDB at \S+ is away or refuses since 20\S+, says collector@\S+: .*type conflict.* \(ERR_STORE_REFUSED\)/,
    );
    expect(warnings.join('\n')).toMatch(/collector@\S+ has lost [0-9]+ samples? .*refused by the/);
    isWell('collector');
    await until('it is well again', async () => (await saidOf('collector')).length === 0);
    expect(healthOf('collector')).toEqual([]);
    expect(await metric('collector', 'foreshift_engine_up{engine="metric store')).toBe(1);
    // Whoever looks later shall know that there is a hole.
    expect((await spoolOf('collector')).lost.refused).toBeGreaterThan(0);
    const lost = await metric('collector', 'foreshift_collector_samples_lost_total');
    expect(lost).toBeGreaterThan(0);
  });

  it('is the collector’s alone: InfluxDB is away, and samples wait', async () => {
    answers('collector', 'write', { status: 503 });
    await until('samples wait', async () => (await spoolOf('collector')).waitingBytes > 0);
    expect(await saidOf('collector')).toEqual(['metric store: ERR_STORE_UNAVAILABLE']);
    expect(await metric('collector', 'foreshift_collector_spool_bytes')).toBeGreaterThan(0);
    expect((await status()).warnings.join('\n')).toMatch(
      /collector@\S+ spools samples that the metric store does not take since 20\S+: [0-9.]+ K?i?B wait/,
    );
    isWell('collector');
    await until('none waits', async () => (await spoolOf('collector')).waitingSinceMs === null);
    await until('it is well again', async () => (await saidOf('collector')).length === 0);
    expect((await status()).warnings.join('\n')).not.toContain('spools samples');
    expect(await metric('collector', 'foreshift_collector_spooling')).toBe(0);
  });

  it('is the forecaster’s alone: InfluxDB does not know who asks', async () => {
    answers('forecaster', 'query', { status: 401 });
    await until('the status says it', async () => {
      return (await saidOf('forecaster')).join() === 'metric store: ERR_STORE_UNAVAILABLE';
    });
    expect(healthOf('forecaster')).toEqual(['ERR_STORE_UNAVAILABLE']);
    expect(await saidOf('collector')).toEqual([]);
    isWell('forecaster');
    await until('it is well again', async () => (await saidOf('forecaster')).length === 0);
  });

  it('is the redirector’s alone: Redis lets it have no sessions', async () => {
    await mayUse('redirector', `~{${CLUSTER}}:table:*`);
    await until('the status says it', async () => {
      return (await saidOf('redirector')).join() === 'session store: ERR_REDIS_FORBIDDEN';
    });
    expect(healthOf('redirector')).toEqual(['ERR_REDIS_FORBIDDEN']);
    expect(await metric('redirector', 'foreshift_engine_up{engine="session store')).toBe(0);
    await mayUse('redirector', '~*');
    await until('it is well again', async () => (await saidOf('redirector')).length === 0);
    expect(healthOf('redirector')).toEqual([]);
  });

  it('is the redirector’s silence where Redis refuses it everything', async () => {
    const silent = async (): Promise<string[]> =>
      (await status()).processes.flatMap(({ id, isSilent }) => (isSilent ? [id] : []));
    await mayUse('redirector');
    await untilWithin(60_000, { pauseMs: 500 })('it is missed', async () => {
      return (await silent()).join() === 'redirector@r1';
    });
    expect(healthOf('redirector')).toContain('ERR_REDIS_FORBIDDEN');
    expect(await metric('redirector', 'foreshift_engine_up{engine="table store')).toBe(0);
    expect((await status()).warnings.join('\n')).toMatch(
      /nothing is heard of redirector@r1 since 20\S+: killed, or cut off from the table store/,
    );
    await mayUse('redirector', '~*');
    await until('it is heard of', async () => (await silent()).length === 0);
  });

  it('is over with a process that stops in order', async () => {
    answers('collector', 'write', { status: 503 });
    await until('the status says it', async () => (await saidOf('collector')).length > 0);
    await the('collector').stop();
    await until('nobody speaks of it', async () =>
      (await status()).processes.every(({ roles }) => !roles.includes('collector')),
    );
    expect(await saidOf('collector')).toEqual([]);
  });
});
