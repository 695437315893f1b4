import { afterEach, describe, expect, it } from '@jest/globals';
import type { Explained } from '../../../api/contract/explain.js';
import { explainSchema } from '../../../api/contract/explain.js';
import type { WhatIfAnswer } from '../../../api/contract/what-if.js';
import { whatIfSchema } from '../../../api/contract/what-if.js';
import { whatIfText } from '../../../cli/what-if-text.js';
import { Draft } from '../../../core/table-store/draft.js';
import { PAUSE } from '../../../core/table-store/records/plan.js';
import { ELIGIBLE } from '../../../core/table-store/records/server.js';
import { AdviserThread } from '../../../forecaster/planner/adviser-thread.js';
import type { Answer } from '../../support/api-front.js';
import { ApiFront, problemIn } from '../../support/api-front.js';
import { r, s } from '../../support/names.js';

let front: ApiFront;

afterEach(() => front.stop());

const start = async (...given: Parameters<typeof ApiFront.start>): Promise<void> => {
  front = await ApiFront.start(...given);
  await front.forecast({ a: 2, b: 1 });
};
const whatIf = (...changes: string[]): Promise<Answer> => {
  const query = changes.map((change) => `change=${encodeURIComponent(change)}`).join('&');
  return front.ask('GET', `/v1/what-if?${query}`);
};
const read = ({ status, text }: Answer): WhatIfAnswer => {
  expect({ status, text }).toMatchObject({ status: 200 });
  return whatIfSchema.strict().parse(JSON.parse(text));
};

describe('GET /v1/what-if', () => {
  it('says what would be if a server were lost, and changes nothing', async () => {
    await start();
    const { revision } = front.plane.view;
    const answer = read(await whatIf('lose s1'));
    expect(answer).toMatchObject({
      headline:
        'If s1 were lost: 1 move would follow; the fullest server would peak at 75 % instead of 25 %.',
      asIs: 'the fullest server peaks at 50 %',
      nothing: 'the fullest server peaks at 25 %; 1 resource without a server to stay on',
      avoided: ['1 resource without a server to stay on'],
      left: [],
      moves: [
        { resource: 'a', source: 's1', target: 's2', text: 'a goes from s1 to s2: s1 is lost.' },
      ],
      scores: { asIs: { misplaced: 0 }, nothing: { misplaced: 1 }, plan: { misplaced: 0 } },
    });
    await front.plane.view.sync();
    expect(front.plane.view.revision).toBe(revision);
    expect(whatIfText(answer, { isVerbose: false })).toBe(
      [
        'If s1 were lost: 1 move would follow; the fullest server would peak at 75 % instead of 25 %.',
        '  as it is    the fullest server peaks at 50 %',
        '  if nothing  the fullest server peaks at 25 %; 1 resource without a server to stay on',
        '  with plan   the fullest server peaks at 75 %',
        '  avoided: 1 resource without a server to stay on',
        '  ~ a goes from s1 to s2: s1 is lost.',
      ].join('\n'),
    );
  });

  it('tries several changes together, and names the smallest thing in the way', async () => {
    await start();
    const answer = read(await whatIf('lose s1', 'resize s2 cpu=2'));
    expect(answer.headline).toMatch(/^If s1 were lost and s2 had 2 cores: 1 move would follow;/);
    expect(answer.left[0]).toMatch(/^s2 would reach 150 % of its CPU, over it from /);
    expect(answer.blocked).toEqual(['0.5 servers more are needed (cpu)']);
    const helped = read(await whatIf('lose s1', 'resize s2 cpu=2', 'add s9 cpu=4'));
    expect([helped.left, helped.blocked]).toEqual([[], []]);
  });

  it('plans although balancing is paused, and says that nothing of it would be done', async () => {
    await start();
    const pause = { by: 'ann', reason: '', sinceMs: 0 };
    await front.plane.write(new Draft().put(PAUSE, 'current', pause));
    const answer = read(await whatIf('resize s1 cpu=1'));
    expect(answer.moves).toHaveLength(1);
    expect(answer.notes).toEqual(['Balancing is paused: nothing of this would be done.']);
  });

  it.each([
    ['explode s1', 400, 'ERR_CHANGE_INVALID'],
    ['add s1 cpu=4', 400, 'ERR_CHANGE_INVALID'],
    ['lose s9', 404, 'ERR_SERVER_UNKNOWN'],
    ['move z s1', 404, 'ERR_RESOURCE_UNKNOWN'],
    ['lose s$', 400, 'ERR_NAME_INVALID'],
    ['', 400, 'ERR_REQUEST_INVALID'],
    [`lose ${'s'.repeat(400)}`, 400, 'ERR_REQUEST_INVALID'],
  ])('refuses "%s" by %i %s', async (change, status, code) => {
    await start();
    const answer = await whatIf(change);
    expect({ status: answer.status, code: problemIn(answer).code }).toEqual({ status, code });
  });

  it('refuses too many changes, and a key that there is not', async () => {
    await start();
    expect(problemIn(await whatIf(...Array<string>(17).fill('lose s1'))).code).toBe(
      'ERR_REQUEST_INVALID',
    );
    expect(problemIn(await front.ask('GET', '/v1/what-if?chnge=lose%20s1')).detail).toContain(
      'chnge',
    );
  });

  it('needs a forecast', async () => {
    front = await ApiFront.start();
    expect(problemIn(await whatIf('lose s1')).code).toBe('ERR_NO_FORECAST');
  });

  it('is for every viewer, and for nobody unknown', async () => {
    await start({ login: 'token', revoked: [] });
    expect((await whatIf('lose s1')).status).toBe(401);
    const headers = { authorization: `Bearer ${front.token('viewer')}` };
    const path = '/v1/what-if?change=lose%20s1';
    expect(read(await front.ask('GET', path, { headers })).moves).toHaveLength(1);
  });

  it('is answered the same by a thread of its own', async () => {
    await start();
    const inline = read(await whatIf('lose s1'));
    await front.stop();
    await start(undefined, { adviser: new AdviserThread() });
    expect(read(await whatIf('lose s1'))).toEqual(inline);
  });
});

describe('GET /v1/explain/:resource?on=', () => {
  const explain = async (on: string): Promise<Explained> => {
    const { status, text } = await front.ask('GET', `/v1/explain/a?on=${on}`);
    expect({ status, text }).toMatchObject({ status: 200 });
    return explainSchema.strict().parse(JSON.parse(text));
  };

  it('says how it would fit there, and what would be', async () => {
    await start();
    const { on, fits } = await explain('s2');
    expect(on).toMatchObject({
      server: 's2',
      fit: expect.stringMatching(/^s2: yes, has room; peak with it 75 % of its CPU/),
      whatIf: {
        headline: expect.stringMatching(/^If a were on s2: nothing would be moved\./),
        asIs: 'the fullest server peaks at 50 %',
        nothing: 'the fullest server peaks at 75 %',
        notes: [],
      },
    });
    expect(fits).toContain(on?.fit);
  });

  it('asks the same question as what-if does, in the same words', async () => {
    await start();
    expect((await explain('s2')).on?.whatIf).toEqual(read(await whatIf('move a s2')));
  });

  it('says that the server may not serve it now', async () => {
    await start();
    await front.plane.write(new Draft().put(ELIGIBLE, s('s2'), { resources: [r('b')] }));
    const { on } = await explain('s2');
    expect(on?.fit).toMatch(/^s2: no, may not serve it$/);
    expect(on?.whatIf?.notes).toEqual(['s2 may not serve a now.']);
  });

  it('says no more where it is, and knows no server that there is not', async () => {
    await start();
    expect((await explain('s1')).on).toMatchObject({ server: 's1', whatIf: null });
    const answer = await front.ask('GET', '/v1/explain/a?on=s9');
    expect(problemIn(answer).code).toBe('ERR_SERVER_UNKNOWN');
    const { text } = await front.ask('GET', '/v1/explain/a');
    expect((JSON.parse(text) as Explained).on).toBeNull();
  });
});
