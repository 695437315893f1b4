import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ProblemFileInput } from '../../../../../forecaster/planner/packing/problem-file.js';
import { parseProblemFile } from '../../../../../forecaster/planner/packing/problem-file.js';
import type { ProblemPlan } from '../../../../../forecaster/planner/packing/problem-plan.js';
import { fuzzRuns } from '../../../../support/fuzz.js';
import { missedBest } from '../../../../support/packing/best-of-all.js';
import { permuted } from '../../../../support/packing/permuted.js';
import { problemFaults } from '../../../../support/packing/problem-checker.js';
import { randomProblem } from '../../../../support/packing/random-problem.js';
import { movesOf, planned, problem, server } from '../../../../support/packing/small-problem.js';

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });

describe('planProblem, whatever the problem', () => {
  it('gives a plan that an independent checker accepts', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const file = randomProblem(seed);
        expect(problemFaults(file, planned(file, seed))).toEqual([]);
      }),
      fuzzRuns(120),
    );
  });

  it('gives the same bytes for the same file and seed, in whatever order the file lists things', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const once = JSON.stringify(planned(randomProblem(seed), seed));
        expect(JSON.stringify(planned(randomProblem(seed), seed))).toBe(once);
        expect(JSON.stringify(planned(permuted(randomProblem(seed)), seed))).toBe(once);
      }),
      fuzzRuns(25),
    );
  });

  it('finds the best of all assignments where they can be counted', () => {
    let counted = 0;
    fc.assert(
      fc.property(seeds, (seed) => {
        const file = randomProblem(seed, { small: true });
        if (file.servers.some(({ state }) => state === 'spare')) return;
        const plan = planned(file, seed);
        expect(plan.stopped).toBe('complete');
        expect(missedBest(file, plan)).toBeUndefined();
        counted++;
      }),
      fuzzRuns(120),
    );
    expect(counted).toBeGreaterThan(0);
  });
});

describe('planProblem', () => {
  it('moves before the breach, at the cheapest time of the resource, and says which limit', () => {
    const plan = planned(
      problem({
        steps: 4,
        startMs: 1_000_000,
        stepMs: 1000,
        servers: [server('s1'), server('s2')],
        resources: [
          { name: 'a', server: 's1', demand: { cpu: [60, 30, 40, 60] } },
          { name: 'b', server: 's1', demand: { cpu: [10, 20, 20, 60] } },
        ],
      }),
    );
    expect(plan.feasible).toBe(true);
    expect(movesOf(plan)).toMatchObject([
      {
        source: 's1',
        target: 's2',
        reason: { kind: 'overload', dimension: 'cpu', step: 3, before: 120, after: 60, limit: 100 },
        window: { fromMs: 1_000_000, untilMs: 1_003_000 },
      },
    ]);
    expect(plan.score.nothing.overload).toBeCloseTo(0.2);
  });

  it('lets loads that peak at different times share a server', () => {
    const early = { cpu: [70, 10] };
    const late = { cpu: [10, 70] };
    const plan = planned(
      problem({
        steps: 2,
        servers: [server('s1'), server('s2')],
        resources: [
          { name: 'a', server: 's1', demand: early },
          { name: 'b', server: 's1', demand: early },
          { name: 'c', server: 's2', demand: late },
          { name: 'd', server: 's2', demand: late },
        ],
      }),
    );
    expect(plan.score.plan.peak).toBeCloseTo(0.8);
    // Neither fits without the other having gone: they are made as one.
    expect(plan.batches).toHaveLength(1);
  });

  it('keeps a place at the old server until all moves are made, where the dimension asks for it', () => {
    const swap = (transient: boolean): ProblemPlan =>
      planned(
        problem({
          dimensions: [{ name: 'cpu' }, { name: 'disk', transient }],
          servers: [server('s1', { cpu: 100, disk: 100 }), server('s2', { cpu: 100, disk: 100 })],
          resources: [
            { name: 'a', server: 's1', demand: { cpu: 60, disk: 60 }, pinned: 's2' },
            { name: 'b', server: 's2', demand: { cpu: 60, disk: 60 } },
          ],
        }),
      );
    expect(swap(false).score.plan.misplaced).toBe(0);
    expect(swap(true).score.plan.misplaced).toBe(1);
    expect(swap(true).blockers).toMatchObject([{ kind: 'capacity', resource: 'a', server: 's2' }]);
  });

  it('mends a rule of groups that is broken at the start, whatever the moves cost', () => {
    const plan = planned(
      problem({
        servers: [
          { ...server('s1'), zones: { rack: 'a' } },
          { ...server('s2'), zones: { rack: 'b' } },
        ],
        resources: [
          { name: 'a', server: 's1', demand: { cpu: 10 }, group: 'shop' },
          { name: 'b', server: 's1', demand: { cpu: 20 }, group: 'shop' },
        ],
        groups: [{ name: 'shop', spread: { over: 'rack', min: 2 } }],
        moves: { costWeight: 1000 },
      }),
    );
    expect(plan.score).toMatchObject({ nothing: { faults: 1 }, plan: { faults: 0, moves: 1 } });
  });

  it('moves what has fewer sessions and less under way, by what each costs', () => {
    const twins = (
      a: Partial<ProblemFileInput['resources'][number]>,
      moves: ProblemFileInput['moves'],
    ): string[] =>
      movesOf(
        planned(
          problem({
            servers: [server('s1'), server('s2')],
            resources: [
              { name: 'a', server: 's1', demand: { cpu: 60 }, ...a },
              { name: 'b', server: 's1', demand: { cpu: 60 }, sessions: 5, inFlight: 5 },
            ],
            moves,
          }),
        ),
      ).map(({ resource }) => resource);
    const bySession = { costWeight: 0.01, sessionWeight: 0.01 };
    expect(twins({ sessions: 9 }, bySession)).toEqual(['b']);
    expect(twins({ sessions: 2 }, bySession)).toEqual(['a']);
    const byFlight = { costWeight: 0.01, inFlightWeight: 0.01 };
    expect(twins({ inFlight: 9 }, byFlight)).toEqual(['b']);
    expect(twins({ inFlight: 2 }, byFlight)).toEqual(['a']);
  });

  it('opens a spare server only where the others do not do', () => {
    const load = (cpu: number): ProblemPlan =>
      planned(
        problem({
          servers: [server('s1'), { ...server('s2'), state: 'spare' }],
          resources: [
            { name: 'a', server: 's1', demand: { cpu } },
            { name: 'b', server: 's1', demand: { cpu: 45 } },
          ],
        }),
      );
    expect(movesOf(load(50))).toHaveLength(0);
    expect(movesOf(load(70))).toHaveLength(1);
  });

  it('names a standby for each resource, and the servers whose loss is too much', () => {
    const plan = planned(
      problem({
        servers: [server('s1'), server('s2')],
        resources: [
          { name: 'a', server: 's1', demand: { cpu: 60 } },
          { name: 'b', server: 's2', demand: { cpu: 50 } },
          { name: 'c', server: 's2', demand: { cpu: 20 } },
        ],
        moves: { max: 0 },
      }),
    );
    expect(plan.standbys).toEqual({ c: 's1' });
    expect(plan.unprotected).toEqual(['s1', 's2']);
  });

  it('says how many servers are missing where even a perfect spread is too full', () => {
    const plan = planned(
      problem({
        servers: [server('s1'), server('s2')],
        resources: [
          { name: 'a', server: 's1', demand: { cpu: 130 } },
          { name: 'b', server: 's2', demand: { cpu: 130 } },
        ],
      }),
    );
    expect(plan.feasible).toBe(false);
    expect(plan.blockers[0]).toEqual({
      kind: 'capacity',
      resource: null,
      server: null,
      dimension: 'cpu',
      amount: 0.6,
    });
  });

  it('ends where no step is possible at all', () => {
    const plan = planned(
      problem({
        servers: [server('s1'), server('s2')],
        resources: [{ name: 'a', server: 's1', demand: { cpu: 150 }, allowed: [] }],
      }),
    );
    expect(plan.blockers).toContainEqual(
      expect.objectContaining({ kind: 'nowhere', resource: 'a' }),
    );
  });

  it.each([
    [
      'a number that none is',
      { steps: 1, servers: [server('s1', { cpu: Number.NaN })] },
      'servers.0',
    ],
    [
      'a negative load',
      { resources: [{ name: 'a', server: null, demand: { cpu: -1 } }] },
      'demand.cpu',
    ],
    ['a name twice', { servers: [server('s1'), server('s1')] }, 'server s1'],
    ['a server that is not there', { resources: [{ name: 'a', server: 's9' }] }, 's9'],
    [
      'a path of another length',
      { steps: 3, servers: [server('s1', { cpu: [1, 2] })] },
      '2 values for 3 steps',
    ],
    ['a key that there is not', { serverz: [] }, 'serverz'],
  ])('refuses %s, naming it', (_what, change, named) => {
    const value = { ...problem({ servers: [server('s1')], resources: [] }), ...change };
    expect(() => planned(parseProblemFile(value, 'p.json'))).toThrow(
      expect.objectContaining({
        code: 'ERR_PLANNING_INVALID',
        message: expect.stringContaining(named) as unknown,
      }),
    );
  });
});
