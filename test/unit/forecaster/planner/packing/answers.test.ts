import { describe, expect, it } from '@jest/globals';
import { planProblem } from '../../../../../forecaster/planner/packing/problem-plan.js';
import { movesOf, planned, problem, server } from '../../../../support/packing/small-problem.js';

const at = (name: string, cpu: number, on: string | null): Resource => ({
  name,
  server: on,
  demand: { cpu },
});
interface Resource {
  readonly name: string;
  readonly server: string | null;
  readonly demand: Record<string, number>;
}

describe('planProblem, what it says of limits', () => {
  it('takes a server that is exactly full for full, not overloaded, and opens no spare for it', () => {
    const plan = planned(
      problem({
        servers: [server('s1', { cpu: 0.3 }), { ...server('s2', { cpu: 0.3 }), state: 'spare' }],
        resources: [at('a', 0.1, 's1'), at('b', 0.2, 's1')],
      }),
    );
    expect(plan).toMatchObject({ feasible: true, blockers: [], batches: [] });
    expect(plan.score.plan.overload).toBe(0);
  });

  it('ends when there is no time at all, a spare server or not', () => {
    const file = problem({
      servers: [server('s1'), server('s2'), server('s3'), { ...server('s4'), state: 'spare' }],
      resources: Array.from({ length: 16 }, (_hole, index) => at(`r${index}`, 25, 's1')),
    });
    const plan = planProblem(file, { seed: 1, workUnits: Infinity, timeShare: () => Infinity });
    expect(plan.stopped).toBe('time');
  });

  it('counts what a server has nothing of, and carries nothing of, for no peak', () => {
    const plan = planned(
      problem({
        dimensions: [{ name: 'cpu' }, { name: 'gpu' }],
        servers: [server('s1', { cpu: 100, gpu: 0 }), server('s2', { cpu: 100, gpu: 4 })],
        resources: [at('a', 40, 's1'), { name: 'b', server: 's2', demand: { cpu: 10, gpu: 1 } }],
      }),
    );
    expect(plan.score.plan.peak).toBeCloseTo(0.4);
    expect(plan.bound.peak).toBeCloseTo(0.25);
  });

  it('mends that two of a group that is apart share a server, and says so where it cannot', () => {
    const shared = (servers: number, members: number): ReturnType<typeof planned> =>
      planned(
        problem({
          servers: Array.from({ length: servers }, (_hole, index) => server(`s${index}`)),
          resources: Array.from({ length: members }, (_hole, index) => ({
            ...at(`r${index}`, 5, 's0'),
            group: 'shop',
          })),
          groups: [{ name: 'shop', apart: true }],
        }),
      );
    expect(shared(2, 2)).toMatchObject({ feasible: true, score: { plan: { faults: 0 } } });
    expect(shared(9, 9)).toMatchObject({ feasible: true, score: { nothing: { faults: 8 } } });
    expect(shared(2, 3)).toMatchObject({ feasible: false, score: { plan: { faults: 1 } } });
  });
});

describe('planProblem, why a resource moves', () => {
  it('says no worth of a move without which a server would be overloaded, and counts that one as impossible', () => {
    const plan = planned(
      problem({
        servers: [server('s1'), server('s2'), server('s3')],
        resources: [at('a', 70, 's1'), at('b', 60, 's1')],
      }),
    );
    const [move] = movesOf(plan);
    expect(move?.reason).toMatchObject({
      kind: 'overload',
      worth: null,
      tried: { servers: 2, possible: 1, dearer: 0 },
    });
  });

  it('says of a move within the limits what it is worth, in the unit of the cost', () => {
    const plan = planned(
      problem({
        servers: [server('s1'), server('s2')],
        resources: [at('a', 70, 's1'), at('b', 30, 's1')],
      }),
    );
    const { nothing, plan: after } = plan.score;
    expect(movesOf(plan)[0]?.reason).toMatchObject({
      kind: 'soft',
      limit: 80,
      worth: expect.closeTo(nothing.cost - after.cost, 9) as unknown,
    });
  });

  it('names the limit of its kind, the soft one where others would overfill the server besides', () => {
    const plan = planned(
      problem({
        servers: [server('s1'), server('s2')],
        resources: [
          at('a', 30, 's1'),
          { ...at('b', 60, 's1'), fixed: true },
          { ...at('c', 20, 's2'), pinned: 's1' },
        ],
      }),
    );
    expect(movesOf(plan).find(({ resource }) => resource === 'a')?.reason).toMatchObject({
      kind: 'soft',
      before: 90,
      after: 80,
      limit: 80,
    });
  });

  it('counts what is always there in every number that it names', () => {
    const plan = planned(
      problem({
        servers: [{ ...server('s1'), base: { cpu: 40 } }, server('s2')],
        resources: [at('a', 50, 's1'), at('b', 20, 's1')],
      }),
    );
    expect(movesOf(plan)[0]?.reason).toMatchObject({ kind: 'overload', before: 110, limit: 100 });
  });
});

describe('planProblem, what blocks a resource', () => {
  it('is its group, where that needs another that is nowhere', () => {
    const rack = { rack: 'a' };
    const plan = planned(
      problem({
        servers: [{ ...server('s1'), zones: rack }],
        resources: [{ ...at('a', 10, null), group: 'shop' }],
        groups: [{ name: 'shop', needs: [{ group: 'till', within: 'rack' }] }, { name: 'till' }],
      }),
    );
    expect(plan.blockers).toEqual([
      { kind: 'group', resource: 'a', server: 's1', dimension: null, amount: null },
    ]);
  });

  it('is the room that is held until all moves are made', () => {
    const plan = planned(
      problem({
        dimensions: [{ name: 'disk', transient: true }],
        servers: [1, 2, 3].map((index) => server(`s${index}`, { disk: 100 })),
        resources: [
          { name: 'a', server: null, demand: { disk: 60 }, pinned: 's2' },
          { name: 'b', server: 's2', demand: { disk: 60 }, allowed: ['s3'] },
        ],
      }),
    );
    expect(plan.blockers).toEqual([
      { kind: 'capacity', resource: 'a', server: 's2', dimension: 'disk', amount: 20 },
    ]);
  });

  it('is a limit of moves only where one is reached', () => {
    const plan = planned(
      problem({
        servers: [{ ...server('s1'), state: 'draining' }, server('s2')],
        resources: [at('a', 10, 's1')],
        moves: { max: 0 },
      }),
    );
    expect(plan.blockers).toMatchObject([{ kind: 'moves', resource: 'a', server: 's2' }]);
  });

  it('is the server that lacks the smallest share, whatever the units of its dimensions', () => {
    const plan = planned(
      problem({
        dimensions: [{ name: 'cpu' }, { name: 'memory' }],
        servers: [server('s1', { cpu: 10, memory: 1e9 }), server('s2', { cpu: 1, memory: 2e9 })],
        resources: [{ name: 'a', server: null, demand: { cpu: 4, memory: 1.1e9 } }],
      }),
    );
    expect(plan.blockers).toContainEqual({
      kind: 'capacity',
      resource: 'a',
      server: 's1',
      dimension: 'memory',
      amount: expect.closeTo(1e8, 0) as unknown,
    });
  });
});

describe('planProblem, standbys', () => {
  it('serves the largest share of a server first, not the largest number of bytes', () => {
    const plan = planned(
      problem({
        dimensions: [{ name: 'cpu' }, { name: 'memory' }],
        servers: [server('s1', { cpu: 10, memory: 1e9 }), server('s2', { cpu: 10, memory: 1e9 })],
        resources: [
          { name: 'small', server: 's1', demand: { cpu: 3, memory: 1e6 } },
          { name: 'large', server: 's1', demand: { cpu: 6, memory: 1e3 } },
          { name: 'there', server: 's2', demand: { cpu: 3, memory: 0 }, fixed: true },
        ],
        moves: { max: 0 },
      }),
    );
    expect(plan.standbys).toMatchObject({ large: 's2' });
    expect(plan.standbys).not.toHaveProperty('small');
  });
});
