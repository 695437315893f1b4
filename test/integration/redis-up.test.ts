import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { Pool, request } from 'undici';
import { SystemClock } from '../../core/clock/system.js';
import { freePort } from '../../demo/free-port.js';
import { RunningUp, foreshift } from '../support/foreshift.js';
import { describeWith } from '../support/installed.js';
import type { Ran } from '../support/journaled-server.js';
import { JournaledServer } from '../support/journaled-server.js';
import { RedisServer } from '../support/redis-server.js';
import { Operator } from '../support/operator.js';
import { untilWithin } from '../support/until.js';

/* `foreshift up` with table store, session store and bus in a real Redis, which is killed under traffic. */

const RESOURCES = ['vol-1', 'vol-2'];
const SECRET = 'a secret for the test of redis';
const PASSWORD = 'a password for the test of redis';
const clock = new SystemClock();
const until = untilWithin(30_000);

describeWith('redis-server')('up on a real Redis', () => {
  const journal: Ran[] = [];
  let folder = '';
  let redis: RedisServer;
  let up: RunningUp;
  let servers: JournaledServer[] = [];
  let pool: Pool;

  const environment = { FORESHIFT_SECRET: SECRET, FORESHIFT_REDIS_PASSWORD: PASSWORD };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'foreshift-up-redis-'));
    redis = await RedisServer.start({ requirepass: PASSWORD });
    const [proxyPort, agentsPort] = [await freePort(), await freePort()];
    await writeFile(
      join(folder, 'foreshift.yaml'),
      [
        'mode: propose',
        'log: { level: error }',
        'api: { listen: "127.0.0.1:0" }',
        'health: { listen: "127.0.0.1:0" }',
        `agents: { listen: "127.0.0.1:${agentsPort}", callTimeoutMs: 3000 }`,
        `listeners: [{ listen: "127.0.0.1:${proxyPort}" }]`,
        'redirector: { memberLeaseMs: 1000, healthCheckMs: 200, servingLeaseMs: 10000 }',
        // Rounds by the schedule of the bus: one of them sees a pin that was made while a plan was under way.
        'forecast: { everyMs: 1000 }',
        'tableStore: { engine: redis }',
        'sessionStore: { engine: redis }',
        'bus: { engine: redis }',
        `redis: { url: "${redis.url}", commandTimeoutMs: 1000 }`,
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
    up = await RunningUp.start(folder, environment);
    await operator().placed(RESOURCES.length);
    pool = new Pool(`http://127.0.0.1:${proxyPort}`, { connections: 4, pipelining: 1 });
  });

  afterAll(async () => {
    await pool.close();
    await up.stop();
    for (const server of servers) await server.stop();
    await redis.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  const operator = (): Operator => new Operator(up.ready.api, until);
  const move = (resource: string): Promise<void> => operator().move(resource);

  async function metric(name: string, engine = 'table store in Redis'): Promise<number> {
    const { body } = await request(`http://${up.ready.health}/metrics`);
    const line = (await body.text())
      .split('\n')
      .find((text) => text.startsWith(`${name}{engine="${engine}"`));
    return Number(line?.split(' ').at(-1));
  }

  /** Requests one after the other until told; what each was told: its status, and who answered. */
  async function traffic(isOver: () => boolean): Promise<number[]> {
    const told: number[] = [];
    const workers = Array.from({ length: 3 }, async (_, worker) => {
      for (let number = 0; !isOver(); number++) {
        const { statusCode, body } = await pool.request({
          path: `/${RESOURCES[number % RESOURCES.length] ?? ''}/x`,
          method: 'POST',
          headers: { 'x-id': `${worker}-${clock.monotonicMs()}-${number}` },
          body: 'hello',
        });
        await body.text();
        told.push(statusCode);
      }
    });
    await Promise.all(workers);
    return told;
  }

  it('applies moves, and serves on while Redis is killed and comes back', async () => {
    let isOver = false;
    const running = traffic(() => isOver);
    await move('vol-1');
    await redis.kill();
    const [before] = [journal.length];
    await clock.sleep(3000);
    expect(journal.length - before).toBeGreaterThan(100);
    // Its try to take a job ends later than calls do.
    await until('the worker is known to be cut off', async () =>
      (await operator().status()).engines.some(
        ({ name, fault }) => name === 'round worker in Redis' && fault !== null,
      ),
    );
    const away = await operator().status();
    const [engine] = away.engines.filter(({ name }) => name === 'table store in Redis');
    expect(engine?.fault?.code).toBe('ERR_REDIS_UNREACHABLE');
    const worker = away.engines.find(({ name }) => name === 'round worker in Redis');
    expect(worker?.fault?.code).toBe('ERR_REDIS_UNREACHABLE');
    expect(await metric('foreshift_engine_up', 'round worker in Redis')).toBe(0);
    expect(away.atMs - (engine?.fault?.sinceMs ?? 0)).toBeGreaterThan(1000);
    expect(away.warnings.join()).toMatch(/the table store in Redis is away or refuses since 20/);
    expect(await metric('foreshift_engine_up')).toBe(0);
    expect(await metric('foreshift_engine_away_seconds')).toBeGreaterThan(1);
    expect(await metric('foreshift_engine_connections_lost_total')).toBe(1);
    await redis.restart();
    await move('vol-2');
    await until('all engines are well', async () =>
      (await operator().status()).engines.every(({ fault }) => fault === null),
    );
    expect(await metric('foreshift_engine_up')).toBe(1);
    isOver = true;
    const told = await running;
    expect(told.filter((code) => code !== 200)).toEqual([]);
    const ids = journal.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toHaveLength(told.length);
  });

  it('finds everything again after it was killed itself', async () => {
    const places = await operator().places();
    await up.kill();
    up = await RunningUp.start(folder, environment);
    expect(await operator().places()).toEqual(places);
    await move('vol-1');
  });

  it('says the password to nobody', async () => {
    const client = new Redis({ ...redis.at, password: PASSWORD });
    const keys = await client.keys('*');
    const dumps = await Promise.all(keys.map((key) => client.dumpBuffer(key)));
    client.disconnect();
    // A lease may have run out since the keys were listed.
    const held = dumps.filter((bytes) => (bytes as Buffer | null) !== null);
    expect(held.length).toBeGreaterThan(5);
    expect(held.some((bytes) => bytes.includes(PASSWORD))).toBe(false);
  });

  it.each([
    ['without the password', { FORESHIFT_REDIS_PASSWORD: undefined }, 'ERR_REDIS_LOGIN', 3],
    ['with a wrong password', { FORESHIFT_REDIS_PASSWORD: 'wrong' }, 'ERR_REDIS_LOGIN', 3],
  ])('refuses to start %s, and says why', async (_, variables, code, exit) => {
    const env = Object.fromEntries(
      Object.entries({ ...environment, ...variables }).filter(([, value]) => value !== undefined),
    ) as Record<string, string>;
    const ran = await foreshift(['up', '--json'], { cwd: folder, env });
    expect(ran.exit).toBe(exit);
    expect(ran.stderr + ran.stdout).toContain(code);
    expect(ran.stderr + ran.stdout).not.toContain(PASSWORD);
  });
});
