import { afterAll, beforeAll } from '@jest/globals';
import { BullmqBus } from '../../core/bus/bullmq.js';
import { SystemClock } from '../../core/clock/system.js';
import { SILENT_LOG } from '../../core/log.js';
import { describeWith } from '../support/installed.js';
import { RedisServer } from '../support/redis-server.js';
import { describeBus } from './bus.js';

describeWith('redis-server')('a real Redis', () => {
  let server: RedisServer;
  let worlds = 0;

  beforeAll(async () => {
    server = await RedisServer.start();
  });

  afterAll(() => server.dispose());

  describeBus('BullmqBus', async () => {
    const waitingMax = 20;
    const pauseMs = 200;
    const clock = new SystemClock();
    const prefix = `{test-${++worlds}}`;
    const open = () =>
      BullmqBus.open(
        { clock, log: SILENT_LOG },
        { redis: { at: server.at }, prefix, waitingMax, pauseMs },
      );
    return { bus: await open(), clock, waitingMax, pauseMs, until: (it) => it, reopen: open };
  });
});
