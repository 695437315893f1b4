import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { judge, lowerBound } from '../../../bench/roadef-checker.js';
import { balanceTerm, problemFileOf } from '../../../bench/roadef-problem.js';
import type { Reassignment } from '../../../bench/roadef.js';
import { parseReassignment } from '../../../bench/roadef.js';
import { SeededRng, integerBelow } from '../../../core/rng.js';
import { packingFrom } from '../../../forecaster/planner/packing/from-file.js';
import { pack } from '../../../forecaster/planner/packing/pack.js';
import { problemFileSchema } from '../../../forecaster/planner/packing/problem-file.js';
import { scorePacking } from '../../../forecaster/planner/packing/score.js';
import { fuzzRuns } from '../../support/fuzz.js';

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });

describe('a machine reassignment', () => {
  it('is read as its files have it, wherever the lines break', () => {
    const model = '1  1 7\n2  0 0 9 5 0 3  1 0 8 4 2 0\n1 1 0\n1\n0 6 4\n0 2\n3 5';
    expect(parseReassignment(model, '1')).toEqual({
      resources: [{ isTransient: true, weight: 7 }],
      machines: [
        { neighborhood: 0, location: 0, capacity: [9], soft: [5], moveCosts: [0, 3] },
        { neighborhood: 1, location: 0, capacity: [8], soft: [4], moveCosts: [2, 0] },
      ],
      services: [{ spreadMin: 1, needs: [] }],
      processes: [{ service: 0, demand: [6], moveCost: 4 }],
      balances: [],
      weights: { process: 2, service: 3, machine: 5 },
      start: [1],
    });
    expect(() => parseReassignment(`${model} 1`, '1')).toThrow('nothing was expected');
    expect(() => parseReassignment('1 1', '1')).toThrow('an integer was expected');
  });

  it('costs the same by the planner and by the checker, for every assignment', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const instance = randomReassignment(seed);
        const packing = packingFrom(problemFileSchema.parse(problemFileOf(instance)));
        for (const assignment of assignmentsOf(instance)) {
          const { cost } = scorePacking(packing, Int32Array.from(assignment), {
            term: balanceTerm(instance),
          });
          expect(cost).toBe(judge(instance, assignment).cost.total);
        }
      }),
      fuzzRuns(50),
    );
  });

  it('is planned to the best of all assignments that the checker calls feasible', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const instance = randomReassignment(seed);
        const file = problemFileSchema.parse(problemFileOf(instance));
        const { assignment } = pack(packingFrom(file), {
          seed,
          workUnits: 100_000,
          term: balanceTerm(instance),
        });
        const found = judge(instance, [...assignment]);
        const best = assignmentsOf(instance)
          .map((each) => judge(instance, each))
          .filter(({ violated }) => violated.length === 0)
          .reduce((least, { cost }) => Math.min(least, cost.total), Infinity);
        expect(found).toMatchObject({ violated: [], cost: { total: best } });
        expect(lowerBound(instance)).toBeLessThanOrEqual(best);
      }),
      fuzzRuns(100),
    );
  });
});

/** Few processes and machines; the start is feasible. */
function randomReassignment(seed: number): Reassignment {
  const rng = new SeededRng(seed);
  const below = (count: number): number => integerBelow(rng, count);
  const machineCount = 2 + below(3);
  const resourceCount = 2 + below(2);
  const list = <T>(count: number, make: (at: number) => T): T[] =>
    Array.from({ length: count }, (_hole, at) => make(at));
  for (;;) {
    const instance: Reassignment = {
      resources: list(resourceCount, () => ({ isTransient: below(2) === 1, weight: below(10) })),
      machines: list(machineCount, () => ({
        neighborhood: below(2),
        location: below(2),
        capacity: list(resourceCount, () => 10 + below(30)),
        soft: list(resourceCount, () => 5 + below(10)),
        moveCosts: list(machineCount, () => below(4)),
      })),
      services: list(3, () => ({
        spreadMin: 1 + below(2),
        needs: below(3) === 0 ? [below(3)] : [],
      })),
      processes: list(1 + below(4), () => ({
        service: below(3),
        demand: list(resourceCount, () => below(12)),
        moveCost: below(5),
      })),
      balances:
        below(2) === 0 ? [] : [{ first: 0, second: 1, target: 1 + below(3), weight: below(10) }],
      weights: { process: 1, service: 10, machine: 100 },
      start: [],
    };
    const start = list(instance.processes.length, () => below(machineCount));
    const tried = { ...instance, start };
    if (judge(tried, start).violated.length === 0) return tried;
  }
}

function assignmentsOf({ machines, processes }: Reassignment): number[][] {
  return processes.reduce<number[][]>(
    (all) => all.flatMap((each) => machines.map((_machine, at) => [...each, at])),
    [[]],
  );
}
