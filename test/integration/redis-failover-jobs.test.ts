import { expect, it } from '@jest/globals';
import { BullmqBus } from '../../core/bus/bullmq.js';
import { SystemClock } from '../../core/clock/system.js';
import { codeOf } from '../../core/errors.js';
import type { Json } from '../../core/json.js';
import { SILENT_LOG } from '../../core/log.js';
import { RedisSessionStore } from '../../core/session-store/redis.js';
import { describeWith } from '../support/installed.js';
import { RedisPair } from '../support/redis-pair.js';
import { untilWithin } from '../support/until.js';

/* A master, a replica and a Sentinel, whose master dies: jobs that were queued and scheduled before run after it. */

const PASSWORD = 'pw';
const clock = new SystemClock();
const until = untilWithin(60_000);
const parts = { clock, log: SILENT_LOG };

describeWith('redis-sentinel')('after a failover by Sentinel', () => {
  it('jobs from before it run, schedules go on, and so do sessions', async () => {
    const pair = await RedisPair.start(PASSWORD);
    const redis = { at: pair.at, password: PASSWORD, commandTimeoutMs: 500 };
    const options = { redis, prefix: '{test}' };
    const bus = await BullmqBus.open(parts, { ...options, lockMs: 2000, pauseMs: 50 });
    const sessions = await RedisSessionStore.open(parts, options);
    try {
      const ran: Json[] = [];
      await bus.work('train', ({ data }) => {
        ran.push(data);
        return Promise.resolve(null);
      });
      await bus.enqueue('train', 'before', { id: 'first' });
      await until('a job was run', () => ran.includes('before'));
      await bus.enqueue('train', 'delayed', { delayMs: 4000 });
      await bus.schedule('beat', { everyMs: 2000 }, 'train', 'beat');
      await sessions.put('session', 's', { count: 1 });
      await pair.sync();
      await pair.killMaster();
      ran.length = 0;
      await until('what was queued before was run', () => ran.includes('delayed'));
      await until('its schedule goes on', () => ran.filter((data) => data === 'beat').length >= 2);
      const answered = (call: () => Promise<unknown>): Promise<boolean> =>
        call().then(
          () => true,
          (error: unknown) => {
            expect(['ERR_STORE_UNAVAILABLE', 'ERR_STORE_AMBIGUOUS']).toContain(codeOf(error));
            return false;
          },
        );
      await until('sessions are written', () =>
        answered(() => sessions.put('session', 't', { count: 2 })),
      );
      expect(await sessions.get('session', 's')).toEqual({ count: 1 });
      expect(await sessions.list('session')).toHaveLength(2);
      await until('jobs are taken', () => answered(() => bus.enqueue('train', 'after')));
      await until('it was run', () => ran.includes('after'));
      await until('all are well', () =>
        [bus, sessions, ...bus.workers].every(({ health }) => health.fault === undefined),
      );
      expect(bus.workers[0]?.health.connectionsLost).toBeGreaterThan(0);
    } finally {
      await bus.close();
      await sessions.close();
      await pair.dispose();
    }
  });
});
