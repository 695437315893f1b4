import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Client } from 'undici';
import { SystemClock } from '../../core/clock/system.js';
import type { Address } from '../../core/domain.js';
import { SILENT_LOG } from '../../core/log.js';
import { Draft } from '../../core/table-store/draft.js';
import { recordPlan } from '../../core/table-store/plans.js';
import { PLAN } from '../../core/table-store/records/plan.js';
import { ELIGIBLE, SERVER } from '../../core/table-store/records/server.js';
import { MEMBER } from '../../core/table-store/records/switch.js';
import { HEAD, PLACEMENT } from '../../core/table-store/records/table.js';
import { RedisTableStore } from '../../core/table-store/redis.js';
import { TableView } from '../../core/table-store/view.js';
import { freePort } from '../../demo/free-port.js';
import { Balancer } from '../support/balancer.js';
import { SERVER_RECORD } from '../support/control-plane.js';
import { RunningUp } from '../support/foreshift.js';
import { describeWith } from '../support/installed.js';
import { g, p, r, s } from '../support/names.js';
import { RedisServer } from '../support/redis-server.js';
import { rounds } from '../support/rounds.js';
import { untilWithin } from '../support/until.js';

/*
 * Three redirectors on a real Redis, behind whatever balances over those that are ready. Each is stopped and started
 * again in turn, under load and while resources are moved: nothing is lost, nothing runs twice.
 */

const HOST = '127.0.0.1';
const SERVERS = ['s1', 's2'];
const RESOURCES = ['vol-1', 'vol-2', 'vol-3', 'vol-4'];
const NAMES = ['r1', 'r2', 'r3'];
const RESTARTS = rounds(3);
const STOP_WAIT_MS = 500;
/** Longer than a redirector waits before it stops: such a request is under way when it does. */
const SLOW_MS = 1200;
const clock = new SystemClock();
const until = untilWithin(60_000);

describeWith('redis-server')('a rolling restart of redirectors', () => {
  const ran: string[] = [];
  const servers: Server[] = [];
  const redirectors: RunningUp[] = [];
  const at: { readonly proxy: Address; readonly health: Address }[] = [];
  let folder = '';
  let redis: RedisServer;
  let store: RedisTableStore;
  let view: TableView;

  function begin(index: number): Promise<RunningUp> {
    const { proxy, health } = at[index] ?? { proxy: { port: 0 }, health: { port: 0 } };
    const environment = {
      FORESHIFT_SECRET: 'the secret of a rolling restart',
      // Threads that take connections: one here, two there.
      FORESHIFT_REDIRECTOR__WORKERS: String(1 + (index % 2)),
    };
    return RunningUp.start(folder, environment, [
      ...['redirector', '--id', NAMES[index] ?? ''],
      ...['--listen', `${HOST}:${proxy.port}`, '--health', `${HOST}:${health.port}`],
    ]);
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'foreshift-rolling-'));
    redis = await RedisServer.start();
    await writeFile(
      join(folder, 'foreshift.yaml'),
      [
        'log: { level: warn }',
        `redirector: { memberLeaseMs: 2000, healthCheckMs: 200, stopWaitMs: ${STOP_WAIT_MS} }`,
        'tableStore: { engine: redis }',
        'sessionStore: { engine: redis }',
        `redis: { url: "${redis.url}" }`,
        '',
      ].join('\n'),
    );
    const options = { redis: { at: redis.at }, prefix: '{foreshift}' };
    store = await RedisTableStore.open({ clock, log: SILENT_LOG }, options);
    view = new TableView({ store, clock, log: SILENT_LOG });
    const draft = new Draft().put(HEAD, 'head', { generation: g('1.9'), reserved: g('1.9') });
    for (const name of SERVERS) {
      const server = createServer((asked, answer) => {
        const id = String(asked.headers['x-id']);
        ran.push(id);
        const ms = asked.url?.endsWith('/slow') === true ? SLOW_MS : 1;
        asked.resume().on('end', () => void clock.sleep(ms).then(() => answer.end(id)));
      });
      await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
      servers.push(server);
      const address = { host: HOST, port: (server.address() as AddressInfo).port };
      draft.put(SERVER, s(name), { ...SERVER_RECORD, address });
      draft.put(ELIGIBLE, s(name), { resources: RESOURCES.map(r) });
    }
    for (const name of RESOURCES) {
      const by = p('0');
      draft.put(PLACEMENT, r(name), {
        ...{ server: s('s1'), since: g('1.9'), standby: null, movedAtMs: 0, by },
      });
    }
    await store.transact(draft.transaction);
    for (const index of NAMES.keys()) {
      const [proxy, health] = [await freePort(), await freePort()];
      at.push({ proxy: { host: HOST, port: proxy }, health: { host: HOST, port: health } });
      redirectors.push(await begin(index));
    }
  });

  afterAll(async () => {
    await Promise.all(redirectors.map((redirector) => redirector.stop()));
    await store.close();
    await redis.dispose();
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
    await rm(folder, { recursive: true, force: true });
  });

  /** To the other server; resolves when the switch is over. */
  async function move(names: readonly string[]): Promise<void> {
    await view.sync();
    const moves = names.map((name) => {
      const { server, since } = view.get(PLACEMENT, r(name))?.value ?? {
        server: null,
        since: null,
      };
      const target = s(server === 's1' ? 's2' : 's1');
      const reason = { kind: 'imbalance', server: null, dimension: null, atMs: null } as const;
      return {
        ...{ resource: r(name), source: server, since, target, demand: {} },
        reason: { ...reason, before: null, after: null, limit: null },
      };
    });
    const nowMs = clock.realtimeMs();
    const { plan } = await recordPlan(
      {
        trigger: { kind: 'operator', detail: 'test' },
        madeAtMs: nowMs,
        expiresAtMs: nowMs + 60_000,
        base: view.table.generation,
        states: Object.fromEntries(SERVERS.map((name) => [name, 'ready' as const])),
        batches: [{ moves }],
        standbys: {},
        analysis: null,
      },
      { by: 'test', reason: '' },
      { store, view, clock },
    );
    await until(`plan ${plan.id} is applied`, async () => {
      await view.sync();
      return view.get(PLAN, plan.id)?.value.status === 'applied';
    });
  }

  it(
    'loses no request and doubles none',
    async () => {
      const balancer = new Balancer(at);
      const told: { readonly id: string; readonly status: number; readonly text: string }[] = [];
      let isOver = false;
      const worker = async (name: string, path: string): Promise<void> => {
        for (let number = 0; !isOver; number++) {
          const id = `${name}-${number}`;
          const resource = RESOURCES[number % RESOURCES.length] ?? '';
          told.push({ id, ...(await balancer.post(`/${resource}/${path}`, id)) });
        }
      };
      await until('all are ready', () => NAMES.every((_, index) => balancer.isReady(index)));
      const load = [
        ...Array.from({ length: 6 }, (_, index) => worker(`w${index}`, 'x')),
        ...Array.from({ length: 3 }, (_, index) => worker(`slow${index}`, 'slow')),
      ];
      try {
        for (let number = 0; number < RESTARTS; number++) {
          const index = number % NAMES.length;
          await move(RESOURCES.slice(0, 2));
          const stopped = redirectors[index]?.stop();
          await until('it is not ready', () => !balancer.isReady(index));
          const [exit] = await Promise.all([stopped, move(RESOURCES.slice(2))]);
          expect(exit).toBe(0);
          await view.sync();
          expect([...view.all(MEMBER).keys()]).not.toContain(NAMES[index]);
          redirectors[index] = await begin(index);
          await until('it is ready again', () => balancer.isReady(index));
        }
      } finally {
        isOver = true;
      }
      await Promise.all(load);
      await balancer.close();
      expect(told.filter(({ id, status, text }) => status !== 200 || text !== id)).toEqual([]);
      expect(ran.sort()).toEqual(told.map(({ id }) => id).sort());
      expect(told.length).toBeGreaterThan(300);
      expect(told.filter(({ id }) => id.startsWith('slow')).length).toBeGreaterThan(10);
    },
    15_000 * RESTARTS,
  );

  it('tells a client to go with its next answer, and closes what nobody uses', async () => {
    const [address] = at;
    const ask = new Client(`http://${HOST}:${address?.proxy.port ?? 0}`);
    const idle = new Client(`http://${HOST}:${address?.proxy.port ?? 0}`);
    const get = (client: Client) => client.request({ path: '/vol-1/x', method: 'GET' });
    for (const client of [ask, idle]) await (await get(client)).body.dump();
    const closed = new Promise((resolve) => idle.once('disconnect', resolve));
    const stopped = redirectors[0]?.stop();
    await clock.sleep(STOP_WAIT_MS / 5);
    const { statusCode, headers, body } = await get(ask);
    await body.dump();
    expect([statusCode, headers.connection]).toEqual([200, 'close']);
    await closed;
    expect(await stopped).toBe(0);
    await Promise.all([ask.close(), idle.close()]);
    redirectors[0] = await begin(0);
  });
});
