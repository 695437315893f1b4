import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { SystemClock } from '../../core/clock/system.js';
import { SILENT_LOG } from '../../core/log.js';
import { SeededRng } from '../../core/rng.js';
import { RedisSessionStore } from '../../core/session-store/redis.js';
import { within } from '../../core/within.js';
import { SessionBook } from '../../redirector/sessions/session-book.js';
import { describeWith } from '../support/installed.js';
import { RedisServer } from '../support/redis-server.js';

/* Sessions that go from one redirector to another, in a real Redis. */

const SCOPE = 'address/10.0.0.10';
const SESSIONS = 5000;
const clock = new SystemClock();

describeWith('redis-server')('sessions in Redis', () => {
  let server: RedisServer;
  const stores: RedisSessionStore[] = [];

  async function book(): Promise<SessionBook> {
    const parts = { clock, rng: new SeededRng(1), log: SILENT_LOG };
    const redis = { at: server.at, database: 0, commandTimeoutMs: 5000, connectTimeoutMs: 5000 };
    const store = await RedisSessionStore.open(parts, { redis, prefix: '{takeover}' });
    stores.push(store);
    return new SessionBook({ store, clock, log: SILENT_LOG });
  }

  beforeAll(async () => {
    server = await RedisServer.start();
  });

  afterAll(async () => {
    for (const store of stores) await store.close();
    await server.dispose();
  });

  it('are all there for the next, each in its last state, and its predecessor changes them no more', async () => {
    const session = (number: number, count: number) => ({
      id: `s${number}`,
      protocol: 'test',
      state: { count, cookie: 'x'.repeat(200) },
    });
    const former = await book();
    await former.open(SCOPE, 1);
    for (let round = 1; round <= 3; round++) {
      for (let number = 0; number < SESSIONS; number++) former.keep(SCOPE, session(number, round));
    }
    await within(clock, 30_000, (signal) => former.flush(signal));
    expect(former.unwritten).toBe(0);
    const next = await book();
    const beganAtMs = clock.monotonicMs();
    const found = await next.open(SCOPE, 2);
    const ms = Math.round(clock.monotonicMs() - beganAtMs);
    process.stderr.write(`${SESSIONS} sessions taken over in ${ms} ms\n`);
    expect(new Set(found.map(({ id }) => id)).size).toBe(SESSIONS);
    expect(found.every(({ state }) => (state as { count: number }).count === 3)).toBe(true);
    former.keep(SCOPE, session(0, 99));
    await within(clock, 30_000, (signal) => former.flush(signal));
    const third = await (await book()).open(SCOPE, 3);
    expect(third.find(({ id }) => id === 's0')?.state).toMatchObject({ count: 3 });
    expect(third).toHaveLength(SESSIONS);
  });
});
