import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SystemClock } from '../../core/clock/system.js';
import type { ErrorCode } from '../../core/errors.js';
import { ForeshiftError } from '../../core/errors.js';
import type { Effect, Watched } from '../../core/engine-health.js';
import { SILENT_LOG } from '../../core/log.js';
import { RedisConnection } from '../../core/redis/connection.js';
import { RedisSessionStore } from '../../core/session-store/redis.js';
import { WRITE } from '../../core/session-store/redis-scripts.js';
import { RedisTableStore } from '../../core/table-store/redis.js';
import { READ, TRANSACT } from '../../core/table-store/redis-scripts.js';
import { TableView } from '../../core/table-store/view.js';
import { engineUp } from '../support/engine-up.js';
import type { Answer } from '../support/resp-server.js';
import { RespServer, encoded } from '../support/resp-server.js';
import { untilWithin } from '../support/until.js';

/* A Redis that answers with anything but what was asked for: each time a coded error, and nothing is harmed. */

const clock = new SystemClock();
const parts = { clock, log: SILENT_LOG };
const prefix = '{hostile}';
const TIMEOUT_MS = 150;
const until = untilWithin(10_000, { pauseMs: 5 });

interface Fault {
  readonly name: string;
  readonly answer: Answer;
  /** Of a call that writes; one that reads is never ambiguous. */
  readonly isAmbiguous: boolean;
  readonly cause: ErrorCode;
}

const FAULTS: readonly Fault[] = [
  ...(
    [
      ['NOAUTH Authentication required.', 'ERR_REDIS_LOGIN'],
      ['WRONGPASS invalid username-password pair or user is disabled.', 'ERR_REDIS_LOGIN'],
      ["NOPERM this user has no permissions to run the 'evalsha' command", 'ERR_REDIS_FORBIDDEN'],
      ["READONLY You can't write against a read only replica.", 'ERR_REDIS_READ_ONLY'],
      ["OOM command not allowed when used memory > 'maxmemory'.", 'ERR_REDIS_FULL'],
      ['MISCONF Errors writing to the AOF file: No space left on device', 'ERR_REDIS_FULL'],
      ['MOVED 3999 127.0.0.1:6381', 'ERR_REDIS_CLUSTER'],
      ['LOADING Redis is loading the dataset in memory', 'ERR_REDIS_LOADING'],
      ['WRONGTYPE Operation against a key holding the wrong kind of value', 'ERR_REDIS_DATA'],
    ] as const
  ).map(([said, cause]) => ({ name: said, answer: `-${said}\r\n`, isAmbiguous: false, cause })),
  ...(
    [
      ['an error that nobody knows', '-ERR what\r\n', 'ERR_REDIS_REFUSED'],
      ['a number', ':7\r\n', 'ERR_REDIS_DATA'],
      ['a word', '+OK\r\n', 'ERR_REDIS_DATA'],
      ['nothing there', '$-1\r\n', 'ERR_REDIS_DATA'],
      ['an empty list', '*0\r\n', 'ERR_REDIS_DATA'],
      ['a list of something else', encoded([[], 'x', null, 1, -1]), 'ERR_REDIS_DATA'],
      ['half an answer', { thenClose: '*5\r\n$4\r\nst' }, 'ERR_REDIS_UNREACHABLE'],
      ['the end of the connection', { thenClose: '' }, 'ERR_REDIS_UNREACHABLE'],
      ['another protocol', 'HTTP/1.1 400 Bad Request\r\n\r\n', 'ERR_REDIS_UNREACHABLE'],
      ['no answer in time', undefined, 'ERR_REDIS_UNREACHABLE'],
    ] as const
  ).map(([name, answer, cause]) => ({ name, answer, isAmbiguous: true, cause })),
];

let server: RespServer;

beforeEach(async () => {
  server = await RespServer.start();
});

afterEach(() => server.stop());

function redis() {
  return { at: server.at, commandTimeoutMs: TIMEOUT_MS };
}

/** What a call fails with: its code and that of its cause. */
async function failureOf(call: Promise<unknown>): Promise<readonly [unknown, unknown]> {
  const error = await call.then(
    () => new Error('it did not fail'),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ForeshiftError)) throw error;
  return [error.code, error.cause instanceof ForeshiftError ? error.cause.code : error.cause];
}

function sayTo(sha1: string, answer: Answer): void {
  server.answer = ([name, script]) => (name === 'EVALSHA' && script === sha1 ? answer : null);
}

/** How such a call ended, as it is counted; and that it is known since when it is so. */
function expectCounted(
  { health }: Watched,
  effect: Effect,
  { name, cause }: Pick<Fault, 'name' | 'cause'>,
): void {
  const end = name === 'no answer in time' ? 'timed-out' : cause;
  expect(health.ends.get(`${effect} ${end}`)).toBe(1);
  expect(health.fault).toMatchObject({ code: cause });
  expect(health.fault?.sinceMs).toBe(health.fault?.atMs);
}

describe.each(FAULTS)('a Redis that answers: $name', ({ name, answer, isAmbiguous, cause }) => {
  const ofWrites = isAmbiguous ? 'ERR_STORE_AMBIGUOUS' : 'ERR_STORE_UNAVAILABLE';

  it('fails what the table store reads, and its view keeps what it had', async () => {
    const store = await RedisTableStore.open(parts, { redis: redis(), prefix });
    const good = ['id', '7', 1, '7', ['mode/mode', '7 {"mode":"auto"}'], []] as const;
    sayTo(READ.sha1, encoded(good));
    const view = new TableView({ store, ...parts });
    await view.sync();
    sayTo(READ.sha1, answer);
    expect(await failureOf(view.sync())).toEqual(['ERR_STORE_UNAVAILABLE', cause]);
    expect({ id: view.storeId, revision: view.revision }).toEqual({ id: 'id', revision: 7 });
    expect(view.regressed).toBe(false);
    expectCounted(store, 'reads', { name, cause });
    expect(await engineUp(store.health)).toBe(0);
    sayTo(READ.sha1, encoded(good));
    // An answer that still stands out would put each that follows in the place of another.
    server.hangUp();
    await until('it reads again', () =>
      view.sync().then(
        () => true,
        () => false,
      ),
    );
    expect([store.health.fault, await engineUp(store.health)]).toEqual([undefined, 1]);
    await store.close();
  });

  it('fails what the table store writes, once, and says whether it may have been done', async () => {
    const store = await RedisTableStore.open(parts, { redis: redis(), prefix });
    sayTo(TRANSACT.sha1, answer);
    const transaction = { checks: [], writes: [{ key: 'a', value: 1 }] };
    expect(await failureOf(store.transact(transaction))).toEqual([ofWrites, cause]);
    await clock.sleep(100);
    expect(server.heard.filter(([, script]) => script === TRANSACT.sha1)).toHaveLength(1);
    expectCounted(store, 'writes', { name, cause });
    await store.close();
  });

  it('fails what the session store writes, once', async () => {
    const store = await RedisSessionStore.open(parts, { redis: redis(), prefix });
    sayTo(WRITE.sha1, answer);
    expect(await failureOf(store.put('session', '1', 1))).toEqual([ofWrites, cause]);
    await clock.sleep(100);
    expect(server.heard.filter(([, script]) => script === WRITE.sha1)).toHaveLength(1);
    await store.close();
  });
});

describe('a Redis that does not let us in', () => {
  it.each([
    ['NOAUTH Authentication required.', 'ERR_REDIS_LOGIN'],
    ['LOADING Redis is loading the dataset in memory', 'ERR_REDIS_LOADING'],
  ])('with %s says so at the start', async (said, code) => {
    server.answer = () => `-${said}\r\n`;
    const opening = RedisConnection.open(
      { clock: new HastyClock(), log: SILENT_LOG },
      'test',
      redis(),
    );
    await expect(opening).rejects.toMatchObject({ code });
  });

  it('with a wrong password says so at the start', async () => {
    server.answer = ([name]) =>
      name?.toUpperCase() === 'AUTH' ? '-WRONGPASS invalid username-password pair\r\n' : null;
    const opening = RedisConnection.open(parts, 'test', { ...redis(), password: 'secret' });
    await expect(opening).rejects.toMatchObject({ code: 'ERR_REDIS_LOGIN' });
    await expect(opening).rejects.not.toThrow('secret');
  });

  it('because it is not there says so at the start', async () => {
    const { at } = server;
    await server.stop();
    const opening = RedisConnection.open({ clock: new HastyClock(), log: SILENT_LOG }, 'test', {
      at,
    });
    await expect(opening).rejects.toMatchObject({ code: 'ERR_REDIS_UNREACHABLE' });
    server = await RespServer.start();
  });

  it('to what is needed says so at the start', async () => {
    server.answer = ([name]) => (name === 'EVALSHA' ? "-NOPERM can't\r\n" : null);
    const opening = RedisTableStore.open(parts, { redis: redis(), prefix });
    await expect(opening).rejects.toMatchObject({ code: 'ERR_REDIS_FORBIDDEN' });
  });
});

/** Waits a tenth of what it is told. */
class HastyClock extends SystemClock {
  override after(ms: number, run: () => void): () => void {
    return super.after(ms / 10, run);
  }
}

describe('a Sentinel', () => {
  it('that tells of a failover while it is asked for the master is asked again', async () => {
    const sentinel = await RespServer.start();
    const { host, port } = server.at;
    let isSlow = false;
    sentinel.answer = ([name]) => {
      if (name?.toUpperCase() !== 'SENTINEL') return null;
      return isSlow ? undefined : encoded([host, String(port)]);
    };
    const heard = (name: string): number =>
      sentinel.heard.filter((command) => command[0]?.toUpperCase() === name).length;
    const connection = await RedisConnection.open(parts, 'test', {
      at: { sentinels: [sentinel.at], master: 'main' },
      commandTimeoutMs: 2000,
    });
    try {
      await until('it listens for failovers', () => heard('SUBSCRIBE') === 1);
      isSlow = true;
      const asked = heard('SENTINEL');
      server.hangUp();
      await until('it asks for the master', () => heard('SENTINEL') > asked);
      sentinel.send('SUBSCRIBE', encoded(['message', '+switch-master', 'main']));
      await until('it has ended', () => connection.client.status !== 'connecting');
      isSlow = false;
      sentinel.send('SENTINEL', encoded([host, String(port)]));
      await until('it is connected again', () =>
        connection.read('PING').then(
          () => true,
          () => false,
        ),
      );
    } finally {
      await connection.close();
      await sentinel.stop();
    }
  });
});
