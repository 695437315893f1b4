import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { appRoutes } from '@bull-board/api/dist/routes.js';
import { Redis } from 'ioredis';
import { request } from 'undici';
import { Access } from '../../api/access/access.js';
import { jobsBoard } from '../../api/jobs/board.js';
import { NewsStream } from '../../api/news-stream.js';
import { API_SERVER_DEFAULTS, ApiServer } from '../../api/server.js';
import { BullmqBus } from '../../core/bus/bullmq.js';
import { JOB_KINDS } from '../../core/bus/port.js';
import { SystemClock } from '../../core/clock/system.js';
import { formatAddress } from '../../core/domain.js';
import { SILENT_LOG } from '../../core/log.js';
import { ControlPlane } from '../support/control-plane.js';
import { describeWith } from '../support/installed.js';
import { RedisServer } from '../support/redis-server.js';
import { untilWithin } from '../support/until.js';

/* Bull Board on the API: it shows the jobs of a real Redis, and there is no way to change one by it. */

const clock = new SystemClock();
const until = untilWithin(20_000);
const PROGRESS = { phase: 'planning', done: 2, total: 4, message: 'every 5000 ms' };

describeWith('redis-server')('the board of jobs', () => {
  let redis: RedisServer;
  let bus: BullmqBus;
  let server: ApiServer;
  let client: Redis;
  let end: () => void = () => undefined;

  beforeAll(async () => {
    redis = await RedisServer.start();
    client = new Redis({ port: redis.at.port });
    const options = { redis: { at: redis.at }, prefix: '{test}' };
    bus = await BullmqBus.open({ clock, log: SILENT_LOG }, options);
    const plane = await ControlPlane.with(['s1']);
    server = new ApiServer(
      {
        clock,
        log: SILENT_LOG,
        routes: [],
        assets: new Map(),
        news: new NewsStream(plane),
        jobs: jobsBoard(bus.queues),
        access: new Access({ clock, secret: '' }, { login: 'none', revoked: [] }),
        version: '0.0.0',
        onForbidden: () => undefined,
      },
      { ...API_SERVER_DEFAULTS, listen: { host: '127.0.0.1', port: 0 } },
    );
    await server.start();
    await bus.work('round', (job) => {
      job.progress(PROGRESS);
      return new Promise((resolve) => {
        end = () => {
          resolve(null);
        };
      });
    });
    await bus.enqueue('round', { kind: 'operator', detail: 'ann' }, { id: 'operator' });
    await bus.enqueue('train', { a: 1 }, { id: 'one', delayMs: 3_600_000 });
    await bus.enqueue('train', { a: 2 }, { id: 'two' });
    await bus.schedule('compaction', { everyMs: 3_600_000 }, 'compaction', {});
    await until('the round runs', async () => (await bus.jobs()).some(({ progress }) => progress));
  });

  afterAll(async () => {
    end();
    await server.stop();
    await bus.close();
    client.disconnect();
    await redis.dispose();
  });

  const at = (path: string): string => `http://${formatAddress(server.address)}${path}`;

  /** Everything that is in Redis, besides how long locks still hold. */
  async function everything(): Promise<[string, string][]> {
    // By these BullMQ's workers look from time to time for jobs that nobody has in hand.
    const keys = (await client.keys('*')).filter((key) => !/:stalled(-check)?$/.test(key)).sort();
    const dumps = keys.map(async (key): Promise<[string, string]> => {
      const dump = await client.dumpBuffer(key);
      return [key, dump.toString('base64')];
    });
    return Promise.all(dumps);
  }

  it('is a page with all that it needs, from nowhere else', async () => {
    for (const path of ['/jobs', '/jobs/', '/jobs/queue/round', '/jobs/job-schedulers']) {
      const { statusCode, headers, body } = await request(at(path));
      expect([path, statusCode]).toEqual([path, 200]);
      expect(headers['content-security-policy']).toContain("default-src 'none'");
      const page = await body.text();
      expect(page).toContain('<base href="/jobs/"');
      expect(page).not.toMatch(/(?:href|src)="(?:https?:)?\/\//);
      const parts = [...page.matchAll(/(?:href|src)="(static\/[^"]+)"/g)].map(([, part]) => part);
      expect(parts.length).toBeGreaterThan(4);
      for (const part of parts) {
        const asset = await request(at(`/jobs/${part ?? ''}`));
        await asset.body.dump();
        expect([part, asset.statusCode]).toEqual([part, 200]);
        expect(asset.headers['x-content-type-options']).toBe('nosniff');
      }
    }
  });

  it('shows every queue as one to look at, and how far a running job is', async () => {
    const { body } = await request(at('/jobs/api/queues?activeQueue=round&page=1&jobsPerPage=10'));
    const { queues } = (await body.json()) as {
      readonly queues: readonly {
        readonly name: string;
        readonly readOnlyMode: boolean;
        readonly jobs: readonly { readonly progress: unknown; readonly data: unknown }[];
      }[];
    };
    expect(queues.map(({ name }) => name)).toEqual([...JOB_KINDS]);
    expect(queues.every(({ readOnlyMode }) => readOnlyMode)).toBe(true);
    const [round] = queues.find(({ name }) => name === 'round')?.jobs ?? [];
    expect(round?.progress).toEqual(PROGRESS);
    expect(round?.data).toMatchObject({ id: 'operator' });
  });

  it('changes nothing, by whatever route of the board', async () => {
    const [train] = await client.keys('{test}:bus:train:*-*');
    const job = train?.split(':').at(-1) ?? 'none';
    const before = await everything();
    const paths = new Set(appRoutes.api.flatMap(({ route }) => [route].flat()));
    const readable = new Set(
      appRoutes.api.flatMap(({ method, route }) => (method === 'get' ? [route].flat() : [])),
    );
    let refused = 0;
    for (const path of paths) {
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const) {
        for (const isJson of [false, true]) {
          const { statusCode, body } = await request(at(`/jobs${filled(path, job)}`), {
            method,
            ...(isJson && { headers: { 'content-type': 'application/json' } }),
            ...(isJson && method !== 'GET' && { body: '{}' }),
          });
          await body.dump();
          if (method === 'GET' && readable.has(path)) {
            expect([path, statusCode < 500]).toEqual([path, true]);
          } else {
            // There is no such route; what is not JSON is not even looked at.
            const status = method === 'GET' || isJson ? 404 : 415;
            expect([method, path, statusCode]).toEqual([method, path, status]);
            refused += 1;
          }
        }
      }
    }
    expect(await everything()).toEqual(before);
    expect(readable.size).toBeGreaterThan(10);
    expect(refused).toBeGreaterThan(200);
  });

  it('says that Redis is away, without its words', async () => {
    await redis.kill();
    const { statusCode, body } = await request(at('/jobs/api/queues'));
    expect(statusCode).toBe(500);
    expect(await body.json()).toEqual({ error: expect.any(String) });
    await redis.restart();
  });
});

function filled(route: string, job: string): string {
  return route
    .replace(':queueName', 'train')
    .replace(':queueStatus', 'delayed')
    .replace(':jobId', job)
    .replaceAll(/:[A-Za-z]+/g, 'compaction');
}
