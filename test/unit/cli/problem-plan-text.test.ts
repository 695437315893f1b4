import { describe, expect, it } from '@jest/globals';
import { problemPlanText } from '../../../cli/problem-plan-text.js';
import { planned, problem, server } from '../../support/packing/small-problem.js';

describe('what is said of a plan for a problem file', () => {
  it('claims of its cost only what holds where doing nothing is cheaper', () => {
    const plan = planned(
      problem({
        servers: ['a', 'b'].map((rack) => ({ ...server(`s-${rack}`), zones: { rack } })),
        resources: ['x', 'y'].map((name) => ({ name, server: 's-a', group: 'shop' })),
        groups: [{ name: 'shop', spread: { over: 'rack', min: 2 } }],
        moves: { costWeight: 100 },
      }),
    );
    expect(plan).toMatchObject({ stopped: 'complete', bound: { cost: 100, gap: 0 } });
    expect(plan.score.nothing.cost).toBe(0);
    expect(problemPlanText(plan)).toContain(
      'cost 0 -> 100; none as good in the earlier aims costs less than 100',
    );
  });
});
