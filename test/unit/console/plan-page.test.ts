import { describe, expect, it } from '@jest/globals';
import { at } from '../../../console/frame/address.js';
import { planPage } from '../../../console/pages/plan.js';
import type { Given } from '../../support/console-sight.js';
import {
  NOW,
  Seen,
  VIC,
  planAnswer,
  scoreAnswer,
  statusAnswer,
} from '../../support/console-sight.js';

function seen(given: Given & { readonly plan?: ReturnType<typeof planAnswer> }): Seen {
  const { plan = planAnswer(), answers = {}, ...rest } = given;
  return new Seen(planPage, {
    ...rest,
    answers: {
      '/v1/status': statusAnswer(),
      '/v1/plans': { plans: plan.status === 'proposed' ? [plan] : [] },
      '/v1/history?limit=30': { plans: [], acts: [] },
      [`/v1/plans/${plan.id}`]: plan,
      [`/v1/plans/${plan.id}/score`]: scoreAnswer(),
      ...answers,
    },
  });
}

describe('the page of a plan', () => {
  it('shows the plan that waits, though none is named, and asks how good it is now', () => {
    const page = seen({ address: at('plan') });
    expect(page.text).toContain('Plan 42');
    expect(page.text).toContain('waiting for 6 min · expires in 9 min · made on table 1.41');
    expect(page.paths).toContain('/v1/plans/42/score');
  });

  it('has how full servers are, get if nothing is done, and get with the plan', () => {
    expect(seen({ address: at('plan') }).text).toContain('s1 CPU 71 % 104 % ! 71 %');
  });

  it('asks anew for what stays when a move is unticked, and approves just that', () => {
    const first = seen({ address: at('plan') });
    first.tick('Move vol-2', false);
    expect(first.done.changed).toEqual([at('plan', [], { without: 'vol-2' })]);
    const path = '/v1/plans/42/score?without=vol-2';
    const then = seen({
      address: at('plan', [], { without: 'vol-2' }),
      answers: { [path]: scoreAnswer({ without: ['vol-2'], moves: 1 }) },
    });
    expect(then.paths).toContain(path);
    then.click('Approve 1 move');
    const [question] = then.done.asked;
    expect(question?.path).toBe('/v1/plans/42/approve');
    expect(question?.body({})).toEqual({ startAtMs: null, without: ['vol-2'] });
    then.tick('Move vol-2', true);
    expect(then.done.changed).toEqual([at('plan')]);
  });

  it('does not take names of another plan for its own', () => {
    const page = seen({ address: at('plan', [], { without: 'vol-77' }) });
    expect(page.paths).toContain('/v1/plans/42/score');
    expect(page.changes).toContain('Approve and apply');
  });

  it('schedules and rejects, each with a reason', () => {
    const page = seen({ address: at('plan') });
    page.click('Approve for later …');
    page.click('Reject …');
    const [later, reject] = page.done.asked;
    expect(later?.body({ at: '2026-11-27T02:00' })).toMatchObject({
      startAtMs: new Date('2026-11-27T02:00').getTime(),
    });
    expect(reject?.path).toBe('/v1/plans/42/reject');
    expect(reject?.fields.map(({ name }) => name)).toEqual(['reason']);
  });

  it('says that a plan is stale, and why, and offers no approval', () => {
    const page = seen({
      address: at('plan'),
      plan: planAnswer({ stale: 'vol-1 has been moved since' }),
    });
    expect(page.text).toContain('This plan is stale: vol-1 has been moved since.');
    expect(page.changes).toEqual(['Reject …', 'New plan']);
  });

  it('offers no approval of nothing', () => {
    const address = at('plan', [], { without: 'vol-1,vol-2' });
    const answers = {
      '/v1/plans/42/score?without=vol-1%2Cvol-2': scoreAnswer({ moves: 0 }),
    };
    const page = seen({ address, answers });
    expect(page.text).toContain('All moves are left out.');
    expect(page.changes).toEqual(['Reject …', 'New plan']);
  });

  it('warns when what stays makes a server too full, and when a move cannot be made any more', () => {
    const { analysis } = scoreAnswer();
    const outlook = [{ server: 's2', dimension: 'cpu', now: 0.4, nothing: 0.5, plan: 1.1 }];
    const answers = {
      '/v1/plans/42/score': scoreAnswer({
        impossible: ['vol-2'],
        analysis: { ...analysis, outlook },
      }),
    };
    const { text } = seen({ address: at('plan'), answers });
    expect(text).toContain('With these moves s2 would be over capacity.');
    expect(text).toContain('One of its moves cannot be made any more: vol-2.');
  });

  it('shows a viewer all of it, and no button: they are not there', () => {
    const page = seen({ address: at('plan'), session: VIC });
    expect(page.changes).toEqual([]);
    expect(page.text).toContain('You look as vic, a viewer.');
    page.tick('Move vol-1', false);
    expect(page.done.changed).toHaveLength(1);
  });

  it('says why no plan waits, in the words of the balancer', () => {
    const page = new Seen(planPage, {
      address: at('plan'),
      answers: { '/v1/status': statusAnswer(), '/v1/plans': { plans: [] } },
    });
    expect(page.text).toContain('No plan waits for a decision. Balanced: no limit is predicted.');
    expect(page.changes).toEqual(['Hold a round now']);
  });

  it('says who decided on one that is over, and what became of it', () => {
    const plan = planAnswer({
      status: 'partly-applied',
      by: 'ann',
      reason: 'before the rush',
      decidedAtMs: NOW - 120_000,
      outcomes: [
        { batch: 0, result: 'applied', why: '', resources: ['vol-1'] },
        { batch: 1, result: 'left-out', why: '1 open upload', resources: ['vol-2'] },
      ],
    });
    const page = seen({ address: at('plan', ['42']), plan });
    expect(page.text).toContain('Decided by ann 2 min ago: before the rush.');
    expect(page.text).toContain('1 batch switched.');
    expect(page.text).toContain('Batch 2 left-out: 1 open upload.');
    expect(page.changes).toEqual([]);
    expect(page.paths).not.toContain('/v1/plans/42/score');
  });

  it('says that there is no such plan', () => {
    const problem = {
      status: 404,
      code: 'ERR_PLAN_UNKNOWN',
      detail: 'there is no plan 99',
      remedy: '`foreshift history` lists the plans.',
    };
    const page = new Seen(planPage, {
      address: at('plan', ['99']),
      answers: { '/v1/status': statusAnswer(), '/v1/plans': { plans: [] } },
      problems: { '/v1/plans/99': problem },
    });
    expect(page.text).toContain('there is no plan 99.');
  });
});
