import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Problem } from '../../../console/frame/answers.js';
import { Live } from '../../../console/frame/live.js';
import { SimulatedClock } from '../../../core/clock/simulated.js';

const STATUS = { path: '/v1/status', restMs: 1000 };
const HEAT = { path: '/v1/heat-map', restMs: 30_000 };

let clock: SimulatedClock;
let asked: string[];
let answer: (path: string) => string;
let shown: number;
let live: Live;

function problem(status: number): Problem {
  return { status, code: '', detail: `status ${status}`, remedy: '' };
}

beforeEach(() => {
  clock = new SimulatedClock(0);
  asked = [];
  shown = 0;
  answer = (path) => JSON.stringify({ path, n: asked.length });
  live = new Live({
    ask: async (path) => {
      await Promise.resolve();
      asked.push(path);
      return answer(path);
    },
    problemIn: (error) => problem(Number((error as Error).message)),
    nowMs: () => clock.monotonicMs(),
    after: (ms, run) => clock.after(ms, run),
    onChange: () => {
      shown += 1;
    },
  });
});

/** Lets what is under way end. */
async function settle(): Promise<void> {
  await clock.advance(0);
}

describe('what a page reads', () => {
  it('is asked for once, and shown when it comes', async () => {
    live.follow([STATUS, HEAT]);
    live.follow([STATUS, HEAT]);
    await settle();
    expect(asked).toEqual([STATUS.path, HEAT.path]);
    expect(live.read(STATUS.path)).toEqual({ path: STATUS.path, n: 1 });
    expect(shown).toBe(2);
  });

  it('is asked for again at news, but not before its rest is over', async () => {
    live.follow([STATUS, HEAT]);
    await settle();
    asked = [];
    for (let news = 0; news < 20; news++) {
      live.news();
      await clock.advance(100);
    }
    await settle();
    expect(asked).toEqual([STATUS.path, STATUS.path]);
  });

  it('is asked for every few seconds without any news', async () => {
    live.follow([STATUS]);
    await settle();
    asked = [];
    await clock.advance(3900);
    expect(asked).toEqual([]);
    await clock.advance(200);
    expect(asked).toEqual([STATUS.path]);
  });

  it('is not asked for while nobody sees the page, and at once when somebody does', async () => {
    live.follow([STATUS]);
    await settle();
    asked = [];
    live.hide(true);
    await clock.advance(60_000);
    expect(asked).toEqual([]);
    live.hide(false);
    await settle();
    expect(asked).toEqual([STATUS.path]);
  });

  it('is not shown again if it is as it was', async () => {
    answer = () => '{"same":true}';
    live.follow([STATUS]);
    await settle();
    live.renew();
    await settle();
    expect({ asked: asked.length, shown }).toEqual({ asked: 2, shown: 1 });
  });

  it('stays what it was while the API is away, and says so until it answers again', async () => {
    live.follow([STATUS]);
    await settle();
    answer = () => {
      throw new Error('0');
    };
    live.renew();
    await settle();
    expect(live.read(STATUS.path)).toBeDefined();
    expect(live.problemOf(STATUS.path)).toBeUndefined();
    expect(live.fault).toEqual(problem(0));
    answer = () => '{}';
    await clock.advance(5000);
    expect(live.fault).toBeUndefined();
  });

  it('is gone when it is refused', async () => {
    live.follow([STATUS]);
    await settle();
    answer = () => {
      throw new Error('404');
    };
    live.renew();
    await settle();
    expect(live.read(STATUS.path)).toBeUndefined();
    expect(live.problemOf(STATUS.path)).toEqual(problem(404));
    expect(live.fault).toBeUndefined();
  });

  it('is found by how its question begins, the newest first', async () => {
    live.follow([{ path: '/v1/plans/1/score', restMs: 1000 }]);
    await settle();
    await clock.advance(10);
    live.follow([{ path: '/v1/plans/1/score?without=a', restMs: 1000 }]);
    await settle();
    expect(live.readLike('/v1/plans/1/score')).toMatchObject({
      path: '/v1/plans/1/score?without=a',
    });
    expect(live.readLike('/v1/plans/2')).toBeUndefined();
  });

  it('is bounded, the oldest questions are forgotten', async () => {
    for (let page = 0; page < 100; page++) {
      live.follow([{ path: `/v1/explain/r${page}`, restMs: 1000 }]);
      await settle();
    }
    expect(live.read('/v1/explain/r0')).toBeUndefined();
    expect(live.read('/v1/explain/r99')).toBeDefined();
  });

  it('is asked for no more once the session is over', async () => {
    live.follow([STATUS]);
    await settle();
    asked = [];
    live.end();
    live.news();
    await clock.advance(60_000);
    expect(asked).toEqual([]);
    expect(live.read(STATUS.path)).toBeUndefined();
  });
});
