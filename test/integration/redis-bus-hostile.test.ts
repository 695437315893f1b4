import { afterEach, beforeEach, expect, it } from '@jest/globals';
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
 * runs every job that others were told is queued.
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

describeWith('redis-server')('a worker before a hostile Redis', () => {
  let redis: RedisServer;
  let front: RespServer;
  let log: RecordingLog;
  /** Through the front. */
  let bus: BullmqBus;
  /** Whom nobody disturbs. */
  let others: BullmqBus;

  beforeEach(async () => {
    redis = await RedisServer.start();
    front = await RespServer.start(redis.at);
    log = new RecordingLog();
    bus = await open(front);
    others = await open(redis, 5000);
  });

  afterEach(async () => {
    front.answer = () => null;
    await bus.close();
    await others.close();
    await front.stop();
    await redis.dispose();
  });

  function open({ at }: Pick<RedisServer, 'at'>, commandTimeoutMs = 1000): Promise<BullmqBus> {
    const options = { redis: { at, commandTimeoutMs }, prefix, lockMs: 2000, pauseMs: 50 };
    return BullmqBus.open({ clock, log }, options);
  }

  function sayToWork(answer: Answer): void {
    front.answer = ([name = '']) => (WORK.has(name.toUpperCase()) ? answer : null);
  }

  const said = (message: string): number => log.messages.filter((one) => one === message).length;

  async function work(): Promise<{ readonly ran: Json[]; readonly health: EngineHealth }> {
    const ran: Json[] = [];
    await bus.work(KIND, ({ data }) => {
      ran.push(data);
      return Promise.resolve(null);
    });
    const [worker] = bus.workers;
    if (worker === undefined) throw new Error('there is one');
    await until('it takes jobs', () => worker.health.ends.has('writes done'));
    return { ran, health: worker.health };
  }

  /** Others queue jobs for a worker that is in trouble; all are run once that is over. */
  async function trouble(
    code: ErrorCode,
    { begin, end }: { readonly begin: () => void; readonly end: () => void },
  ): Promise<EngineHealth> {
    const { ran, health } = await work();
    expect(health.fault).toBeUndefined();
    begin();
    for (const number of [1, 2, 3]) await others.enqueue(KIND, number, { attemptsMax: 1 });
    await until('its health says so', () => health.fault?.code === code);
    const { length } = front.heard;
    await clock.sleep(2000);
    expect(health.fault?.code).toBe(code);
    expect(front.heard.length - length).toBeLessThan(100);
    expect([said('worker disturbed'), said('worker takes jobs again')]).toEqual([1, 0]);
    end();
    await until('all jobs were run', () => new Set(ran).size === 3);
    await until('it is well', () => health.fault === undefined);
    expect([said('worker disturbed'), said('worker takes jobs again')]).toEqual([1, 1]);
    await until('all are done', async () =>
      (await others.jobs()).every(({ state }) => state === 'done'),
    );
    return health;
  }

  it.each(FAULTS)('that says: %s', async (_, answer, code) => {
    await trouble(code, {
      begin: () => {
        sayToWork(answer);
      },
      end: () => {
        front.answer = () => null;
      },
    });
  });

  it('that refuses in the middle of work is not asked without end, and what had not ended runs again', async () => {
    const gate = new Gate();
    const ran: Json[] = [];
    await bus.work(KIND, ({ data }) => {
      ran.push(data);
      return gate.opened;
    });
    for (const number of [1, 2, 3]) await others.enqueue(KIND, number, { attemptsMax: 1 });
    await until('it is at work', () => ran.length === 1);
    sayToWork("-OOM command not allowed when used memory > 'maxmemory'.\r\n");
    gate.open();
    await until('its health says so', () => bus.workers[0]?.health.fault !== undefined);
    const { length } = front.heard;
    await clock.sleep(2000);
    expect(front.heard.length - length).toBeLessThan(100);
    front.answer = () => null;
    await until('all jobs were run', () => ran.length === 4);
    expect([...ran].sort()).toEqual([1, 1, 2, 3]);
    await until('all are done', async () =>
      (await others.jobs()).every(({ state }) => state === 'done'),
    );
  });

  it('that says everything too late', async () => {
    const health = await trouble('ERR_REDIS_UNREACHABLE', {
      begin: () => {
        front.hold();
      },
      end: () => {
        front.goOn();
      },
    });
    expect(health.ends.get('writes timed-out')).toBeGreaterThan(0);
  });

  it.each(FAULTS)('whoever calls it hears %s in a code', async (_, answer, cause) => {
    sayToWork(answer);
    const isRefused = cause !== 'ERR_REDIS_UNREACHABLE' && cause !== 'ERR_REDIS_REFUSED';
    const ofWrites = isRefused ? 'ERR_STORE_UNAVAILABLE' : 'ERR_STORE_AMBIGUOUS';
    await expect(bus.unschedule('x')).rejects.toMatchObject({
      code: ofWrites,
      cause: { code: cause },
    });
    const codeOfRead = (): Promise<unknown> => bus.jobs().catch((error: unknown) => codeOf(error));
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
  });
});
