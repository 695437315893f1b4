import { strict as assert } from 'node:assert';
import type { Cancel, Clock } from '../clock/port.js';
import { codeOf, fail } from '../errors.js';
import type { Json } from '../json.js';
import type { Log } from '../log.js';
import { messageOf } from '../text.js';
import { Turns } from '../turns.js';
import type { JobChange, JobRecord, Jobs } from './jobs.js';
import type { Bus, EnqueueOptions, Handler, JobKind, JobView, Progress, When } from './port.js';
import { Schedules } from './schedules.js';

export interface LocalBusOptions {
  /** Jobs that wait; more are refused. */
  readonly waitingMax?: number;
  readonly schedulesMax?: number;
  /** Of the data of one job, as JSON. */
  readonly dataBytesMax?: number;
  /** Before the second attempt; doubled before each further one, up to `pauseMaxMs`. */
  readonly pauseMs?: number;
  readonly pauseMaxMs?: number;
}

/** Where the changes of the jobs go; a change is made when it is kept. */
export interface JobKeeper {
  /** @throws ERR_STORE_UNAVAILABLE, ERR_STORE_AMBIGUOUS */
  commit(change: JobChange): Promise<void>;
  close(): Promise<void>;
}

interface Worker {
  readonly handle: Handler;
  readonly concurrency: number;
  running: number;
}

const ID_LENGTH_MAX = 256;
const ATTEMPTS_MAX = 100;

/**
 * A bus inside one process: what its two engines share.
 *
 *   waiting ──▶ running ──▶ done
 *      ▲           │└─────▶ failed    (the last attempt threw)
 *      └───────────┘                  (an attempt threw; or the bus closed, which is no attempt)
 *
 * Each arrow is kept before it counts, so a job whose process died is found running by the next process, and
 * waits again there – or has failed, if that was its last attempt.
 */
export class LocalBus implements Bus {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #jobs: Jobs;
  readonly #keeper: JobKeeper;
  readonly #options: Required<LocalBusOptions>;
  readonly #schedules: Schedules;
  readonly #workers = new Map<JobKind, Worker>();
  readonly #turns = new Turns<string>();
  /** By number: monotonic time at which a waiting job may start. Absent: at once. */
  readonly #readyAtMs = new Map<number, number>();
  /** Jobs that are about to start, run or are about to end. */
  readonly #busy = new Set<number>();
  readonly #runs = new Set<Promise<void>>();
  readonly #progress = new Map<number, Progress>();
  readonly #closing = new AbortController();
  /** Jobs whose making is not kept yet. */
  #coming = 0;
  #cancelWake: Cancel | undefined;
  #closed: Promise<void> | undefined;

  constructor(
    { clock, log, jobs, keeper }: { clock: Clock; log: Log; jobs: Jobs; keeper: JobKeeper },
    options: LocalBusOptions = {},
  ) {
    this.#clock = clock;
    this.#log = log;
    this.#jobs = jobs;
    this.#keeper = keeper;
    this.#options = {
      waitingMax: 1000,
      schedulesMax: 100,
      dataBytesMax: 64 << 10,
      pauseMs: 1000,
      pauseMaxMs: 300_000,
      ...options,
    };
    this.#schedules = new Schedules(clock, (name) => this.#runSchedule(name));
  }

  /** Takes up what an earlier process left. */
  async resume(): Promise<void> {
    for (const found of this.#jobs.all) {
      const job = found.state === 'running' ? this.#after(found, 'its process died') : found;
      if (job !== found) await this.#keeper.commit({ type: 'job', job });
      // A clock that was put back must not make a job rest for longer than it was told to.
      const restMs = Math.min(
        job.startAtMs - this.#clock.realtimeMs(),
        job.startAtMs - job.queuedAtMs,
      );
      if (job.state === 'waiting') this.#rest(job.number, restMs);
    }
    for (const { name, when } of this.#jobs.schedules.values()) this.#schedules.set(name, when);
  }

  async work(
    kind: JobKind,
    handle: Handler,
    { concurrency = 1 }: { readonly concurrency?: number } = {},
  ): Promise<void> {
    await Promise.resolve();
    this.#assertOpen();
    assert.ok(!this.#workers.has(kind), 'a kind of job has one handler');
    assert.ok(Number.isInteger(concurrency) && concurrency >= 1, 'concurrency is 1 or more');
    this.#workers.set(kind, { handle, concurrency, running: 0 });
    this.#dispatch();
  }

  async enqueue(
    kind: JobKind,
    data: Json,
    options: EnqueueOptions = {},
  ): Promise<'queued' | 'duplicate'> {
    const { id, delayMs = 0, attemptsMax = 3 } = options;
    assert.ok(delayMs >= 0 && Number.isFinite(delayMs), 'a delay is not negative');
    assert.ok(attemptsMax >= 1 && attemptsMax <= ATTEMPTS_MAX, 'a job has 1 to 100 attempts');
    this.#assertOpen();
    const kept = this.#keptData(data);
    if (id === undefined) {
      await this.#queue({ kind, data: kept, delayMs, attemptsMax });
      return 'queued';
    }
    checkId(id);
    return this.#queueOnce({ kind, id, data: kept, delayMs, attemptsMax }, ['waiting', 'running']);
  }

  async schedule(name: string, when: When, kind: JobKind, data: Json): Promise<void> {
    this.#assertOpen();
    const kept = this.#keptData(data);
    this.#schedules.check(when);
    checkId(name);
    const { schedulesMax } = this.#options;
    if (!this.#jobs.schedules.has(name) && this.#jobs.schedules.size >= schedulesMax) {
      fail('ERR_LIMIT_REACHED', { limit: schedulesMax, what: 'schedules' });
    }
    await this.#keeper.commit({ type: 'schedule', schedule: { name, when, kind, data: kept } });
    if (!this.#isClosing) this.#schedules.set(name, when);
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
        const progress = this.#progress.get(number) ?? null;
        return { id, kind, state, attempt, queuedAtMs, finishedAtMs, progress, failure };
      })
      .reverse();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort(new Error('the bus closes'));
    this.#cancelWake?.();
    this.#schedules.clear();
    await Promise.all(this.#runs);
    await this.#keeper.close();
  }

  get #isClosing(): boolean {
    return this.#closing.signal.aborted;
  }

  #assertOpen(): void {
    if (this.#isClosing) fail('ERR_STORE_UNAVAILABLE', { store: 'bus' });
  }

  #keptData(data: Json): Json {
    const { dataBytesMax } = this.#options;
    const text = JSON.stringify(data);
    if (Buffer.byteLength(text) > dataBytesMax) {
      fail('ERR_LIMIT_REACHED', { limit: dataBytesMax, what: 'bytes of data a job' });
    }
    return JSON.parse(text) as Json;
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
    this.#rest(number, delayMs);
    this.#coming += 1;
    try {
      await this.#keeper.commit({ type: 'job', job });
    } catch (error) {
      this.#readyAtMs.delete(number);
      throw error;
    } finally {
      this.#coming -= 1;
    }
    this.#dispatch();
  }

  /** A run that still waits absorbs the next. */
  async #runSchedule(name: string): Promise<void> {
    const schedule = this.#jobs.schedules.get(name);
    if (schedule === undefined || this.#isClosing) return;
    const { kind, data } = schedule;
    try {
      await this.#queueOnce({ kind, id: name, data, delayMs: 0, attemptsMax: 3 }, ['waiting']);
    } catch (err) {
      if (codeOf(err) === undefined) throw err;
      this.#log.warn({ err, schedule: name }, 'scheduled job not queued');
    }
  }

  /** Starts what may start, and sees to it that this is called again when more may. */
  #dispatch(): void {
    this.#cancelWake?.();
    this.#cancelWake = undefined;
    if (this.#isClosing) return;
    const nowMs = this.#clock.monotonicMs();
    let wakeAtMs = Infinity;
    for (const job of this.#jobs.all) {
      const worker = this.#workers.get(job.kind);
      if (job.state !== 'waiting' || worker === undefined || this.#busy.has(job.number)) continue;
      const readyAtMs = this.#readyAtMs.get(job.number) ?? nowMs;
      if (readyAtMs > nowMs) wakeAtMs = Math.min(wakeAtMs, readyAtMs);
      else if (worker.running < worker.concurrency) this.#start(job, worker);
    }
    if (wakeAtMs === Infinity) return;
    this.#cancelWake = this.#clock.after(wakeAtMs - nowMs, () => {
      this.#dispatch();
    });
  }

  #start(job: JobRecord, worker: Worker): void {
    this.#busy.add(job.number);
    this.#readyAtMs.delete(job.number);
    worker.running += 1;
    const run = this.#run(job, worker.handle).finally(() => {
      worker.running -= 1;
      this.#busy.delete(job.number);
      this.#runs.delete(run);
      this.#dispatch();
    });
    this.#runs.add(run);
  }

  async #run(waiting: JobRecord, handle: Handler): Promise<void> {
    const job: JobRecord = { ...waiting, state: 'running', attempt: waiting.attempt + 1 };
    if (!(await this.#keep(job))) return;
    const failure = await this.#attempt(job, handle);
    this.#progress.delete(job.number);
    const after = this.#after(job, failure);
    this.#rest(job.number, after.startAtMs - this.#clock.realtimeMs());
    await this.#keep(after);
  }

  /** Why the attempt failed; null: it did not. */
  async #attempt(
    { number, id, kind, data, attempt }: JobRecord,
    handle: Handler,
  ): Promise<string | null> {
    const progress = (report: Progress): void => {
      if (this.#jobs.get(number)?.state === 'running') this.#progress.set(number, report);
    };
    try {
      await handle({ id, kind, data, attempt, signal: this.#closing.signal, progress });
      return null;
    } catch (err) {
      this.#log.warn({ err, job: id, kind, attempt }, 'job failed');
      return messageOf(err);
    }
  }

  /** What an attempt leaves: the end of the job, unless it may be tried again. */
  #after(job: JobRecord, failure: string | null): JobRecord {
    const nowMs = this.#clock.realtimeMs();
    if (failure === null) return { ...job, state: 'done', finishedAtMs: nowMs, failure };
    if (this.#isClosing) return { ...job, state: 'waiting', attempt: job.attempt - 1 };
    if (job.attempt >= job.attemptsMax) {
      return { ...job, state: 'failed', finishedAtMs: nowMs, failure };
    }
    const { pauseMs, pauseMaxMs } = this.#options;
    const delayMs = Math.min(pauseMs * 2 ** (job.attempt - 1), pauseMaxMs);
    return { ...job, state: 'waiting', startAtMs: nowMs + delayMs, failure };
  }

  #rest(number: number, delayMs: number): void {
    if (delayMs > 0) this.#readyAtMs.set(number, this.#clock.monotonicMs() + delayMs);
  }

  /**
   * Until it is kept; meanwhile the job has its place among the running. False: the bus closes, and the job
   * is as it was.
   */
  async #keep(job: JobRecord): Promise<boolean> {
    for (;;) {
      try {
        await this.#keeper.commit({ type: 'job', job });
        return true;
      } catch (err) {
        if (codeOf(err) === undefined) throw err;
        this.#log.warn({ err, job: job.id, kind: job.kind }, 'job not kept');
        if (this.#isClosing) return false;
        await this.#clock.sleep(this.#options.pauseMs, this.#closing.signal).catch(() => undefined);
      }
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

function checkId(id: string): void {
  if (id.length > ID_LENGTH_MAX) {
    fail('ERR_LIMIT_REACHED', { limit: ID_LENGTH_MAX, what: 'characters a job id' });
  }
}
