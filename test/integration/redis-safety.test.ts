import { networkInterfaces } from 'node:os';
import { afterEach, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { SystemClock } from '../../core/clock/system.js';
import { checkSafety } from '../../core/redis/safety.js';
import { describeWith, itWhere } from '../support/installed.js';
import { RecordingLog } from '../support/recording-log.js';
import { RedisServer } from '../support/redis-server.js';

const clock = new SystemClock();
const strict = { allowUnsafe: false };

describeWith('redis-server')('the look at a real Redis', () => {
  let server: RedisServer | undefined;

  afterEach(async () => {
    await server?.dispose();
    server = undefined;
  });

  async function started(settings: Readonly<Record<string, string>>): Promise<RedisServer> {
    server = await RedisServer.start(settings);
    return server;
  }

  it.each([
    ['keeps and shares nothing it should not', {}],
    ['syncs every second', { appendfsync: 'everysec' }],
    ['has a password', { requirepass: 'x', 'protected-mode': 'no', bind: '127.0.0.1 -192.0.2.1' }],
    ['listens beyond this machine to nobody', { bind: '127.0.0.1 -192.0.2.1' }],
  ])('lets one pass that %s', async (_, settings: Record<string, string>) => {
    const { at } = await started(settings);
    const password = settings.requirepass;
    const log = new RecordingLog();
    const options = { at, ...(password !== undefined && { password }) };
    await checkSafety({ clock, log }, options, strict);
    expect(log.said).toEqual([]);
  });

  it.each([
    ['evicts', { 'maxmemory-policy': 'allkeys-lru' }, 'ERR_REDIS_UNSAFE', 'noeviction'],
    ['keeps no file', { appendonly: 'no' }, 'ERR_REDIS_UNSAFE', 'appendonly yes'],
    ['never syncs', { appendfsync: 'no' }, 'ERR_REDIS_UNSAFE', 'appendfsync always'],
    [
      'lets anybody in from elsewhere',
      { 'protected-mode': 'no', bind: '127.0.0.1 -192.0.2.1' },
      'ERR_REDIS_OPEN',
      'requirepass',
    ],
  ])('refuses one that %s, unless that is allowed', async (_, settings, code, fix) => {
    const { at } = await started(settings);
    const log = new RecordingLog();
    await expect(checkSafety({ clock, log }, { at }, strict)).rejects.toMatchObject({
      code,
      remedy: expect.stringContaining(fix),
    });
    expect(log.said).toEqual([]);
    await checkSafety({ clock, log }, { at }, { allowUnsafe: true });
    expect(log.messages).toEqual(['unsafe redis allowed by config']);
  });

  it('refuses a part of a Redis Cluster', async () => {
    const { at } = await started({ 'cluster-enabled': 'yes' });
    const look = checkSafety({ clock, log: new RecordingLog() }, { at }, strict);
    await expect(look).rejects.toMatchObject({ code: 'ERR_REDIS_CLUSTER' });
  });

  /** An address of this machine that others may reach. */
  const outside = Object.values(networkInterfaces())
    .flat()
    .find((found) => found?.family === 'IPv4' && !found.internal)?.address;
  const itOutside = itWhere(outside !== undefined, 'its only IPv4 address is loopback');

  itOutside(
    'refuses one elsewhere that lets anybody in, whatever password it is told',
    async () => {
      const host = outside ?? '';
      // Anybody may come in, but nobody may do anything: it is a test.
      const { at, url } = await started({ bind: `127.0.0.1 ${host}` });
      const client = new Redis(url);
      const rights = ['resetkeys', '-@all', '+info', '+auth', '+config|set'];
      await client.call('ACL', 'SETUSER', 'default', ...rights);
      await client.config('SET', 'protected-mode', 'no');
      client.disconnect();
      const log = new RecordingLog();
      await expect(
        checkSafety({ clock, log }, { at: { ...at, host }, password: 'any' }, strict),
      ).rejects.toMatchObject({
        code: 'ERR_REDIS_OPEN',
        facts: { why: `it asks no password at ${host}` },
      });
    },
  );

  itOutside('lets one pass elsewhere that asks for a password', async () => {
    const host = outside ?? '';
    const { at } = await started({ bind: `127.0.0.1 ${host}`, requirepass: 'pw' });
    const log = new RecordingLog();
    await checkSafety({ clock, log }, { at: { ...at, host }, password: 'pw' }, strict);
    expect(log.said).toEqual([]);
  });

  it('needs no more rights than the stores', async () => {
    const { at, url } = await started({});
    const client = new Redis(url);
    await client.call('ACL', 'SETUSER', 'fs', 'on', '>pw', '~*', '+info');
    client.disconnect();
    const login = { at, username: 'fs', password: 'pw' };
    await checkSafety({ clock, log: new RecordingLog() }, login, strict);
  });
});
