import { afterEach, beforeEach, it, jest } from '@jest/globals';
import { BullmqBus } from '../../core/bus/bullmq.js';
import type { Cancel } from '../../core/clock/port.js';
import { SystemClock } from '../../core/clock/system.js';
import { SILENT_LOG } from '../../core/log.js';
import { describeWith } from '../support/installed.js';
import { RedisServer } from '../support/redis-server.js';
import { untilWithin } from '../support/until.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const EVERY_MS = 200;
const until = untilWithin(20_000, { pauseMs: 10 });

/** A clock on which a minute of waiting is over soon. */
class HurriedClock extends SystemClock {
  override after(ms: number, run: () => void): Cancel {
    return super.after(ms < MINUTE / 2 ? ms : EVERY_MS, run);
  }
}

describeWith('redis-server')('a schedule on a real Redis', () => {
  let server: RedisServer;
  let bus: BullmqBus;
  let runs = 0;
  const realtimeMs = Date.now;
  let aheadMs = 0;

  beforeEach(async () => {
    server = await RedisServer.start();
    // BullMQ reads the wall clock itself.
    jest.spyOn(Date, 'now').mockImplementation(() => realtimeMs() + aheadMs);
    bus = await BullmqBus.open(
      { clock: new HurriedClock(), log: SILENT_LOG },
      { redis: { at: server.at }, prefix: '{test}' },
    );
    await bus.work('round', () => {
      runs += 1;
      return Promise.resolve(null);
    });
    await bus.schedule('beat', { everyMs: EVERY_MS }, 'round', 1);
  });

  afterEach(async () => {
    await bus.close();
    jest.restoreAllMocks();
    await server.dispose();
  });

  async function goesOn(count = 5): Promise<void> {
    const before = runs;
    await until(`${count} more runs`, () => runs >= before + count);
  }

  it('goes on after a clock that was ahead is put back', async () => {
    await goesOn();
    aheadMs = HOUR;
    await goesOn();
    aheadMs = 0;
    await goesOn();
  });

  it('goes on through times that come for the second time', async () => {
    await goesOn(20);
    aheadMs = HOUR;
    await goesOn();
    // To a moment before the schedule began: it runs into all that it had.
    aheadMs = -6000;
    await goesOn(60);
  });
});
