import { beforeEach, describe, expect, it } from '@jest/globals';
import { EmbeddedBus } from '../../../../core/bus/embedded.js';
import { MemoryBus } from '../../../../core/bus/memory.js';
import type { Job } from '../../../../core/bus/port.js';
import { SimulatedClock } from '../../../../core/clock/simulated.js';
import { MemoryDisk } from '../../../../core/disk/memory.js';
import { ForeshiftError } from '../../../../core/errors.js';
import { SeededRng } from '../../../../core/rng.js';
import { RecordingLog } from '../../../support/recording-log.js';

const HOUR = 3_600_000;
/** Five minutes past an hour. */
const START = 1_700_000_100_000 - (1_700_000_100_000 % HOUR) + 300_000;

describe('a schedule', () => {
  let clock: SimulatedClock;
  let bus: MemoryBus;
  let ranAtMs: number[];

  beforeEach(async () => {
    clock = new SimulatedClock(START);
    bus = new MemoryBus({ clock, log: new RecordingLog() });
    ranAtMs = [];
    await bus.work('round', () => {
      ranAtMs.push(clock.realtimeMs() - START);
      return Promise.resolve(null);
    });
  });

  it('is due at whole periods of the wall clock', async () => {
    await bus.schedule('beat', { everyMs: HOUR }, 'round', null);
    await clock.advance(3 * HOUR);
    expect(ranAtMs).toEqual([1, 2, 3].map((hours) => hours * HOUR - 300_000));
  });

  it('waits for weeks', async () => {
    await bus.schedule('beat', { cron: '0 0 1 * *' }, 'round', null);
    await clock.advance(20 * 24 * HOUR);
    expect(ranAtMs).toHaveLength(1);
  });

  it('notices within a minute that the wall clock was put forward', async () => {
    await bus.schedule('beat', { cron: '0 * * * *' }, 'round', null);
    await clock.advance(1000);
    clock.jumpRealtime(2 * HOUR);
    await clock.advance(61_000);
    expect(ranAtMs).toHaveLength(1);
  });

  it('of a period goes on in its beat although the wall clock was put back', async () => {
    await bus.schedule('beat', { everyMs: 60_000 }, 'round', null);
    await clock.advance(90_000);
    clock.jumpRealtime(-24 * HOUR);
    await clock.advance(180_000);
    expect(ranAtMs).toHaveLength(4);
  });

  it('by pattern waits for its time although the wall clock was put back', async () => {
    await bus.schedule('beat', { cron: '10 * * * *' }, 'round', null);
    await clock.advance(200_000);
    clock.jumpRealtime(-240_000);
    await clock.advance(200_000);
    expect(ranAtMs).toEqual([]);
    await clock.advance(150_000);
    expect(ranAtMs).toEqual([300_000]);
  });

  it('loses a run, and says so, when the queue is full', async () => {
    const log = new RecordingLog();
    const small = new MemoryBus({ clock, log }, { waitingMax: 1 });
    await small.enqueue('train', null);
    await small.schedule('beat', { everyMs: 1000 }, 'round', null);
    await clock.advance(1000);
    expect(log.messages).toEqual(['scheduled job not queued']);
  });

  it('is one of few', async () => {
    const small = new MemoryBus({ clock, log: new RecordingLog() }, { schedulesMax: 1 });
    await small.schedule('a', { everyMs: 1000 }, 'round', null);
    await small.schedule('a', { everyMs: 2000 }, 'round', null);
    await expect(small.schedule('b', { everyMs: 1000 }, 'round', null)).rejects.toMatchObject({
      code: 'ERR_LIMIT_REACHED',
    });
  });
});

describe('EmbeddedBus', () => {
  let disk: MemoryDisk;
  let clock: SimulatedClock;
  let log: RecordingLog;

  beforeEach(() => {
    disk = new MemoryDisk();
    clock = new SimulatedClock(START);
    log = new RecordingLog();
  });

  const open = () => EmbeddedBus.open({ disk, clock, log }, { pauseMs: 100 });

  it('counts an attempt whose process died, and gives up after the last', async () => {
    const seen: number[] = [];
    for (let life = 0; life < 4; life++) {
      const bus = await open();
      if (life === 0) await bus.enqueue('train', null, { id: 'x', attemptsMax: 3 });
      await bus.work('train', ({ attempt }) => {
        seen.push(attempt);
        return new Promise(() => undefined);
      });
      await clock.advance(10_000);
      if (life === 3) {
        const [job] = await bus.jobs();
        expect(job).toMatchObject({ state: 'failed', attempt: 3, failure: 'its process died' });
      }
      disk = disk.crash(new SeededRng(life));
    }
    expect(seen).toEqual([1, 2, 3]);
  });

  it('takes nothing while the disk refuses, and ends a running job when it no longer does', async () => {
    const bus = await open();
    let runs = 0;
    let end = (): void => undefined;
    await bus.work('train', () => {
      runs += 1;
      return new Promise((resolve) => {
        end = () => {
          resolve(null);
        };
      });
    });
    await bus.enqueue('train', null);
    await clock.advance(0);
    disk.full = true;
    await expect(bus.enqueue('train', null)).rejects.toMatchObject({
      code: 'ERR_STORE_UNAVAILABLE',
    });
    end();
    await clock.advance(1000);
    expect((await bus.jobs()).map(({ state }) => state)).toEqual(['running']);
    disk.full = false;
    await clock.advance(1000);
    expect((await bus.jobs()).map(({ state }) => state)).toEqual(['done']);
    expect(runs).toBe(1);
    await bus.close();
  });

  it('remembers the latest of many finished jobs', async () => {
    const bus = await open();
    await bus.work('train', () => Promise.resolve(null));
    for (let at = 0; at < 150; at++) await bus.enqueue('train', at, { id: `job-${at}` });
    await clock.advance(1000);
    const ids = (await bus.jobs()).map(({ id }) => id);
    expect(ids).toHaveLength(100);
    expect([ids[0], ids.at(-1)]).toEqual(['job-149', 'job-50']);
    await bus.close();
  });

  it('waits no longer than the delay because the wall clock was put back meanwhile', async () => {
    const bus = await open();
    await bus.enqueue('train', null, { delayMs: 60_000 });
    await bus.close();
    clock.jumpRealtime(-24 * HOUR);
    const again = await open();
    const seen: Job[] = [];
    await again.work('train', (job) => {
      seen.push(job);
      return Promise.resolve(null);
    });
    await clock.advance(59_000);
    expect(seen).toHaveLength(0);
    await clock.advance(1000);
    expect(seen).toHaveLength(1);
    await again.close();
  });

  it('says why a job failed, and takes no report of one that ended', async () => {
    const bus = await open();
    let late: Job | undefined;
    await bus.work('train', (job) => {
      late = job;
      // Not even a promise.
      throw new ForeshiftError('ERR_CONFLICT', { what: 'the plan' });
    });
    await bus.enqueue('train', null, { attemptsMax: 1 });
    await clock.advance(0);
    late?.progress({ phase: 'late', done: 1, total: 1, message: '' });
    expect((await bus.jobs())[0]).toMatchObject({
      state: 'failed',
      failure: 'the plan was changed by somebody else at the same time',
      progress: null,
    });
    expect(log.messages).toEqual(['job failed']);
    await bus.close();
  });

  it('refuses data and ids without end', async () => {
    const bus = await open();
    const limit = { code: 'ERR_LIMIT_REACHED' };
    const long = 'x'.repeat(100_000);
    await expect(bus.enqueue('train', long)).rejects.toMatchObject(limit);
    await expect(bus.enqueue('train', 1, { id: long })).rejects.toMatchObject(limit);
    await expect(bus.schedule(long, { everyMs: 1000 }, 'round', 1)).rejects.toMatchObject(limit);
    await expect(bus.schedule('a', { everyMs: 1000 }, 'round', long)).rejects.toMatchObject(limit);
    expect(await bus.jobs()).toEqual([]);
    await bus.close();
  });
});
