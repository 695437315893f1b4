import { strict as assert } from 'node:assert';
import type { Clock } from '../clock/port.js';
import { codeOf, fail } from '../errors.js';
import type { Json } from '../json.js';
import type { Log } from '../log.js';
import { Turns } from '../turns.js';
import type { JobRecord, Jobs } from './jobs.js';
import type { BusOptions } from './limits.js';
import {
  ATTEMPTS_DEFAULT,
  BUS_DEFAULTS,
  assertConcurrency,
  attemptsAsked,
  checkId,
  keptData,
} from './limits.js';
import type { Bus, EnqueueOptions, Handler, JobKind, JobView, When } from './port.js';
import type { JobKeeper, RunnerParts } from './runner.js';
import { Runner } from './runner.js';
import { Schedules } from './schedules.js';

/** A bus inside one process: what its two engines share. The runner has what becomes of a job. */
export class LocalBus implements Bus {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #jobs: Jobs;
  readonly #keeper: JobKeeper;
  readonly #options: Required<BusOptions>;
  readonly #schedules: Schedules;
  readonly #runner: Runner;
  readonly #turns = new Turns<string>();
  /** Jobs whose making is not kept yet. */
  #coming = 0;
  #closed: Promise<void> | undefined;

  constructor(parts: RunnerParts, options: BusOptions = {}) {
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#jobs = parts.jobs;
    this.#keeper = parts.keeper;
    this.#options = { ...BUS_DEFAULTS, ...options };
    this.#runner = new Runner(parts, this.#options);
    this.#schedules = new Schedules(parts.clock, (name) => this.#runSchedule(name));
  }

  /** Takes up what an earlier process left. @throws ERR_STORE_UNAVAILABLE, ERR_STORE_AMBIGUOUS */
  async resume(): Promise<void> {
    await this.#runner.resume();
    for (const { name, when } of this.#jobs.schedules.values()) this.#schedules.set(name, when);
  }

  async work(
    kind: JobKind,
    handle: Handler,
    { concurrency = 1 }: { readonly concurrency?: number } = {},
  ): Promise<void> {
    await Promise.resolve();
    this.#assertOpen();
    assert.ok(!this.#runner.hasHandler(kind), 'a kind of job has one handler');
    assertConcurrency(concurrency);
    this.#runner.handle(kind, handle, concurrency);
  }

  async enqueue(
    kind: JobKind,
    data: Json,
    options: EnqueueOptions = {},
  ): Promise<'queued' | 'duplicate'> {
    const { id } = options;
    const { delayMs, attemptsMax } = attemptsAsked(options);
    this.#assertOpen();
    const kept = keptData(data, this.#options);
    if (id === undefined) {
      await this.#queue({ kind, data: kept, delayMs, attemptsMax });
      return 'queued';
    }
    checkId(id);
    return this.#queueOnce({ kind, id, data: kept, delayMs, attemptsMax }, ['waiting', 'running']);
  }

  async schedule(name: string, when: When, kind: JobKind, data: Json): Promise<void> {
    this.#assertOpen();
    const kept = keptData(data, this.#options);
    this.#schedules.check(when);
    checkId(name);
    const { schedulesMax } = this.#options;
    if (!this.#jobs.schedules.has(name) && this.#jobs.schedules.size >= schedulesMax) {
      fail('ERR_LIMIT_REACHED', { limit: schedulesMax, what: 'schedules' });
    }
    await this.#keeper.commit({ type: 'schedule', schedule: { name, when, kind, data: kept } });
    if (!this.#runner.isStopping) this.#schedules.set(name, when);
  }

  async unschedule(name: string): Promise<void> {
    this.#assertOpen();
    if (this.#jobs.schedules.has(name)) await this.#keeper.commit({ type: 'unschedule', name });
    this.#schedules.remove(name);
  }

  async jobs(): Promise<readonly JobView[]> {
    await Promise.resolve();
    this.#assertOpen();
    return this.#jobs.all
      .map(({ number, id, kind, state, attempt, queuedAtMs, finishedAtMs, failure }) => {
        const progress = this.#runner.progressOf(number) ?? null;
        return { id, kind, state, attempt, queuedAtMs, finishedAtMs, progress, failure };
      })
      .reverse();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#schedules.clear();
    await this.#runner.stop();
    await this.#keeper.close();
  }

  #assertOpen(): void {
    if (this.#runner.isStopping) fail('ERR_STORE_UNAVAILABLE', { store: 'bus' });
  }

  /** One after the other for each id, so that nobody is told of a duplicate of a job that could not be kept. */
  #queueOnce(
    job: NewJob & { readonly id: string },
    absorbing: readonly JobRecord['state'][],
  ): Promise<'queued' | 'duplicate'> {
    return this.#turns.take(`${job.kind} ${job.id}`, async () => {
      if (this.#jobs.find(job.kind, job.id, absorbing) !== undefined) return 'duplicate';
      await this.#queue(job);
      return 'queued';
    });
  }

  async #queue({ kind, id, data, delayMs, attemptsMax }: NewJob): Promise<void> {
    const { waitingMax } = this.#options;
    if (this.#jobs.count('waiting') + this.#coming >= waitingMax) {
      fail('ERR_LIMIT_REACHED', { limit: waitingMax, what: 'waiting jobs' });
    }
    const queuedAtMs = this.#clock.realtimeMs();
    const number = this.#jobs.takeNumber();
    const job: JobRecord = {
      number,
      kind,
      id: id ?? String(number),
      data,
      attemptsMax,
      state: 'waiting',
      attempt: 0,
      queuedAtMs,
      startAtMs: queuedAtMs + delayMs,
      finishedAtMs: null,
      failure: null,
    };
    this.#runner.rest(number, delayMs);
    this.#coming += 1;
    try {
      await this.#keeper.commit({ type: 'job', job });
    } catch (error) {
      this.#runner.rest(number, 0);
      throw error;
    } finally {
      this.#coming -= 1;
    }
    this.#runner.dispatch();
  }

  /** A run that still waits absorbs the next. */
  async #runSchedule(name: string): Promise<void> {
    const schedule = this.#jobs.schedules.get(name);
    if (schedule === undefined || this.#runner.isStopping) return;
    const { kind, data } = schedule;
    try {
      await this.#queueOnce({ kind, id: name, data, delayMs: 0, attemptsMax: ATTEMPTS_DEFAULT }, [
        'waiting',
      ]);
    } catch (err) {
      if (codeOf(err) === undefined) throw err;
      this.#log.warn({ err, schedule: name }, 'scheduled job not queued');
    }
  }
}

interface NewJob {
  readonly kind: JobKind;
  readonly id?: string;
  readonly data: Json;
  readonly delayMs: number;
  readonly attemptsMax: number;
}
