import { strict as assert } from 'node:assert';
import { z } from 'zod';
import type { LedgerState } from '../disk/ledger.js';
import type { Json } from '../json.js';
import { countSchema, finiteSchema } from '../schema.js';
import { FINISHED_MAX } from './limits.js';
import { JOB_KINDS } from './port.js';
import type { JobKind } from './port.js';

const jsonSchema = z.custom<Json>((value) => value !== undefined);

const jobSchema = z.object({
  /** Its name inside: counted from 1, never used again. */
  number: countSchema,
  kind: z.enum(JOB_KINDS),
  /** Its name outside: the one it was given, or its number. */
  id: z.string(),
  data: jsonSchema,
  attemptsMax: countSchema,
  state: z.enum(['waiting', 'running', 'done', 'failed']),
  /** Attempts begun. */
  attempt: countSchema,
  queuedAtMs: finiteSchema,
  /** A waiting job rests until then. */
  startAtMs: finiteSchema,
  finishedAtMs: finiteSchema.nullable(),
  /** Why the last attempt failed. */
  failure: z.string().nullable(),
});
export type JobRecord = Readonly<z.output<typeof jobSchema>>;

const whenSchema = z.union([
  z.object({ everyMs: z.number() }),
  z.object({ cron: z.string(), timeZone: z.string().exactOptional() }),
]);

const scheduleSchema = z.object({
  name: z.string(),
  when: whenSchema,
  kind: z.enum(JOB_KINDS),
  data: jsonSchema,
});
export type ScheduleRecord = Readonly<z.output<typeof scheduleSchema>>;

const changeSchema = z.discriminatedUnion('type', [
  /** A job as it is now. */
  z.object({ type: z.literal('job'), job: jobSchema }),
  z.object({ type: z.literal('schedule'), schedule: scheduleSchema }),
  z.object({ type: z.literal('unschedule'), name: z.string() }),
  /** In a snapshot: numbers below are used up. */
  z.object({ type: z.literal('numbers'), next: countSchema }),
]);
export type JobChange = z.output<typeof changeSchema>;

/** Jobs and schedules as the sum of their changes: what the engines of this process share. */
export class Jobs implements LedgerState<JobChange, undefined> {
  readonly #jobs = new Map<number, JobRecord>();
  readonly #schedules = new Map<string, ScheduleRecord>();
  #next = 1;

  /** Ascending by number. */
  get all(): readonly JobRecord[] {
    return [...this.#jobs.values()].sort((a, b) => a.number - b.number);
  }

  get schedules(): ReadonlyMap<string, ScheduleRecord> {
    return this.#schedules;
  }

  takeNumber(): number {
    return this.#next++;
  }

  get(number: number): JobRecord | undefined {
    return this.#jobs.get(number);
  }

  /** The job of this kind and id that is in one of these states. */
  find(kind: JobKind, id: string, states: readonly JobRecord['state'][]): JobRecord | undefined {
    for (const job of this.#jobs.values()) {
      if (job.kind === kind && job.id === id && states.includes(job.state)) return job;
    }
    return undefined;
  }

  count(state: JobRecord['state']): number {
    let count = 0;
    for (const job of this.#jobs.values()) if (job.state === state) count += 1;
    return count;
  }

  parse(record: Json): JobChange {
    return changeSchema.parse(record);
  }

  apply(change: JobChange): undefined {
    switch (change.type) {
      case 'job':
        this.#put(change.job);
        return;
      case 'schedule':
        this.#schedules.set(change.schedule.name, change.schedule);
        return;
      case 'unschedule':
        this.#schedules.delete(change.name);
        return;
      case 'numbers':
        this.#next = Math.max(this.#next, change.next);
    }
  }

  changes(): readonly JobChange[] {
    return [
      { type: 'numbers', next: this.#next },
      ...[...this.#schedules.values()].map((schedule): JobChange => ({
        type: 'schedule',
        schedule,
      })),
      ...this.all.map((job): JobChange => ({ type: 'job', job })),
    ];
  }

  #put(job: JobRecord): void {
    const former = this.#jobs.get(job.number);
    assert.ok(former?.finishedAtMs == null, 'a job that ended stays as it is');
    this.#jobs.set(job.number, job);
    this.#next = Math.max(this.#next, job.number + 1);
    if (job.finishedAtMs !== null) this.#forgetOldest();
  }

  #forgetOldest(): void {
    const finished = this.all.filter(({ finishedAtMs }) => finishedAtMs !== null);
    for (const { number } of finished.slice(0, -FINISHED_MAX)) this.#jobs.delete(number);
  }
}
