import { afterEach, beforeEach, describe, expect } from '@jest/globals';
import type { Bus, JobView, When } from '../../core/bus/port.js';
import type { Clock } from '../../core/clock/port.js';
import type { LeftOut } from '../support/conformance.js';
import { suiteTest } from '../support/conformance.js';
import { Gate, SeenJobs } from '../support/seen-jobs.js';

export interface BusWorld {
  /** Without jobs and schedules. */
  readonly bus: Bus;
  readonly clock: Clock;
  /** Lets time pass until the promise is settled. */
  until<T>(promise: Promise<T>): Promise<T>;
  /** Between a job's first attempt and its second; undefined: as measured, on a simulated clock. */
  readonly pauseMs?: number;
  /** How many waiting jobs it was told to take; few. */
  readonly waitingMax: number;
  /** The same data opened again after its bus was closed. */
  readonly reopen?: () => Promise<Bus>;
  readonly dispose?: () => Promise<void>;
}

/** Long enough for a real engine to have done what it would not have to do. */
const WHILE_MS = 300;

/** What every bus must do; each engine's test calls this. */
export function describeBus(
  name: string,
  make: () => Promise<BusWorld>,
  leftOut: readonly LeftOut[] = [],
): void {
  describe(name, () => {
    const it = suiteTest(leftOut);
    let world: BusWorld;
    let bus: Bus;
    let clock: Clock;

    beforeEach(async () => {
      world = await make();
      ({ bus, clock } = world);
    });

    afterEach(async () => {
      await world.until(bus.close());
      await world.dispose?.();
    });

    function aWhile(ms = WHILE_MS): Promise<void> {
      return world.until(clock.sleep(ms));
    }

    /** Until the jobs are as expected. */
    async function untilJobs(
      isRight: (jobs: readonly JobView[]) => boolean,
    ): Promise<readonly JobView[]> {
      const looking = (async () => {
        for (;;) {
          const jobs = await bus.jobs();
          if (isRight(jobs)) return jobs;
          await clock.sleep(10);
        }
      })();
      return world.until(looking);
    }

    function states(jobs: readonly JobView[]): string[] {
      return jobs.map(({ id, state }) => `${id} ${state}`);
    }

    async function reopened(): Promise<void> {
      if (world.reopen === undefined) throw new Error('leave this test out');
      await world.until(bus.close());
      bus = await world.until(world.reopen());
    }

    describe('a job', () => {
      it('is handed to the handler of its kind, with its data', async () => {
        const seen = new SeenJobs(clock);
        const others = new SeenJobs(clock);
        await bus.work('train', seen.handle);
        await bus.work('tune', others.handle);
        const data = { a: [1, null, { b: 'c' }] };
        expect(await bus.enqueue('train', data, { id: 'job-1' })).toBe('queued');
        await world.until(seen.has(1));
        const [job] = seen.jobs;
        expect(job).toMatchObject({ id: 'job-1', kind: 'train', data, attempt: 1 });
        expect(job?.signal.aborted).toBe(false);
        expect(others.jobs).toEqual([]);
      });

      it('waits for a handler', async () => {
        await bus.enqueue('train', 1);
        await aWhile();
        expect((await bus.jobs()).map(({ state }) => state)).toEqual(['waiting']);
        const seen = new SeenJobs(clock);
        await bus.work('train', seen.handle);
        await world.until(seen.has(1));
      });

      it('waits for its delay', async () => {
        const seen = new SeenJobs(clock);
        await bus.work('train', seen.handle);
        const startMs = clock.monotonicMs();
        await bus.enqueue('train', 'late', { delayMs: WHILE_MS });
        await bus.enqueue('train', 'early');
        await world.until(seen.has(2));
        expect(seen.data).toEqual(['early', 'late']);
        expect(seen.atMs[1]).toBeGreaterThanOrEqual(startMs + WHILE_MS - 2);
      });

      it('runs after those before it, one at a time', async () => {
        const seen = new SeenJobs(clock, () => clock.sleep(5).then(() => null));
        for (let at = 0; at < 10; at++) await bus.enqueue('train', at);
        await bus.work('train', seen.handle);
        await world.until(seen.has(10));
        expect(seen.data).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        expect(seen.runningMax).toBe(1);
      });

      it('runs beside as many others as its handler allows', async () => {
        const gate = new Gate();
        const seen = new SeenJobs(clock, () => gate.opened);
        await bus.work('train', seen.handle, { concurrency: 3 });
        for (let at = 0; at < 8; at++) await bus.enqueue('train', at);
        await world.until(seen.has(3));
        await aWhile();
        expect(seen.running).toBe(3);
        gate.open();
        await world.until(seen.has(8));
        expect(seen.runningMax).toBe(3);
      });

      it('does not wait for jobs of other kinds', async () => {
        const gate = new Gate();
        const slow = new SeenJobs(clock, () => gate.opened);
        const quick = new SeenJobs(clock);
        await bus.work('train', slow.handle);
        await bus.work('round', quick.handle);
        await bus.enqueue('train', 1);
        await world.until(slow.has(1));
        await bus.enqueue('round', 2);
        await world.until(quick.has(1));
        expect(slow.running).toBe(1);
        gate.open();
      });
    });

    describe('an id', () => {
      it('absorbs jobs of its kind while its job waits, and while it runs, and not after', async () => {
        const gates = [new Gate(), new Gate()];
        const seen = new SeenJobs(clock, ({ data }) => gates[Number(data)]!.opened);
        expect(await bus.enqueue('train', 0, { id: 'x' })).toBe('queued');
        expect(await bus.enqueue('train', 1, { id: 'x' })).toBe('duplicate');
        await bus.work('train', seen.handle);
        await world.until(seen.has(1));
        expect(await bus.enqueue('train', 1, { id: 'x' })).toBe('duplicate');
        gates[0]!.open();
        await untilJobs((jobs) => jobs.every(({ state }) => state === 'done'));
        expect(await bus.enqueue('train', 1, { id: 'x' })).toBe('queued');
        await world.until(seen.has(2));
        gates[1]!.open();
        expect(seen.data).toEqual([0, 1]);
      });

      it('absorbs all but one of many that come at once', async () => {
        const results = await Promise.all(
          Array.from({ length: 10 }, (_, at) => bus.enqueue('train', at, { id: 'x' })),
        );
        expect(results.filter((result) => result === 'queued')).toHaveLength(1);
        const seen = new SeenJobs(clock);
        await bus.work('train', seen.handle);
        await world.until(seen.has(1));
        await aWhile();
        expect(seen.jobs).toHaveLength(1);
      });

      it('does not absorb other ids, other kinds and jobs without one', async () => {
        for (const [kind, id] of [
          ['train', 'x'],
          ['train', 'y'],
          ['tune', 'x'],
        ] as const) {
          expect(await bus.enqueue(kind, 0, { id })).toBe('queued');
        }
        expect(await bus.enqueue('train', 0)).toBe('queued');
        expect(await bus.enqueue('train', 0)).toBe('queued');
        expect(await bus.jobs()).toHaveLength(5);
      });

      it('absorbs while its job waits for another attempt', async () => {
        const seen = new SeenJobs(clock, () => Promise.reject(new Error('no')));
        await bus.work('train', seen.handle);
        await bus.enqueue('train', 0, { id: 'x' });
        await world.until(seen.has(1));
        await untilJobs(([job]) => job?.state === 'waiting');
        expect(await bus.enqueue('train', 1, { id: 'x' })).toBe('duplicate');
      });
    });

    describe('a job that fails', () => {
      it('is tried again, after pauses that double, until it succeeds', async () => {
        const seen = new SeenJobs(clock, ({ attempt }) =>
          attempt < 3 ? Promise.reject(new Error(`attempt ${attempt}`)) : Promise.resolve(null),
        );
        await bus.work('train', seen.handle);
        await bus.enqueue('train', 7, { id: 'x' });
        await world.until(seen.has(3));
        expect(seen.jobs.map(({ attempt, data }) => [attempt, data])).toEqual([
          [1, 7],
          [2, 7],
          [3, 7],
        ]);
        const [first = 0, second = 0, third = 0] = seen.atMs;
        // On a real clock pauses may last longer, never shorter.
        const pauseMs = world.pauseMs ?? second - first;
        expect(pauseMs).toBeGreaterThan(0);
        expect(second - first).toBeGreaterThan(0.9 * pauseMs);
        expect(third - second).toBeGreaterThan(1.8 * pauseMs);
        const [job] = await untilJobs(([one]) => one?.state === 'done');
        expect(job).toMatchObject({ id: 'x', attempt: 3 });
      });

      it('has failed for good after its last attempt, and says why', async () => {
        const seen = new SeenJobs(clock, ({ attempt }) =>
          Promise.reject(new Error(`no ${attempt}`)),
        );
        await bus.work('train', seen.handle);
        await bus.enqueue('train', 0, { id: 'x', attemptsMax: 2 });
        const [job] = await untilJobs(([one]) => one?.state === 'failed');
        expect(job).toMatchObject({
          id: 'x',
          attempt: 2,
          failure: expect.stringContaining('no 2'),
        });
        expect(job?.finishedAtMs).toBeGreaterThanOrEqual(job?.queuedAtMs ?? NaN);
        await aWhile();
        expect(seen.jobs).toHaveLength(2);
        expect(await bus.enqueue('train', 1, { id: 'x' })).toBe('queued');
      });

      it('lets others go first while it waits', async () => {
        const seen = new SeenJobs(clock, ({ data, attempt }) =>
          data === 'bad' && attempt === 1 ? Promise.reject(new Error('no')) : Promise.resolve(null),
        );
        await bus.work('train', seen.handle);
        await bus.enqueue('train', 'bad');
        await bus.enqueue('train', 'good');
        await world.until(seen.has(3));
        expect(seen.data).toEqual(['bad', 'good', 'bad']);
      });
    });

    describe('the list of jobs', () => {
      it('has those that wait, run and ended, the newest first', async () => {
        const gate = new Gate();
        const seen = new SeenJobs(clock, ({ data }) =>
          data === 2 ? gate.opened : Promise.resolve(null),
        );
        await bus.work('train', seen.handle);
        const startMs = clock.realtimeMs();
        await bus.enqueue('train', 1, { id: 'one' });
        await untilJobs(([job]) => job?.state === 'done');
        await bus.enqueue('train', 2, { id: 'two' });
        await bus.enqueue('train', 3, { id: 'three' });
        const jobs = await untilJobs((all) => all.some(({ state }) => state === 'running'));
        expect(states(jobs)).toEqual(['three waiting', 'two running', 'one done']);
        for (const { kind, queuedAtMs } of jobs) {
          expect(kind).toBe('train');
          expect(queuedAtMs).toBeGreaterThanOrEqual(startMs - 1);
        }
        expect(jobs.map(({ finishedAtMs }) => finishedAtMs === null)).toEqual([true, true, false]);
        expect(jobs.map(({ failure }) => failure)).toEqual([null, null, null]);
        gate.open();
        await untilJobs((all) => all.every(({ state }) => state === 'done'));
      });

      it('shows how far a running job is', async () => {
        const gate = new Gate();
        const report = { phase: 'fit', done: 3, total: 10, message: 'three of ten' };
        const seen = new SeenJobs(clock, (job) => {
          job.progress({ ...report, done: 1 });
          job.progress(report);
          return gate.opened;
        });
        await bus.enqueue('train', 1);
        expect((await bus.jobs())[0]?.progress).toBeNull();
        await bus.work('train', seen.handle);
        const [job] = await untilJobs(([one]) => one?.progress?.done === 3);
        expect(job).toMatchObject({ state: 'running', progress: report });
        gate.open();
      });
    });

    describe('a schedule', () => {
      it('queues a job each period, with its data, until it is taken away', async () => {
        const seen = new SeenJobs(clock);
        await bus.work('round', seen.handle);
        await bus.schedule('beat', { everyMs: 200 }, 'round', { a: 1 });
        await world.until(seen.has(4));
        expect(seen.data).toEqual([{ a: 1 }, { a: 1 }, { a: 1 }, { a: 1 }]);
        expect(seen.jobs.every(({ kind }) => kind === 'round')).toBe(true);
        const spanMs = (seen.atMs[3] ?? NaN) - (seen.atMs[0] ?? NaN);
        expect(spanMs).toBeGreaterThan(500);
        await bus.unschedule('beat');
        await aWhile();
        const { length } = seen.jobs;
        await aWhile(500);
        expect(seen.jobs).toHaveLength(length);
        await bus.unschedule('beat');
      });

      it('takes the place of the former one of its name', async () => {
        const seen = new SeenJobs(clock);
        await bus.work('round', seen.handle);
        await bus.schedule('beat', { everyMs: 3_600_000 }, 'round', 'slow');
        await bus.schedule('beat', { everyMs: 100 }, 'round', 'quick');
        await bus.schedule('other', { everyMs: 100 }, 'round', 'other');
        await world.until(seen.has(10));
        expect(new Set(seen.data)).toEqual(new Set(['quick', 'other']));
      });

      it('lets a run that still waits absorb the next', async () => {
        await bus.schedule('beat', { everyMs: 100 }, 'round', 1);
        await aWhile(1000);
        expect((await bus.jobs()).map(({ state }) => state)).toEqual(['waiting']);
      });

      it('lets one run wait while another is under way', async () => {
        const gate = new Gate();
        const seen = new SeenJobs(clock, () => gate.opened);
        await bus.work('round', seen.handle);
        await bus.schedule('beat', { everyMs: 100 }, 'round', 1);
        await world.until(seen.has(1));
        await aWhile(1000);
        const jobs = await bus.jobs();
        expect(jobs.map(({ state }) => state)).toEqual(['waiting', 'running']);
        await bus.unschedule('beat');
        gate.open();
      });

      it('follows a cron pattern, of seconds too', async () => {
        const seen = new SeenJobs(clock);
        await bus.work('round', seen.handle);
        await bus.schedule('beat', { cron: '* * * * * *' }, 'round', 1);
        await world.until(seen.has(3));
        const [first = NaN, , third = NaN] = seen.atMs;
        expect(third - first).toBeGreaterThan(1500);
        expect(third - first).toBeLessThan(3000);
      });

      const faults: readonly (readonly [string, When])[] = [
        ['no period', { everyMs: 0 }],
        ['a negative period', { everyMs: -1 }],
        ['a period that is no number', { everyMs: NaN }],
        ['a period without end', { everyMs: Infinity }],
        ['no pattern', { cron: '' }],
        ['words', { cron: 'now and then' }],
        ['four fields', { cron: '* * * *' }],
        ['a minute that no hour has', { cron: '61 * * * *' }],
        ['a time zone that is none', { cron: '* * * * *', timeZone: 'Mars/Olympus' }],
        ['a pattern without end', { cron: '*'.repeat(100_000) }],
      ];
      for (const [fault, when] of faults) {
        it(`with ${fault} is refused`, async () => {
          await expect(bus.schedule('beat', when, 'round', 1)).rejects.toMatchObject({
            code: 'ERR_SCHEDULE_INVALID',
          });
        });
      }
    });

    it('takes as many waiting jobs as it was told to, and no more', async () => {
      const { waitingMax } = world;
      for (let at = 0; at < waitingMax; at++) await bus.enqueue('train', at);
      await expect(bus.enqueue('train', 'one more')).rejects.toMatchObject({
        code: 'ERR_LIMIT_REACHED',
      });
      const seen = new SeenJobs(clock);
      await bus.work('train', seen.handle);
      await world.until(seen.has(waitingMax));
      expect(await bus.enqueue('train', 'one more')).toBe('queued');
      await world.until(seen.has(waitingMax + 1));
    });

    it('lets a running job end when it closes, tells it to, and takes no more', async () => {
      let hasEnded = false;
      const seen = new SeenJobs(clock, async ({ signal }) => {
        await clock.sleep(60_000, signal).catch(() => undefined);
        await clock.sleep(WHILE_MS / 10);
        hasEnded = true;
        return null;
      });
      await bus.work('train', seen.handle);
      await bus.enqueue('train', 1);
      await bus.enqueue('train', 2);
      await world.until(seen.has(1));
      await world.until(bus.close());
      expect(hasEnded).toBe(true);
      expect(seen.data).toEqual([1]);
      for (const call of [
        () => bus.enqueue('train', 3),
        () => bus.schedule('beat', { everyMs: 100 }, 'round', 1),
        () => bus.work('tune', seen.handle),
        () => bus.jobs(),
      ]) {
        await expect(call()).rejects.toMatchObject({ code: 'ERR_STORE_UNAVAILABLE' });
      }
    });

    describe('after it was closed and opened again', () => {
      it('runs what waited', async () => {
        await bus.enqueue('train', 1, { id: 'x' });
        await bus.enqueue('train', 2, { delayMs: WHILE_MS });
        await reopened();
        expect(await bus.enqueue('train', 3, { id: 'x' })).toBe('duplicate');
        const seen = new SeenJobs(clock);
        await bus.work('train', seen.handle);
        await world.until(seen.has(2));
        expect(seen.data).toEqual([1, 2]);
      });

      it('runs again what was interrupted, as if it had not been tried', async () => {
        const seen = new SeenJobs(clock, async ({ signal }) => {
          await clock.sleep(60_000, signal);
          return null;
        });
        await bus.work('train', seen.handle);
        await bus.enqueue('train', 1, { id: 'x', attemptsMax: 1 });
        await world.until(seen.has(1));
        await reopened();
        const again = new SeenJobs(clock);
        await bus.work('train', again.handle);
        await world.until(again.has(1));
        expect(again.jobs[0]).toMatchObject({ id: 'x', data: 1, attempt: 1 });
        await untilJobs(([job]) => job?.state === 'done');
      });

      it('keeps its schedules, and forgets those taken away', async () => {
        await bus.schedule('kept', { everyMs: 100 }, 'round', 'kept');
        await bus.schedule('gone', { everyMs: 100 }, 'round', 'gone');
        await bus.unschedule('gone');
        await reopened();
        const seen = new SeenJobs(clock);
        await bus.work('round', seen.handle);
        await world.until(seen.has(3));
        expect(seen.data.slice(-2)).toEqual(['kept', 'kept']);
      });
    });
  });
}
