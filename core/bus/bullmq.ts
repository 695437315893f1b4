import { strict as assert } from 'node:assert';
import { randomUUID } from 'node:crypto';
import { Queue } from 'bullmq';
import type { Clock } from '../clock/port.js';
import type { EngineHealth, Watched } from '../engine-health.js';
import { codeOf, fail } from '../errors.js';
import { every } from '../every.js';
import type { Json } from '../json.js';
import type { Log } from '../log.js';
import type { RedisParts } from '../redis/connection.js';
import { RedisConnection } from '../redis/connection.js';
import type { RedisOptions } from '../redis/options.js';
import type { Payload } from './bullmq-jobs.js';
import { dueAtMs, viewOf } from './bullmq-jobs.js';
import type { StillSchedulesParts } from './bullmq-schedules.js';
import {
  StillSchedules,
  attemptsOf,
  nextRunMs,
  putSchedule,
  repeatOf,
} from './bullmq-schedules.js';
import { JobWorker } from './bullmq-worker.js';
import type { BusOptions } from './limits.js';
import {
  BUS_DEFAULTS,
  FINISHED_MAX,
  assertConcurrency,
  attemptsAsked,
  checkId,
  keptData,
} from './limits.js';
import type { Bus, EnqueueOptions, Handler, JobKind, JobView, When } from './port.js';
import { JOB_KINDS } from './port.js';
import { timetableOf } from './timetable.js';

export interface BullmqBusOptions extends BusOptions {
  readonly redis: RedisOptions;
  /** Buses of one Redis with different prefixes do not meet. */
  readonly prefix: string;
  /** A running job whose process was not heard of for so long runs again elsewhere. */
  readonly lockMs?: number;
}

type JobQueue = Queue<Payload, null>;

const NAME = 'bus in Redis';
/** BullMQ's log of what happened, which nobody here reads. */
const EVENTS_MAX = 100;
/** So often schedules are looked at that stand still. */
const LOOK_MS = 60_000;

/**
 * The bus of many processes, on BullMQ: one queue a kind. `concurrency` and the limits are those of all processes
 * together, though of calls that meet in several processes a few more may come in than the limit says.
 */
export class BullmqBus implements Bus, Watched {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #connection: RedisConnection;
  readonly #options: Required<BullmqBusOptions>;
  readonly #queues: ReadonlyMap<JobKind, JobQueue>;
  readonly #workers = new Map<JobKind, JobWorker>();
  readonly #schedules: StillSchedules;
  readonly #looking = new AbortController();
  readonly #looks: Promise<void>;
  #count = 0;
  #closed: Promise<void> | undefined;

  private constructor(
    { clock, log }: RedisParts,
    connection: RedisConnection,
    options: BullmqBusOptions,
  ) {
    this.#clock = clock;
    this.#log = log;
    this.#connection = connection;
    this.#options = {
      // A lost server's resources wait for the round that a dead forecaster held.
      lockMs: 10_000,
      ...BUS_DEFAULTS,
      ...options,
      prefix: `${options.prefix}:bus`,
    };
    this.#queues = new Map(JOB_KINDS.map((kind) => [kind, this.#makeQueue(kind)]));
    const call: StillSchedulesParts['call'] = (effect, send) => connection.call(effect, send);
    this.#schedules = new StillSchedules({ clock, log, call }, this.#options);
    const { signal } = this.#looking;
    this.#looks = every(clock, { everyMs: LOOK_MS, signal }, () => this.#renewSchedules());
  }

  get health(): EngineHealth {
    return this.#connection.health;
  }

  /** Each has connections of its own, on which it may be refused what others may do. */
  get workers(): readonly Watched[] {
    return [...this.#workers.values()];
  }

  /** @throws ERR_REDIS_…, ERR_STORE_UNAVAILABLE, ERR_STORE_AMBIGUOUS */
  static async open(parts: RedisParts, options: BullmqBusOptions): Promise<BullmqBus> {
    const connection = await RedisConnection.open(parts, NAME, options.redis);
    const bus = new BullmqBus(parts, connection, options);
    try {
      for (const queue of bus.#queues.values()) {
        await connection.call('writes', () => queue.waitUntilReady());
      }
      return bus;
    } catch (error) {
      await bus.close();
      throw error;
    }
  }

  /** For who shows them; whatever is to be done goes by the methods here. */
  get queues(): readonly JobQueue[] {
    return [...this.#queues.values()];
  }

  async work(
    kind: JobKind,
    handle: Handler,
    { concurrency = 1 }: { readonly concurrency?: number } = {},
  ): Promise<void> {
    this.#assertOpen();
    assert.ok(!this.#workers.has(kind), 'a kind of job has one handler');
    assertConcurrency(concurrency);
    await this.#write(() => this.#queueOf(kind).setGlobalConcurrency(concurrency));
    const worker = new JobWorker(
      kind,
      { clock: this.#clock, log: this.#log, handle, repeatStrategy: nextRunMs },
      { ...this.#options, concurrency, finishedMax: FINISHED_MAX },
    );
    this.#workers.set(kind, worker);
    await worker.ready();
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
    if (id !== undefined) checkId(id);
    const queue = this.#queueOf(kind);
    if (await this.#isFull(queue)) {
      const isThere = id !== undefined && (await this.#jobWith(queue, id)) !== null;
      if (isThere) return 'duplicate';
      const { waitingMax } = this.#options;
      fail('ERR_LIMIT_REACHED', { limit: waitingMax, what: `waiting jobs of kind ${kind}` });
    }
    const timestamp = this.#clock.realtimeMs();
    const jobId = this.#nextId(timestamp);
    const job = await this.#write(() =>
      queue.add(
        id ?? kind,
        { id: id ?? null, data: kept },
        {
          jobId,
          timestamp,
          delay: delayMs,
          ...(id !== undefined && { deduplication: { id } }),
          ...attemptsOf(attemptsMax),
        },
      ),
    );
    // BullMQ answers with the job that was there.
    return job.id === jobId ? 'queued' : 'duplicate';
  }

  async schedule(name: string, when: When, kind: JobKind, data: Json): Promise<void> {
    this.#assertOpen();
    const kept = keptData(data, this.#options);
    timetableOf(when);
    checkId(name);
    await this.#checkSchedules(kind, name);
    const schedule = { key: name, repeat: repeatOf(when), data: { id: name, data: kept } };
    await this.#write(() => putSchedule(this.#queueOf(kind), schedule));
    await this.#unschedule(
      name,
      JOB_KINDS.filter((other) => other !== kind),
    );
  }

  async unschedule(name: string): Promise<void> {
    this.#assertOpen();
    await this.#unschedule(name, JOB_KINDS);
  }

  async jobs(): Promise<readonly JobView[]> {
    this.#assertOpen();
    const found = await Promise.all(JOB_KINDS.map((kind) => this.#jobsOf(kind)));
    return found
      .flat()
      .sort(([a, { queuedAtMs: atA }], [b, { queuedAtMs: atB }]) => atB - atA || (a < b ? 1 : -1))
      .map(([, view]) => view);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#looking.abort();
    const closed = [...this.#workers.values()].map((worker) => worker.close());
    await Promise.all([...closed, this.#looks]);
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()));
    await this.#connection.close();
  }

  /** Looked at in the order in which jobs go, so that none slips through; the last sight of each counts. */
  async #jobsOf(kind: JobKind): Promise<[number: string, view: JobView][]> {
    const queue = this.#queueOf(kind);
    const nowMs = this.#clock.realtimeMs();
    const found = new Map<string, JobView>();
    for (const [types, state, max] of [
      [['waiting', 'prioritized', 'delayed'], 'waiting', this.#options.waitingMax],
      [['active'], 'running', this.#options.waitingMax],
      [['completed'], 'done', FINISHED_MAX],
      [['failed'], 'failed', FINISHED_MAX],
    ] as const) {
      const jobs = await this.#connection.call('reads', () =>
        queue.getJobs([...types], 0, max - 1),
      );
      for (const job of jobs) {
        const isToCome =
          state === 'waiting' && job.repeatJobKey !== undefined && dueAtMs(job) > nowMs;
        if (job.id !== undefined && !isToCome) found.set(job.id, viewOf(job, kind, state));
      }
    }
    return [...found];
  }

  async #isFull(queue: JobQueue): Promise<boolean> {
    const waiting = await this.#connection.call('reads', () =>
      queue.getJobCountByTypes('waiting', 'prioritized', 'delayed'),
    );
    return waiting >= this.#options.waitingMax;
  }

  #jobWith(queue: JobQueue, id: string): Promise<string | null> {
    return this.#connection.call('reads', () => queue.getDeduplicationJobId(id));
  }

  async #checkSchedules(kind: JobKind, name: string): Promise<void> {
    const { schedulesMax } = this.#options;
    const counts = await Promise.all(
      [...this.#queues.values()].map((queue) =>
        this.#connection.call('reads', () => queue.getJobSchedulersCount()),
      ),
    );
    if (counts.reduce((sum, count) => sum + count, 0) < schedulesMax) return;
    const known = await this.#connection.call('reads', () =>
      this.#queueOf(kind).getJobScheduler(name),
    );
    if (known === undefined) {
      fail('ERR_LIMIT_REACHED', { limit: schedulesMax, what: 'schedules' });
    }
  }

  /** By who runs them, and so by the clock that they go by. */
  async #renewSchedules(): Promise<void> {
    try {
      for (const kind of this.#workers.keys()) {
        await this.#schedules.renew(this.#queueOf(kind));
      }
    } catch (err) {
      if (codeOf(err) === undefined) throw err;
      this.#log.warn({ err }, 'schedules not looked at');
    }
  }

  async #unschedule(name: string, kinds: readonly JobKind[]): Promise<void> {
    await Promise.all(
      kinds.map((kind) => this.#write(() => this.#queueOf(kind).removeJobScheduler(name))),
    );
  }

  #write<Answer>(send: () => Promise<Answer>): Promise<Answer> {
    return this.#connection.call('writes', send);
  }

  #queueOf(kind: JobKind): JobQueue {
    const queue = this.#queues.get(kind);
    assert.ok(queue !== undefined, 'each kind has a queue');
    return queue;
  }

  #makeQueue(kind: JobKind): JobQueue {
    const queue: JobQueue = new Queue(kind, {
      connection: this.#connection.client,
      prefix: this.#options.prefix,
      streams: { events: { maxLen: EVENTS_MAX } },
      settings: { repeatStrategy: nextRunMs },
    });
    // The errors of the connection, once more for each queue; what is called fails by itself.
    queue.on('error', ignore);
    return queue;
  }

  /** Ascending within a process; of all processes none gives the same. */
  #nextId(timestamp: number): string {
    this.#count += 1;
    return `${timestamp}-${String(this.#count).padStart(9, '0')}-${randomUUID().slice(0, 8)}`;
  }

  #assertOpen(): void {
    if (this.#closed !== undefined) fail('ERR_STORE_UNAVAILABLE', { store: NAME });
  }
}

function ignore(): void {
  // the connection says it
}
