import { expect, it } from '@jest/globals';
import { BullmqBus } from '../../core/bus/bullmq.js';
import { SystemClock } from '../../core/clock/system.js';
import type { EngineHealth } from '../../core/engine-health.js';
import type { ErrorCode } from '../../core/errors.js';
import { codeOf } from '../../core/errors.js';
import type { Json } from '../../core/json.js';
import { describeWith } from '../support/installed.js';
import { RecordingLog } from '../support/recording-log.js';
import { RedisServer } from '../support/redis-server.js';
import type { Answer } from '../support/resp-server.js';
import { DONE_THEN_CLOSED, RespServer } from '../support/resp-server.js';
import { Gate } from '../support/seen-jobs.js';
import { untilWithin } from '../support/until.js';

/*
 * A worker whose Redis answers with anything but a job: it says so once, asks again without haste, and once it is answered
 * runs every job that others were told is queued. What it waits for are its pauses and locks: several tests at a time.
 */

const clock = new SystemClock();
const until = untilWithin(40_000, { pauseMs: 10 });
const prefix = '{hostile}';
const KIND = 'train';
/** What BullMQ sends; the rest is of the connection. */
const WORK = new Set(['EVALSHA', 'EVAL', 'BZPOPMIN']);

const REFUSALS = [
  ['NOAUTH Authentication required.', 'ERR_REDIS_LOGIN'],
  ["NOPERM this user has no permissions to run the 'evalsha' command", 'ERR_REDIS_FORBIDDEN'],
  ["READONLY You can't write against a read only replica.", 'ERR_REDIS_READ_ONLY'],
  ["OOM command not allowed when used memory > 'maxmemory'.", 'ERR_REDIS_FULL'],
  ['MOVED 3999 127.0.0.1:6381', 'ERR_REDIS_CLUSTER'],
  ['LOADING Redis is loading the dataset in memory', 'ERR_REDIS_LOADING'],
  ['WRONGTYPE Operation against a key holding the wrong kind of value', 'ERR_REDIS_DATA'],
  ['ERR what', 'ERR_REDIS_REFUSED'],
] as const;

type Fault = readonly [name: string, answer: Answer, code: ErrorCode];

const FAULTS: readonly Fault[] = [
  ...REFUSALS.map(([said, code]): Fault => [said, `-${said}\r\n`, code]),
  ['half an answer', { thenClose: '*5\r\n$4\r\nst' }, 'ERR_REDIS_UNREACHABLE'],
  ['nothing more, once it was done', DONE_THEN_CLOSED, 'ERR_REDIS_UNREACHABLE'],
  ['another protocol', 'HTTP/1.1 400 Bad Request\r\n\r\n', 'ERR_REDIS_UNREACHABLE'],
];

interface Parts {
  readonly redis: RedisServer;
  readonly front: RespServer;
  readonly log: RecordingLog;
  readonly bus: BullmqBus;
  readonly others: BullmqBus;
}

/** A worker on a Redis of its own, behind a front that says what a test wants; and others, whom nobody disturbs. */
class Stage {
  readonly #redis: RedisServer;
  readonly front: RespServer;
  readonly log: RecordingLog;
  /** Through the front. */
  readonly bus: BullmqBus;
  readonly others: BullmqBus;

  private constructor(parts: Parts) {
    this.#redis = parts.redis;
    this.front = parts.front;
    this.log = parts.log;
    this.bus = parts.bus;
    this.others = parts.others;
  }

  static async open(): Promise<Stage> {
    const redis = await RedisServer.start();
    const front = await RespServer.start(redis.at);
    const log = new RecordingLog();
    const open = (
      { at }: Pick<RedisServer, 'at'>,
      commandTimeoutMs: number,
    ): Promise<BullmqBus> => {
      const options = { redis: { at, commandTimeoutMs }, prefix, lockMs: 2000, pauseMs: 50 };
      return BullmqBus.open({ clock, log }, options);
    };
    const [bus, others] = [await open(front, 1000), await open(redis, 5000)];
    return new Stage({ redis, front, log, bus, others });
  }

  async close(): Promise<void> {
    this.front.answer = () => null;
    await this.bus.close();
    await this.others.close();
    await this.front.stop();
    await this.#redis.dispose();
  }

  sayToWork(answer: Answer): void {
    this.front.answer = ([name = '']) => (WORK.has(name.toUpperCase()) ? answer : null);
  }

  /** How often the log said so. */
  said(message: string): number {
    return this.log.messages.filter((one) => one === message).length;
  }

  /** Others queue jobs for a worker that is in trouble; all are run once that is over. */
  async trouble(
    code: ErrorCode,
    { begin, end }: { readonly begin: () => void; readonly end: () => void },
  ): Promise<EngineHealth> {
    const { ran, health } = await this.#work();
    expect(health.fault).toBeUndefined();
    begin();
    for (const number of [1, 2, 3]) await this.others.enqueue(KIND, number, { attemptsMax: 1 });
    await until('its health says so', () => health.fault?.code === code);
    await this.isAskedWithoutHaste();
    expect(health.fault?.code).toBe(code);
    expect([this.said('worker disturbed'), this.said('worker takes jobs again')]).toEqual([1, 0]);
    end();
    await until('all jobs were run', () => new Set(ran).size === 3);
    await until('it is well', () => health.fault === undefined);
    expect([this.said('worker disturbed'), this.said('worker takes jobs again')]).toEqual([1, 1]);
    await this.untilAllAreDone();
    return health;
  }

  async isAskedWithoutHaste(): Promise<void> {
    const { length } = this.front.heard;
    await clock.sleep(2000);
    expect(this.front.heard.length - length).toBeLessThan(100);
  }

  untilAllAreDone(): Promise<void> {
    return until('all are done', async () =>
      (await this.others.jobs()).every(({ state }) => state === 'done'),
    );
  }

  async #work(): Promise<{ readonly ran: Json[]; readonly health: EngineHealth }> {
    const ran: Json[] = [];
    await this.bus.work(KIND, ({ data }) => {
      ran.push(data);
      return Promise.resolve(null);
    });
    const [worker] = this.bus.workers;
    if (worker === undefined) throw new Error('there is one');
    await until('it takes jobs', () => worker.health.ends.has('writes done'));
    return { ran, health: worker.health };
  }
}

async function onStage(play: (stage: Stage) => Promise<void>): Promise<void> {
  const stage = await Stage.open();
  try {
    await play(stage);
  } finally {
    await stage.close();
  }
}

describeWith('redis-server')('a worker before a hostile Redis', () => {
  it.concurrent.each(FAULTS)('that says: %s', (_, answer, code) =>
    onStage(async (stage) => {
      await stage.trouble(code, {
        begin: () => {
          stage.sayToWork(answer);
        },
        end: () => {
          stage.front.answer = () => null;
        },
      });
    }),
  );

  it.concurrent(
    'that refuses in the middle of work is not asked without end, and what had not ended runs again',
    () =>
      onStage(async (stage) => {
        const { bus, others, front } = stage;
        const gate = new Gate();
        const ran: Json[] = [];
        await bus.work(KIND, ({ data }) => {
          ran.push(data);
          return gate.opened;
        });
        for (const number of [1, 2, 3]) await others.enqueue(KIND, number, { attemptsMax: 1 });
        await until('it is at work', () => ran.length === 1);
        stage.sayToWork("-OOM command not allowed when used memory > 'maxmemory'.\r\n");
        gate.open();
        await until('its health says so', () => bus.workers[0]?.health.fault !== undefined);
        await stage.isAskedWithoutHaste();
        front.answer = () => null;
        await until('all jobs were run', () => ran.length === 4);
        expect([...ran].sort()).toEqual([1, 1, 2, 3]);
        await stage.untilAllAreDone();
      }),
  );

  it.concurrent('that says everything too late', () =>
    onStage(async (stage) => {
      const health = await stage.trouble('ERR_REDIS_UNREACHABLE', {
        begin: () => {
          stage.front.hold();
        },
        end: () => {
          stage.front.goOn();
        },
      });
      expect(health.ends.get('writes timed-out')).toBeGreaterThan(0);
    }),
  );

  it.concurrent.each(FAULTS)('whoever calls it hears %s in a code', (_, answer, cause) =>
    onStage(async (stage) => {
      const { bus, front } = stage;
      stage.sayToWork(answer);
      const isRefused = cause !== 'ERR_REDIS_UNREACHABLE' && cause !== 'ERR_REDIS_REFUSED';
      const ofWrites = isRefused ? 'ERR_STORE_UNAVAILABLE' : 'ERR_STORE_AMBIGUOUS';
      await expect(bus.unschedule('x')).rejects.toMatchObject({
        code: ofWrites,
        cause: { code: cause },
      });
      const codeOfRead = (): Promise<unknown> =>
        bus.jobs().catch((error: unknown) => codeOf(error));
      expect(await codeOfRead()).toBe('ERR_STORE_UNAVAILABLE');
      expect(bus.health.fault).toBeDefined();
      front.answer = () => null;
      const queue = (): Promise<boolean> =>
        bus.enqueue(KIND, 1).then(
          () => true,
          () => false,
        );
      await until('it goes on', queue);
      await until('it is well', () => bus.health.fault === undefined);
      expect(await bus.jobs()).toHaveLength(1);
    }),
  );
});
