import type { Cancel, Clock } from '../clock/port.js';
import { codeOf } from '../errors.js';
import type { Log } from '../log.js';
import { messageOf } from '../text.js';
import type { JobChange, JobRecord, Jobs } from './jobs.js';
import type { Handler, JobKind, Progress } from './port.js';

/** Where the changes of the jobs go; a change is made when it is kept. */
export interface JobKeeper {
  /** @throws ERR_STORE_UNAVAILABLE, ERR_STORE_AMBIGUOUS */
  commit(change: JobChange): Promise<void>;
  close(): Promise<void>;
}

export interface RunnerParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly jobs: Jobs;
  readonly keeper: JobKeeper;
}

export interface RunnerOptions {
  /** Before the second attempt; doubled before each further one, up to `pauseMaxMs`. */
  readonly pauseMs: number;
  readonly pauseMaxMs: number;
}

interface Worker {
  readonly handle: Handler;
  readonly concurrency: number;
  running: number;
}

/**
 * Hands jobs to their handlers.
 *
 *   waiting ──▶ running ──▶ done
 *      ▲           │└─────▶ failed    (the last attempt threw)
 *      └───────────┘                  (an attempt threw; or the runner stopped, which is no attempt)
 *
 * Each arrow is kept before it counts, so a job whose process died is found running by the next process, and
 * waits again there – or has failed, if that was its last attempt.
 */
export class Runner {
  readonly #parts: RunnerParts;
  readonly #options: RunnerOptions;
  readonly #workers = new Map<JobKind, Worker>();
  /** By number: monotonic time at which a waiting job may start. Absent: at once. */
  readonly #readyAtMs = new Map<number, number>();
  /** Jobs that are about to start, run or are about to end. */
  readonly #busy = new Map<number, Promise<void>>();
  readonly #progress = new Map<number, Progress>();
  readonly #stopping = new AbortController();
  #cancelWake: Cancel | undefined;

  constructor(parts: RunnerParts, options: RunnerOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  get isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Takes up what an earlier process left. @throws ERR_STORE_UNAVAILABLE, ERR_STORE_AMBIGUOUS */
  async resume(): Promise<void> {
    const { clock, jobs, keeper } = this.#parts;
    for (const found of jobs.all) {
      const job = found.state === 'running' ? this.#after(found, 'its process died') : found;
      if (job !== found) await keeper.commit({ type: 'job', job });
      const { state, number, startAtMs, queuedAtMs } = job;
      // A clock that was put back must not make a job rest for longer than it was told to.
      const restMs = Math.min(startAtMs - clock.realtimeMs(), startAtMs - queuedAtMs);
      if (state === 'waiting') this.rest(number, restMs);
    }
  }

  hasHandler(kind: JobKind): boolean {
    return this.#workers.has(kind);
  }

  handle(kind: JobKind, handle: Handler, concurrency: number): void {
    this.#workers.set(kind, { handle, concurrency, running: 0 });
    this.dispatch();
  }

  /** How far a running job says that it is. */
  progressOf(number: number): Progress | undefined {
    return this.#progress.get(number);
  }

  /** A job does not start before so long. */
  rest(number: number, delayMs: number): void {
    const nowMs = this.#parts.clock.monotonicMs();
    if (delayMs > 0) this.#readyAtMs.set(number, nowMs + delayMs);
    else this.#readyAtMs.delete(number);
  }

  /** Starts what may start, and sees to it that this is called again when more may. */
  dispatch(): void {
    this.#cancelWake?.();
    this.#cancelWake = undefined;
    if (this.isStopping) return;
    const { clock, jobs } = this.#parts;
    const nowMs = clock.monotonicMs();
    let wakeAtMs = Infinity;
    for (const job of jobs.all) {
      const worker = this.#workers.get(job.kind);
      if (job.state !== 'waiting' || worker === undefined || this.#busy.has(job.number)) continue;
      const readyAtMs = this.#readyAtMs.get(job.number) ?? nowMs;
      if (readyAtMs > nowMs) wakeAtMs = Math.min(wakeAtMs, readyAtMs);
      else if (worker.running < worker.concurrency) this.#start(job, worker);
    }
    if (wakeAtMs === Infinity) return;
    this.#cancelWake = clock.after(wakeAtMs - nowMs, () => {
      this.dispatch();
    });
  }

  /** Tells the running jobs to end, and waits until they have. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the bus closes'));
    this.#cancelWake?.();
    await Promise.all(this.#busy.values());
  }

  #start(job: JobRecord, worker: Worker): void {
    this.#readyAtMs.delete(job.number);
    worker.running += 1;
    const run = this.#run(job, worker.handle).finally(() => {
      worker.running -= 1;
      this.#busy.delete(job.number);
      this.dispatch();
    });
    this.#busy.set(job.number, run);
  }

  async #run(waiting: JobRecord, handle: Handler): Promise<void> {
    const job: JobRecord = { ...waiting, state: 'running', attempt: waiting.attempt + 1 };
    if (!(await this.#keep(job))) return;
    const failure = await this.#attempt(job, handle);
    this.#progress.delete(job.number);
    const after = this.#after(job, failure);
    this.rest(job.number, after.startAtMs - this.#parts.clock.realtimeMs());
    await this.#keep(after);
  }

  /** Why the attempt failed; null: it did not. */
  async #attempt(
    { number, id, kind, data, attempt }: JobRecord,
    handle: Handler,
  ): Promise<string | null> {
    const { log, jobs } = this.#parts;
    const progress = (report: Progress): void => {
      if (jobs.get(number)?.state === 'running') this.#progress.set(number, report);
    };
    try {
      await handle({ id, kind, data, attempt, signal: this.#stopping.signal, progress });
      return null;
    } catch (err) {
      log.warn({ err, job: id, kind, attempt }, 'job failed');
      return messageOf(err);
    }
  }

  /** What an attempt leaves: the end of the job, unless it may be tried again. */
  #after(job: JobRecord, failure: string | null): JobRecord {
    const nowMs = this.#parts.clock.realtimeMs();
    if (failure === null) return { ...job, state: 'done', finishedAtMs: nowMs, failure };
    if (this.isStopping) return { ...job, state: 'waiting', attempt: job.attempt - 1 };
    if (job.attempt >= job.attemptsMax) {
      return { ...job, state: 'failed', finishedAtMs: nowMs, failure };
    }
    const { pauseMs, pauseMaxMs } = this.#options;
    const delayMs = Math.min(pauseMs * 2 ** (job.attempt - 1), pauseMaxMs);
    return { ...job, state: 'waiting', startAtMs: nowMs + delayMs, failure };
  }

  /**
   * Until it is kept; meanwhile the job has its place among the running. False: the runner stops, and the job
   * is as it was.
   */
  async #keep(job: JobRecord): Promise<boolean> {
    const { clock, log, keeper } = this.#parts;
    for (;;) {
      try {
        await keeper.commit({ type: 'job', job });
        return true;
      } catch (err) {
        if (codeOf(err) === undefined) throw err;
        log.warn({ err, job: job.id, kind: job.kind }, 'job not kept');
        if (this.isStopping) return false;
        await clock.sleep(this.#options.pauseMs, this.#stopping.signal).catch(() => undefined);
      }
    }
  }
}
