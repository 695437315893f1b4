import type { Queue } from 'bullmq';
import type { Clock } from '../clock/port.js';
import type { Log } from '../log.js';
import type { Effect } from '../engine-health.js';
import type { Payload } from './bullmq-jobs.js';
import { dueAtMs } from './bullmq-jobs.js';
import { ATTEMPTS_DEFAULT, FINISHED_MAX } from './limits.js';
import type { When } from './port.js';
import { timetableOf } from './timetable.js';

/** What of a queue its schedules are looked after by. */
export type ScheduleQueue = Pick<
  Queue<Payload, null>,
  'name' | 'getJobSchedulers' | 'getJobState' | 'getJobs' | 'upsertJobScheduler'
>;

export interface StillSchedulesParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly call: <Answer>(effect: Effect, send: () => Promise<Answer>) => Promise<Answer>;
}

interface Repeat {
  readonly pattern: string;
  readonly tz?: string;
}

interface ScheduleToCome {
  readonly key: string;
  readonly repeat: Repeat;
  readonly data: Payload;
  readonly dueMs: number;
}

/** A period is written as a pattern, so that periods and patterns are both read by our timetable. */
const PERIOD = /^every ([0-9]+) ms$/;
/** So far the clocks of several machines may differ, and a run that is due may not have been taken. */
const SLACK_MS = 60_000;

export function repeatOf(when: When): Repeat {
  return 'everyMs' in when
    ? { pattern: `every ${when.everyMs} ms` }
    : { pattern: when.cron, tz: when.timeZone ?? 'UTC' };
}

export function nextRunMs(
  afterMs: number,
  { pattern = '', tz }: { readonly pattern?: string; readonly tz?: string },
): number | undefined {
  const [, everyMs] = PERIOD.exec(pattern) ?? [];
  const when: When =
    everyMs === undefined
      ? { cron: pattern, ...(tz !== undefined && { timeZone: tz }) }
      : { everyMs: Number(everyMs) };
  return timetableOf(when).nextMs(afterMs);
}

/** Makes or replaces a schedule; its next run is the first one after now. */
export async function putSchedule(
  queue: Pick<ScheduleQueue, 'upsertJobScheduler'>,
  { key, repeat, data }: Omit<ScheduleToCome, 'dueMs'>,
): Promise<void> {
  const opts = attemptsOf(ATTEMPTS_DEFAULT);
  await queue.upsertJobScheduler(key, { ...repeat }, { name: key, data, opts });
}

export function attemptsOf(attempts: number) {
  return {
    attempts,
    // Its length is the worker's to say.
    backoff: { type: 'doubling' },
    removeOnComplete: { count: FINISHED_MAX },
    removeOnFail: { count: FINISHED_MAX },
    stackTraceLimit: 0,
  };
}

/**
 * Makes schedules anew that have come to stand still. BullMQ has the next run of each at a time of the wall clock, named after that
 * time, and makes it when the one before it is taken. So a clock that was ahead and is put back leaves a run that is far away; and where a
 * run of that name was before, as every time that comes twice has it, none is made any more.
 */
export class StillSchedules {
  readonly #parts: StillSchedulesParts;
  readonly #schedulesMax: number;

  constructor(parts: StillSchedulesParts, options: { readonly schedulesMax: number }) {
    this.#parts = parts;
    this.#schedulesMax = options.schedulesMax;
  }

  /** @throws ERR_STORE_UNAVAILABLE, ERR_STORE_AMBIGUOUS */
  async renew(queue: ScheduleQueue): Promise<void> {
    const { call, log } = this.#parts;
    const all = await call('reads', () => queue.getJobSchedulers(0, this.#schedulesMax - 1));
    for (const found of all) {
      const { key, pattern, tz, next: dueMs, template } = found;
      // None that we made.
      if (pattern === undefined || dueMs === undefined || template?.data === undefined) continue;
      const repeat = { pattern, ...(tz !== undefined && { tz }) };
      const schedule = { key, repeat, data: template.data, dueMs };
      if (!this.#isTooFar(schedule) && !(await this.#isOver(queue, schedule))) continue;
      await this.#forgetRunsToCome(queue, key);
      await call('writes', () => putSchedule(queue, schedule));
      log.warn({ kind: queue.name, schedule: key, dueMs }, 'schedule stood still');
    }
  }

  #isTooFar({ repeat, dueMs }: ScheduleToCome): boolean {
    const firstMs = nextRunMs(this.#parts.clock.realtimeMs() + SLACK_MS, repeat);
    return firstMs !== undefined && dueMs > firstMs;
  }

  /** Its run was due, and neither waits nor made another one. */
  async #isOver(queue: ScheduleQueue, { key, dueMs }: ScheduleToCome): Promise<boolean> {
    const { call, clock } = this.#parts;
    if (dueMs > clock.realtimeMs() - SLACK_MS) return false;
    const state = await call('reads', () => queue.getJobState(`repeat:${key}:${dueMs}`));
    return state === 'active' || state === 'completed' || state === 'failed' || state === 'unknown';
  }

  /** Ended runs of times that are to come again. */
  async #forgetRunsToCome(queue: ScheduleQueue, key: string): Promise<void> {
    const { call, clock } = this.#parts;
    const nowMs = clock.realtimeMs();
    for (const state of ['completed', 'failed'] as const) {
      const ended = await call('reads', () => queue.getJobs([state], 0, FINISHED_MAX - 1));
      for (const job of ended) {
        const isToCome = job.repeatJobKey === key && dueAtMs(job) > nowMs;
        if (isToCome) await call('writes', () => job.remove());
      }
    }
  }
}
