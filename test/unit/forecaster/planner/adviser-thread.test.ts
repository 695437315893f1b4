import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { WhatIfAsked } from '../../../../forecaster/planner/advice.js';
import { InlineAdviser } from '../../../../forecaster/planner/adviser.js';
import { AdviserThread } from '../../../../forecaster/planner/adviser-thread.js';
import { parseChange } from '../../../../forecaster/planner/change-text.js';
import type { PlanningInputs } from '../../../../forecaster/planner/inputs.js';
import { r, s } from '../../../support/names.js';
import { START_MS, inputsOf } from '../../../support/planner/inputs.js';

const SERVER = { capacity: { cpu: 10 } };

function fleet(needs: number): PlanningInputs {
  return inputsOf({
    servers: { s1: SERVER, s2: SERVER },
    resources: { a: { on: 's1', needs: { cpu: needs } }, b: { on: 's1', needs: { cpu: 5 } } },
  });
}

const INPUTS = fleet(6);
const LIVE = new AbortController().signal;
const MOVES = [{ resource: r('a'), source: s('s1'), target: s('s2'), since: null }];
const ABOUT_A = { resource: r('a'), nowMs: START_MS };
const about = (...changes: string[]): WhatIfAsked => ({
  changes: changes.map(parseChange),
  nowMs: START_MS,
});

let thread: AdviserThread;

beforeEach(() => {
  thread = new AdviserThread();
});

afterEach(() => thread.stop());

describe('the adviser in threads', () => {
  it('answers as the one in place does', async () => {
    const inline = new InlineAdviser();
    const asked = about('add s3 like s1');
    expect(await thread.whatIf(INPUTS, asked, LIVE)).toEqual(await inline.whatIf(INPUTS, asked));
    expect(await thread.explain(INPUTS, ABOUT_A, LIVE)).toEqual(
      await inline.explain(INPUTS, ABOUT_A),
    );
    expect(await thread.score(INPUTS, MOVES)).toEqual(await inline.score(INPUTS, MOVES));
    const nobody = { ...ABOUT_A, resource: r('z') };
    expect(await thread.explain(INPUTS, nobody, LIVE)).toBeUndefined();
  });

  it('is told a fleet once, and of another one before it is asked about that', async () => {
    const inputs = { ...INPUTS, servers: [...INPUTS.servers] };
    await thread.prepare(inputs);
    const score = await thread.score(inputs, MOVES);
    // Nobody may change inputs: here it shows that they were not sent again.
    inputs.servers.pop();
    expect(await thread.score(inputs, MOVES)).toEqual(score);
    const [first, second, third] = await Promise.all([
      thread.score(inputs, MOVES),
      thread.score(fleet(9), MOVES),
      thread.score(INPUTS, MOVES),
    ]);
    expect([first, third]).toEqual([score, score]);
    expect(second.analysis.score.plan.peak).toBeGreaterThan(0.8);
  });

  it('has no score wait for a search', async () => {
    const order: string[] = [];
    const searches = Array.from({ length: 12 }, async (_, at) => {
      await thread.whatIf(fleet(6 + at / 100), about('lose s2'), LIVE);
      order.push('search');
    });
    const score = thread.score(INPUTS, MOVES).then(() => order.push('score'));
    await Promise.all([...searches, score]);
    expect(order.at(-1)).toBe('search');
  });

  it('has no search wait until the thread for searches has planned the fleet as it is', async () => {
    const ids = Array.from({ length: 8 }, (_, at) => `s${at}`);
    const inputs = inputsOf({
      servers: Object.fromEntries(ids.map((id) => [id, SERVER])),
      // Much too much for all of them: the fleet as it is takes long, one with a lost server less.
      resources: Object.fromEntries(
        Array.from({ length: 80 }, (_, at) => {
          const on = ids[at % 8]!;
          return [`r${at}`, { on, needs: { cpu: 1 + ((at * 7) % 11) / 10 } }];
        }),
      ),
    });
    // Both threads that plan live.
    await thread.plan(INPUTS);
    await thread.planForSearches(INPUTS);
    await thread.plan(inputs);
    const order: string[] = [];
    const planned = thread.planForSearches(inputs).then(() => order.push('planned'));
    for (const id of ids) {
      await thread.whatIf(inputs, about(`lose ${id}`), LIVE);
      order.push(id);
    }
    await planned;
    // One that waited would be after it; how many are before it is up to the scheduler.
    expect(order.indexOf('planned')).toBeGreaterThan(0);
  });

  it('answers the same beside and after its rehearsal', async () => {
    const inline = new InlineAdviser();
    await thread.plan(INPUTS);
    const rehearsed = thread.planForSearches(INPUTS);
    for (const change of ['lose s1', 'remove s1', 'resize s1 cpu=8']) {
      const expected = await inline.whatIf(INPUTS, about(change));
      expect(await thread.whatIf(INPUTS, about(change), LIVE)).toEqual(expected);
    }
    await rehearsed;
    const expected = await inline.whatIf(INPUTS, about('lose s2'));
    expect(await thread.whatIf(INPUTS, about('lose s2'), LIVE)).toEqual(expected);
  });

  it('does not answer who has gone, and then the next', async () => {
    const gone = new AbortController();
    const first = thread.explain(INPUTS, ABOUT_A, gone.signal);
    const second = thread.explain(INPUTS, ABOUT_A, LIVE);
    gone.abort(new Error('the client has gone'));
    await expect(first).rejects.toThrow('the client has gone');
    expect((await second)?.verdict).toBe('moves');
  });

  it('goes on after its threads ended: others are told the fleet anew', async () => {
    const score = await thread.score(INPUTS, MOVES);
    const explanation = await thread.explain(INPUTS, ABOUT_A, LIVE);
    await thread.stop();
    expect(await thread.score(INPUTS, MOVES)).toEqual(score);
    expect(await thread.explain(INPUTS, ABOUT_A, LIVE)).toEqual(explanation);
  });

  it('refuses a question beyond those that may wait', async () => {
    const gone = new AbortController();
    const waiting = Array.from({ length: 16 }, () => thread.explain(INPUTS, ABOUT_A, gone.signal));
    await expect(thread.explain(INPUTS, ABOUT_A, LIVE)).rejects.toMatchObject({
      code: 'ERR_ADVISER_BUSY',
    });
    gone.abort(new Error('the client has gone'));
    await Promise.allSettled(waiting);
    expect((await thread.explain(INPUTS, ABOUT_A, LIVE))?.verdict).toBe('moves');
  });

  it('says what cannot be planned with, and what cannot be changed', async () => {
    const broken = { ...INPUTS, servers: [...INPUTS.servers, ...INPUTS.servers] };
    await expect(thread.whatIf(broken, about(), LIVE)).rejects.toMatchObject({
      code: 'ERR_PLANNING_INVALID',
      facts: { what: 'server s1' },
    });
    await expect(thread.prepare(broken)).rejects.toMatchObject({ code: 'ERR_PLANNING_INVALID' });
    await expect(thread.whatIf(INPUTS, about('lose s9'), LIVE)).rejects.toMatchObject({
      code: 'ERR_SERVER_UNKNOWN',
      facts: { server: 's9' },
    });
  });

  it('answers about the former fleet while the next is planned, and then about that', async () => {
    const [former, next] = [fleet(6), { ...fleet(9), nowMs: START_MS + 1000 }];
    await thread.plan(former);
    const order: string[] = [];
    // In its turn before the answer, if it were the same thread's.
    const planned = thread.plan(next).then(() => order.push('planned'));
    const asked = { ...ABOUT_A, nowMs: START_MS + 2000 };
    const before = await thread.explain(former, asked, LIVE);
    order.push('answered');
    expect(before?.plannedAtMs).toBe(START_MS);
    await planned;
    expect(order).toEqual(['answered', 'planned']);
    await thread.planForSearches(next);
    // Nobody may change inputs: here it shows that neither thread has to be told them again.
    (next.servers as unknown[]).pop();
    const after = await thread.explain(next, asked, LIVE);
    expect(after).toMatchObject({ plannedAtMs: START_MS + 1000, demand: { cpu: 9 } });
    expect(after?.fits).toHaveLength(2);
    const found = await thread.whatIf(next, about('resize s2 cpu=8'), LIVE);
    expect(found.plannedAtMs).toBe(START_MS + 1000);
  });
});
