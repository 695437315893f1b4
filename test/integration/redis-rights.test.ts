import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { productFolder } from '../../cli/product.js';
import { BullmqBus } from '../../core/bus/bullmq.js';
import { SystemClock } from '../../core/clock/system.js';
import type { Watched } from '../../core/engine-health.js';
import { SILENT_LOG } from '../../core/log.js';
import type { RedisOptions } from '../../core/redis/options.js';
import { checkSafety } from '../../core/redis/safety.js';
import { RedisSessionStore } from '../../core/session-store/redis.js';
import { RedisTableStore } from '../../core/table-store/redis.js';
import { describeWith } from '../support/installed.js';
import { RecordingLog } from '../support/recording-log.js';
import { RedisServer } from '../support/redis-server.js';
import { untilWithin } from '../support/until.js';

/* Users of a real Redis who may do what docs/REDIS.md says that they must, and nothing else. */

const PASSWORD = 'pw';
const clock = new SystemClock();
const until = untilWithin(20_000);
const parts = { clock, log: SILENT_LOG };
const prefix = '{test}';

interface Rights {
  /** Keys and channels. */
  readonly where: readonly string[];
  readonly stores: readonly string[];
  readonly database: readonly string[];
  readonly bus: readonly string[];
}

/** As the page says them. */
async function rightsOf(page: string): Promise<Rights> {
  const text = await readFile(join(productFolder, page), 'utf8');
  const [, section = ''] = /\nAn ACL user needs([^]*?)\n## /.exec(text) ?? [];
  const ours = section.replaceAll('{CLUSTER}', prefix);
  const saidIn = (said: RegExp): string[] =>
    [...ours.matchAll(said)].flatMap(([, rules = '']) => rules.split(' '));
  return {
    where: saidIn(/`([~&][^`]+)`/g),
    stores: saidIn(/^ {4}(\+.+)$/gm),
    database: saidIn(/`(\+select)`/g),
    bus: saidIn(/`(\+@all [^`]+)`/g),
  };
}

describeWith('redis-server')('with the rights that the page names', () => {
  let folder = '';
  let rights: Rights;
  let server: RedisServer;
  const opened: { close(): Promise<void> }[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'foreshift-redis-rights-'));
    rights = await rightsOf('docs/REDIS.md');
    const aclfile = join(folder, 'users');
    const { where, stores, database, bus } = rights;
    const user = (name: string, ...rules: readonly string[]): string =>
      `user ${name} on >${PASSWORD} ${rules.join(' ')}\n`;
    const users = [
      'user default on nopass ~* &* +@all\n',
      user('stores', ...where, ...stores),
      user('elsewhere', ...where, ...stores, ...database),
      user('bus', ...where, ...bus),
      user('deaf', ...where.filter((rule) => rule.startsWith('~')), ...stores),
    ];
    await writeFile(aclfile, users.join(''));
    server = await RedisServer.start({ aclfile });
  });

  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
    await server.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  function keep<One extends { close(): Promise<void> }>(one: One): One {
    opened.push(one);
    return one;
  }

  function optionsOf(username: string, database = 0) {
    const login = { at: server.at, username, password: PASSWORD, database };
    return { redis: { ...login, commandTimeoutMs: 500 } satisfies RedisOptions, prefix };
  }

  /** Redis dies while each of them is at work, and comes back while nobody asks for anything. */
  async function outage(
    engines: readonly Watched[],
    calls: readonly (() => Promise<unknown>)[],
  ): Promise<void> {
    await server.kill();
    for (const call of calls) {
      const failure = { code: 'ERR_STORE_UNAVAILABLE', cause: { code: 'ERR_REDIS_UNREACHABLE' } };
      await expect(call()).rejects.toMatchObject(failure);
    }
    await server.restart();
    await until('all are well', () => engines.every(({ health }) => health.fault === undefined));
  }

  /** How calls ended that neither were done nor met the outage. */
  function otherEnds(engines: readonly Watched[]): string[] {
    return engines
      .flatMap(({ health }) => [...health.ends.keys()])
      .filter((end) => !/^\w+ (?:done|ERR_REDIS_UNREACHABLE)$/.test(end));
  }

  it.each([
    ['stores', 0],
    ['elsewhere', 1],
  ])(
    'the stores of the user %s, in database %i, go on after an outage',
    async (username, database) => {
      const options = optionsOf(username, database);
      const log = new RecordingLog();
      await checkSafety(parts, options.redis, { allowUnsafe: false });
      const table = keep(await RedisTableStore.open({ clock, log }, options));
      const limits = { recordsMax: 1 };
      const sessions = keep(await RedisSessionStore.open({ clock, log }, { ...options, limits }));
      const change = (value: number) => {
        const key = `a/${value}`;
        return table.transact({ checks: [{ key, revision: 0 }], writes: [{ key, value }] });
      };
      let told = 0;
      table.watch(() => (told += 1));
      const use = async (value: number): Promise<void> => {
        const before = told;
        expect(await change(value)).toMatchObject({ committed: true });
        await until('it is told of the change', () => told > before);
        const writes = [{ key: `a/${value}`, value: null }];
        expect(await table.transact({ checks: [], writes })).toMatchObject({ committed: true });
        await sessions.put('session', 's', 'first');
        await sessions.put('session', 's', value);
        expect(await sessions.get('session', 's')).toBe(value);
        expect(await sessions.list('session')).toEqual([['s', value]]);
        await sessions.remove('session', 's');
      };
      await use(1);
      expect((await table.read(0)).entries).toEqual([]);
      await outage(
        [table, sessions],
        [() => change(2), () => table.read(0), () => sessions.get('session', 's')],
      );
      await use(3);
      expect(otherEnds([table, sessions])).toEqual([]);
      expect(log.messages).not.toContain('not told of changes');
    },
  );

  it('jobs run, and the bus goes on after an outage', async () => {
    const options = optionsOf('bus');
    await checkSafety(parts, options.redis, { allowUnsafe: false });
    const bus = keep(await BullmqBus.open(parts, options));
    const done: unknown[] = [];
    await bus.work('train', (job) => {
      job.progress({ phase: 'all', done: 1, total: 1, message: '' });
      done.push(job.data);
      return Promise.resolve(null);
    });
    await bus.schedule('beat', { everyMs: 3_600_000 }, 'tune', null);
    await bus.enqueue('train', 1, { id: 'x' });
    await until('the job was run', () => done.length === 1);
    await outage([bus], [() => bus.enqueue('train', 2), () => bus.jobs()]);
    await bus.enqueue('train', 3, { attemptsMax: 2 });
    await until('the next was run', () => done.length === 2);
    await until('both are done', async () =>
      (await bus.jobs()).every(({ state }) => state === 'done'),
    );
    await bus.unschedule('beat');
    expect(done).toEqual([1, 3]);
    expect(otherEnds([bus])).toEqual([]);
  });

  it('less than those is told at the start, and nothing was changed', async () => {
    const client = new Redis(server.url);
    const kept = (): Promise<string[]> => client.keys('*');
    for (const opening of [
      RedisTableStore.open(parts, optionsOf('deaf')),
      RedisTableStore.open(parts, optionsOf('stores', 1)),
    ]) {
      await expect(opening).rejects.toMatchObject({ code: 'ERR_REDIS_FORBIDDEN' });
    }
    expect(await kept()).toEqual([]);
    client.disconnect();
  });
});
