import dns from 'node:dns';
import type { LookupAddress, LookupOptions } from 'node:dns';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import { BullmqBus } from '../../core/bus/bullmq.js';
import { SystemClock } from '../../core/clock/system.js';
import { SILENT_LOG } from '../../core/log.js';
import type { RedisOptions } from '../../core/redis/options.js';
import { checkSafety } from '../../core/redis/safety.js';
import { RedisTableStore } from '../../core/table-store/redis.js';
import { Authority } from '../support/certificates.js';
import { describeWith } from '../support/installed.js';
import { MASTER, RedisSentinel } from '../support/redis-sentinel.js';
import { RedisServer } from '../support/redis-server.js';
import { untilWithin } from '../support/until.js';

/*
 * A Redis, and a Sentinel, that speak TLS and nothing else, with a certificate for a DNS name and for no address, as
 * authorities issue them.
 */

const PASSWORD = 'password-of-the-test-of-tls';
const SENTINEL_PASSWORD = 'another-for-its-sentinel';
const clock = new SystemClock();
const until = untilWithin(20_000);
const parts = { clock, log: SILENT_LOG };

/** An address of this machine that others may reach: of one that is loopback nobody asks whether it lets anybody in. */
const outside = Object.values(networkInterfaces())
  .flat()
  .find((found) => found?.family === 'IPv4' && !found.internal)?.address;
const itOutside = outside === undefined ? it.skip : it;

describeWith('redis-sentinel')('over TLS alone', () => {
  const authority = new Authority();
  const trust = { ca: authority.certificate };
  let folder = '';
  let server: RedisServer;
  let sentinel: RedisSentinel;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'foreshift-redis-tls-'));
    const { chain, key } = authority.issue(['localhost']);
    const users = 'user default on nopass -@all +info\n';
    const files = { chain, key, ca: authority.certificate, users };
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    server = await RedisServer.start({ ...settings(), requirepass: PASSWORD });
    sentinel = await RedisSentinel.start(named(server.at), PASSWORD, {
      settings: {
        ...settings(),
        'sentinel resolve-hostnames': 'yes',
        'sentinel announce-hostnames': 'yes',
        requirepass: SENTINEL_PASSWORD,
      },
      hasReplica: false,
    });
  });

  afterEach(() => {
    jest.restoreAllMocks();
  });

  afterAll(async () => {
    await sentinel.dispose();
    await server.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  function settings() {
    return {
      'tls-cert-file': join(folder, 'chain'),
      'tls-key-file': join(folder, 'key'),
      'tls-ca-cert-file': join(folder, 'ca'),
      'tls-auth-clients': 'no',
      'tls-replication': 'yes',
      bind: ['127.0.0.1', outside ?? ''].join(' ').trim(),
    };
  }

  const ways: readonly (readonly [string, () => RedisOptions['at']])[] = [
    ['by its name', () => named(server.at)],
    ['by a Sentinel', () => ({ sentinels: [named(sentinel.at)], master: MASTER })],
  ];

  function optionsOf(at: RedisOptions['at']): RedisOptions {
    return { at, password: PASSWORD, sentinelPassword: SENTINEL_PASSWORD, tls: trust };
  }

  it.each(ways)('the stores and the bus find it %s', async (_, at) => {
    const options = { redis: optionsOf(at()), prefix: '{tls}' };
    await checkSafety(parts, options.redis, { allowUnsafe: false });
    const store = await RedisTableStore.open(parts, options);
    const bus = await BullmqBus.open(parts, options);
    const done: unknown[] = [];
    await bus.work('train', ({ data }) => {
      done.push(data);
      return Promise.resolve(null);
    });
    const writes = [{ key: 'a', value: 1 }];
    expect(await store.transact({ checks: [], writes })).toMatchObject({ committed: true });
    await bus.enqueue('train', { a: 1 });
    await until('the job was run', () => done.length === 1);
    expect([store.health.connectionsLost, bus.health.connectionsLost]).toEqual([0, 0]);
    await bus.close();
    await store.close();
  });

  for (const [name, at] of ways) {
    itOutside(
      `the look at one elsewhere, found ${name}, asks whether it lets anybody in`,
      async () => {
        livesAt(outside ?? '');
        await checkSafety(parts, optionsOf(at()), { allowUnsafe: false });
      },
    );
  }

  itOutside('one elsewhere that does is refused', async () => {
    // Anybody may come in, but nobody may do anything: it is a test.
    const aclfile = join(folder, 'users');
    const open = await RedisServer.start({ ...settings(), aclfile, 'protected-mode': 'no' });
    try {
      livesAt(outside ?? '');
      const look = checkSafety(parts, optionsOf(named(open.at)), { allowUnsafe: false });
      await expect(look).rejects.toMatchObject({ code: 'ERR_REDIS_OPEN' });
    } finally {
      await open.dispose();
    }
  });
});

function named({ port }: { readonly port: number }) {
  return { host: 'localhost', port };
}

/** `localhost` is another machine, as far as this process knows. */
function livesAt(address: string): void {
  const found: LookupAddress = { address, family: 4 };
  const lookup = (
    _name: string,
    { all }: LookupOptions,
    done: (error: null, found: string | LookupAddress[], family?: number) => void,
  ): void => {
    if (all === true) done(null, [found]);
    else done(null, found.address, found.family);
  };
  jest.spyOn(dns, 'lookup').mockImplementation(lookup as never);
}
