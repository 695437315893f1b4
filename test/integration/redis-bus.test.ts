import { spawn } from 'node:child_process';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { productFolder } from '../../cli/product.js';
import { BullmqBus } from '../../core/bus/bullmq.js';
import type { Job } from '../../core/bus/port.js';
import { SystemClock } from '../../core/clock/system.js';
import { codeOf } from '../../core/errors.js';
import type { Json } from '../../core/json.js';
import { describeWith } from '../support/installed.js';
import { RecordingLog } from '../support/recording-log.js';
import { RedisServer } from '../support/redis-server.js';
import { untilWithin } from '../support/until.js';

/* What becomes of jobs when a process that runs them dies, or Redis does. */

const clock = new SystemClock();
const until = untilWithin(20_000, { pauseMs: 10 });
const prefix = '{test}';
const LOCK_MS = 1000;

describeWith('redis-server')('the bus on a real Redis', () => {
  let server: RedisServer;
  let bus: BullmqBus;
  let log: RecordingLog;

  beforeEach(async () => {
    server = await RedisServer.start();
    log = new RecordingLog();
    bus = await open();
  });

  afterEach(async () => {
    await bus.close();
    await server.dispose();
  });

  function open(): Promise<BullmqBus> {
    const options = { redis: { at: server.at, commandTimeoutMs: 500 }, prefix, lockMs: LOCK_MS };
    return BullmqBus.open({ clock, log }, { ...options, pauseMs: 50, waitingMax: 500 });
  }

  it('gives a job whose process was killed to another', async () => {
    const script = `${productFolder}dist/test/support/bus-worker.js`;
    const args = [script, String(server.at.port), prefix, String(LOCK_MS)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    const gone = new Promise((resolve) => child.once('close', resolve));
    await bus.enqueue('train', { a: 1 }, { id: 'x', attemptsMax: 1 });
    await until('the process has begun', () => said === '{"a":1}\n');
    child.kill('SIGKILL');
    await gone;
    expect(await bus.enqueue('train', { a: 2 }, { id: 'x' })).toBe('duplicate');
    const seen: Json[] = [];
    await bus.work('train', ({ data }) => {
      seen.push(data);
      return Promise.resolve(null);
    });
    await until('another has it', () => seen.length > 0);
    expect(seen).toEqual([{ a: 1 }]);
    await until('it is done', async () => (await bus.jobs())[0]?.state === 'done');
    expect(log.messages).toContain('job lost its worker');
  });

  it('runs every job that was taken, whenever Redis is killed', async () => {
    const ran = new Set<Json>();
    await bus.work('train', ({ data }: Job) => {
      ran.add(data);
      return Promise.resolve(null);
    });
    const taken: number[] = [];
    const over = new AbortController();
    const asking = (async () => {
      for (let number = 0; !over.signal.aborted; number++) {
        await bus.enqueue('train', number).then(
          () => taken.push(number),
          (error: unknown) => {
            expect(['ERR_STORE_UNAVAILABLE', 'ERR_STORE_AMBIGUOUS']).toContain(codeOf(error));
          },
        );
        await clock.sleep(5);
      }
    })();
    for (let kill = 0; kill < 3; kill++) {
      const { length } = taken;
      await until('jobs are taken', () => taken.length > length + 20);
      await server.kill();
      await clock.sleep(100);
      await server.restart();
      const { length: atDeath } = taken;
      await until('jobs are taken again', () => taken.length > atDeath + 5);
    }
    over.abort();
    await asking;
    await until('all have run', () => taken.every((number) => ran.has(number)));
  });

  it('closes in time with no Redis to say goodbye to', async () => {
    await bus.work('train', () => Promise.resolve(null));
    await server.kill();
    const startMs = clock.monotonicMs();
    await bus.close();
    expect(clock.monotonicMs() - startMs).toBeLessThan(5000);
    await expect(bus.jobs()).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
  });

  it('says that it is not available while there is no Redis', async () => {
    await server.kill();
    for (const call of [
      () => bus.enqueue('train', 1),
      () => bus.schedule('beat', { everyMs: 1000 }, 'train', 1),
      () => bus.unschedule('beat'),
      () => bus.jobs(),
    ]) {
      await expect(call()).rejects.toMatchObject({
        code: 'ERR_STORE_UNAVAILABLE',
        cause: { code: 'ERR_REDIS_UNREACHABLE' },
      });
    }
  });

  it('is shown as well again once Redis answers, though nobody calls it', async () => {
    server.pause();
    await expect(bus.enqueue('train', 1)).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
    await clock.sleep(2000);
    expect(bus.health.fault?.code).toBe('ERR_REDIS_UNREACHABLE');
    server.goOn();
    await until('it is well', () => bus.health.fault === undefined);
  });

  it('keeps no more finished jobs than it should', async () => {
    let count = 0;
    await bus.work('train', () => {
      count += 1;
      return count % 2 === 0 ? Promise.resolve(null) : Promise.reject(new Error('no'));
    });
    for (let number = 0; number < 300; number++) {
      await bus.enqueue('train', number, { attemptsMax: 1 });
    }
    await until('all have run', () => count === 300);
    await until('all have ended', async () => {
      const jobs = await bus.jobs();
      return jobs.every(({ state }) => state === 'done' || state === 'failed');
    });
    const jobs = await bus.jobs();
    expect(jobs.filter(({ state }) => state === 'done')).toHaveLength(100);
    expect(jobs.filter(({ state }) => state === 'failed')).toHaveLength(100);
  });
});
