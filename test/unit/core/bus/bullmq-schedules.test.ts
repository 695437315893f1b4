import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ScheduleQueue } from '../../../../core/bus/bullmq-schedules.js';
import { StillSchedules, nextRunMs, repeatOf } from '../../../../core/bus/bullmq-schedules.js';
import type { When } from '../../../../core/bus/port.js';
import { SimulatedClock } from '../../../../core/clock/simulated.js';
import { RecordingLog } from '../../../support/recording-log.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START_MS = Date.UTC(2026, 10, 26, 9, 32);
const SCHEDULES_MAX = 100;

/** What of a queue matters here: when the next run of one schedule is due, and what became of it. */
class StandIn {
  dueMs: number;
  state = 'delayed';
  /** Runs that have ended, by when they were due. */
  readonly ended: number[] = [];
  readonly #clock: SimulatedClock;
  readonly #when: When;

  constructor(clock: SimulatedClock, when: When) {
    this.#clock = clock;
    this.#when = when;
    this.dueMs = this.nextMs;
  }

  get nextMs(): number {
    return nextRunMs(this.#clock.realtimeMs(), repeatOf(this.#when)) ?? NaN;
  }

  /** The run that is due is taken, and another one made, as BullMQ does it. */
  take(): void {
    const dueMs = this.dueMs;
    this.dueMs = nextRunMs(Math.max(dueMs, this.#clock.realtimeMs()), repeatOf(this.#when)) ?? NaN;
    this.ended.push(dueMs);
  }

  get queue(): ScheduleQueue {
    const queue = {
      name: 'round',
      getJobSchedulers: () => {
        const template = { data: { id: 'beat', data: { a: 1 } } };
        const found = { key: 'beat', ...repeatOf(this.#when), next: this.dueMs, template };
        return Promise.resolve([found]);
      },
      getJobState: (id: string) => {
        expect(id).toBe(`repeat:beat:${this.dueMs}`);
        return Promise.resolve(this.state);
      },
      getJobs: ([state]: string[]) =>
        Promise.resolve(state === 'completed' ? this.ended.map((ms) => this.#endedJob(ms)) : []),
      upsertJobScheduler: (key: string, repeat: object, template: object) => {
        expect([key, repeat]).toEqual(['beat', repeatOf(this.#when)]);
        expect(template).toMatchObject({ name: 'beat', data: { id: 'beat', data: { a: 1 } } });
        this.dueMs = this.nextMs;
        this.state = 'delayed';
        // BullMQ gives a run no name that another one had.
        expect(this.ended).not.toContain(this.dueMs);
        return Promise.resolve(undefined);
      },
    };
    return queue as unknown as ScheduleQueue;
  }

  #endedJob(prevMillis: number) {
    const remove = (): Promise<void> => {
      this.ended.splice(this.ended.indexOf(prevMillis), 1);
      return Promise.resolve();
    };
    return { repeatJobKey: 'beat', opts: { prevMillis }, remove };
  }
}

describe.each<[string, When]>([
  ['of a period', { everyMs: 5 * MINUTE }],
  ['of a pattern', { cron: '*/5 * * * *' }],
])('a schedule %s', (_name, when) => {
  let clock: SimulatedClock;
  let log: RecordingLog;
  let standIn: StandIn;

  beforeEach(() => {
    clock = new SimulatedClock(START_MS);
    log = new RecordingLog();
    standIn = new StandIn(clock, when);
  });

  /** When its next run is due after it was looked at, in minutes from now. */
  async function minutesLeft(): Promise<number> {
    const still = new StillSchedules(
      { clock, log, call: (_effect, send) => send() },
      { schedulesMax: SCHEDULES_MAX },
    );
    await still.renew(standIn.queue);
    return (standIn.dueMs - clock.realtimeMs()) / MINUTE;
  }

  it('is due within its time after a clock that was ahead is put back', async () => {
    clock.jumpRealtime(HOUR);
    standIn.take();
    clock.jumpRealtime(-HOUR);
    expect(standIn.dueMs - clock.realtimeMs()).toBeGreaterThan(HOUR);
    expect(await minutesLeft()).toBe(3);
    expect(log.said).toMatchObject([
      { level: 'warn', message: 'schedule stood still', fields: { schedule: 'beat' } },
    ]);
  });

  it('is due at a time that comes for the second time', async () => {
    for (let runs = 0; runs < 12; runs++) {
      await clock.advance(5 * MINUTE);
      standIn.take();
    }
    clock.jumpRealtime(-HOUR);
    expect(await minutesLeft()).toBe(3);
    expect(standIn.ended).toEqual([]);
  });

  it('goes on if no run was made after one that ended', async () => {
    standIn.state = 'completed';
    await clock.advance(10 * MINUTE);
    expect(await minutesLeft()).toBe(3);
  });

  it('is left alone as long as it goes on', async () => {
    expect(await minutesLeft()).toBe(3);
    await clock.advance(10 * MINUTE);
    standIn.state = 'waiting';
    expect(await minutesLeft()).toBe(-7);
    standIn.take();
    // Another machine's clock may be some seconds before this one.
    clock.jumpRealtime(-2 * MINUTE - 20_000);
    expect(await minutesLeft()).toBeGreaterThan(5);
    expect(log.said).toEqual([]);
  });
});
