import { WaitingError, Worker, createRedisBackend } from 'bullmq';
import type { Log } from '../log.js';
import type { Clock } from '../clock/port.js';
import type { Watched } from '../engine-health.js';
import { EngineHealth } from '../engine-health.js';
import { isTimeout, reasonOf } from '../redis/failure.js';
import type { RedisOptions } from '../redis/options.js';
import { nameOf } from '../redis/options.js';
import { PatientClient } from '../redis/patient-client.js';
import { messageOf } from '../text.js';
import type { Payload, Queued } from './bullmq-jobs.js';
import { jobOf } from './bullmq-jobs.js';
import { watchTaking } from './bullmq-taking.js';
import type { Handler, JobKind, Progress } from './port.js';
import type { RunnerOptions } from './runner.js';

export interface JobWorkerParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly handle: Handler;
  readonly repeatStrategy: (
    afterMs: number,
    options: { pattern?: string; tz?: string },
  ) => number | undefined;
}

export interface JobWorkerOptions extends RunnerOptions {
  readonly redis: RedisOptions;
  readonly prefix: string;
  readonly concurrency: number;
  /** A job whose worker was not heard of for so long is given to another. */
  readonly lockMs: number;
  /** Finished jobs that are remembered, of each end. */
  readonly finishedMax: number;
}

/** How often a job may lose its worker before it has failed. */
const LOSSES_MAX = 3;
/** How often in the time of a lock it is looked whether one has run out. */
const LOOKS_PER_LOCK = 4;
/** Before a worker that could not ask for a job asks again. */
const ASK_AGAIN_MS = 1000;
/** So long a worker that closes may tell Redis what it leaves. */
const GOODBYE_MS = 2000;

/** Takes jobs of one kind from BullMQ and hands them to their handler. */
export class JobWorker implements Watched {
  /** Whether it can take jobs. */
  readonly health: EngineHealth;
  readonly #kind: JobKind;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #redis: PatientClient;
  readonly #redisName: string;
  readonly #handle: Handler;
  readonly #worker: Worker<Payload, null>;
  readonly #stopping = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  #isDisturbed = false;

  constructor(kind: JobKind, parts: JobWorkerParts, options: JobWorkerOptions) {
    this.#kind = kind;
    this.#clock = parts.clock;
    this.health = new EngineHealth(`${kind} worker in Redis`, parts.clock);
    this.#redis = new PatientClient(options.redis);
    this.#redisName = nameOf(options.redis);
    this.#log = parts.log.child({ kind });
    this.#handle = parts.handle;
    const { prefix, concurrency, lockMs, finishedMax, pauseMs, pauseMaxMs } = options;
    this.#worker = new Worker<Payload, null>(
      kind,
      (job, token, signal) => this.#process(job, token, signal),
      {
        connection: this.#redis.client,
        prefix,
        concurrency,
        lockDuration: lockMs,
        stalledInterval: lockMs / LOOKS_PER_LOCK,
        maxStalledCount: LOSSES_MAX,
        runRetryDelay: ASK_AGAIN_MS,
        removeOnComplete: { count: finishedMax },
        removeOnFail: { count: finishedMax },
        settings: {
          backoffStrategy: (attempts) => Math.min(pauseMs * 2 ** (attempts - 1), pauseMaxMs),
          repeatStrategy: parts.repeatStrategy,
        },
      },
      (...how) =>
        watchTaking(createRedisBackend(...how), {
          answered: () => {
            this.#answered();
          },
          failed: (error) => this.#failed(error),
        }),
    );
    this.#worker.on('error', (err) => {
      this.#note(err);
    });
    this.#countLosses();
    // Somebody else may have been given the job by now.
    this.#worker.on('lockRenewalFailed', (ids) => {
      for (const id of ids) this.#worker.cancelJob(id, 'its lock was lost');
    });
    this.#worker.on('stalled', (id) => {
      this.#log.warn({ job: id }, 'job lost its worker');
    });
  }

  /** Resolves once jobs can come. */
  async ready(): Promise<void> {
    await this.#worker.waitUntilReady();
  }

  /** Tells running jobs to end, and waits until they have. */
  async close(): Promise<void> {
    // With no Redis to say goodbye to, it would wait for one.
    const isAlone = !this.#redis.isConnected;
    const closed = this.#worker.close(isAlone);
    this.#stopping.abort(new Error('the bus closes'));
    await Promise.all(this.#running);
    const goodbye = new AbortController();
    await Promise.race([closed, this.#clock.sleep(GOODBYE_MS, goodbye.signal).catch(ignore)]);
    goodbye.abort();
    this.#redis.disconnectAll();
  }

  #answered(): void {
    this.health.answered('writes');
    if (!this.#isDisturbed) return;
    this.#isDisturbed = false;
    this.#log.info({ redis: this.#redisName }, 'worker takes jobs again');
  }

  async #failed(error: unknown): Promise<void> {
    const { signal } = this.#stopping;
    // One that closes ends its own waiting.
    if (signal.aborted) return;
    const reason = reasonOf(error, this.#redisName);
    this.health.failed('writes', reason, isTimeout(error) ? 'timed-out' : undefined);
    this.#note(reason);
    await this.#clock.sleep(ASK_AGAIN_MS, signal).catch(ignore);
  }

  /** What disturbs a worker, it says again and again until jobs can be taken. */
  #note(err: unknown): void {
    const level = this.#isDisturbed || this.#stopping.signal.aborted ? 'debug' : 'warn';
    this.#isDisturbed = true;
    this.#log[level]({ err, redis: this.#redisName }, 'worker disturbed');
  }

  #countLosses(): void {
    const { client } = this.#redis;
    let isLost = true;
    client.on('ready', () => {
      isLost = false;
    });
    client.on('close', () => {
      if (isLost || this.#stopping.signal.aborted) return;
      isLost = true;
      this.health.connectionLost();
    });
  }

  #process(job: Queued, token?: string, lost?: AbortSignal): Promise<null> {
    const run = this.#run(job, token, lost);
    const over = run.then(ignore, ignore).finally(() => this.#running.delete(over));
    this.#running.add(over);
    return run;
  }

  async #run(job: Queued, token: string | undefined, lost: AbortSignal | undefined): Promise<null> {
    const { id, data } = jobOf(job);
    const attempt = job.attemptsMade + 1;
    const { signal: stopping } = this.#stopping;
    const signal = lost === undefined ? stopping : AbortSignal.any([stopping, lost]);
    const progress = (report: Progress): void => {
      job.updateProgress({ ...report }).catch((err: unknown) => {
        this.#log.debug({ err, job: id }, 'progress not kept');
      });
    };
    try {
      await this.#handle({ id, kind: this.#kind, data, attempt, signal, progress });
      return null;
    } catch (err) {
      this.#log.warn({ err, job: id, attempt }, 'job failed');
      if (!stopping.aborted) throw new Error(messageOf(err));
      // An attempt that was interrupted is none.
      await job.moveToWait(token);
      throw new WaitingError();
    }
  }
}

function ignore(): void {
  // BullMQ hears of it
}
