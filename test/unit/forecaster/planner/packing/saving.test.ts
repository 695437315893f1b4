import { describe, expect, it } from '@jest/globals';
import { SeededRng, between } from '../../../../../core/rng.js';
import type { ProblemFileInput } from '../../../../../forecaster/planner/packing/problem-file.js';
import { problemFaults } from '../../../../support/packing/problem-checker.js';
import { planned, problem, server } from '../../../../support/packing/small-problem.js';

const PAIRS = 40;
/** Two of the large ones off each full server, and no fewer, bring it within its capacity. */
const MOVES_MIN = PAIRS * 2;

/** So many servers too full, each with four large resources and ten small ones, and as many with little on them. */
function vast(): Pick<ProblemFileInput, 'servers' | 'resources' | 'objective'> {
  const rng = new SeededRng(7);
  const names = Array.from({ length: PAIRS }, (_hole, pair) => [`full${pair}`, `empty${pair}`]);
  return {
    servers: names.flat().map((name) => server(name)),
    resources: names.flatMap(([full = '', empty = '']) => [
      ...Array.from({ length: 4 }, (_hole, at) => ({
        name: `${full}-large${at}`,
        server: full,
        demand: { cpu: between(rng, 18, 20) },
      })),
      ...Array.from({ length: 10 }, (_hole, at) => ({
        name: `${full}-small${at}`,
        server: full,
        demand: { cpu: between(rng, 5, 6) },
      })),
      { name: `${empty}-there`, server: empty, demand: { cpu: 30 } },
    ]),
    objective: { target: 1 },
  };
}

describe('a problem file of many servers that are too full', () => {
  it('is planned with hardly more moves than must be made, and nothing is overloaded', () => {
    const file = problem(vast());
    const plan = planned(file, 1, 3_000_000);
    expect(problemFaults(file, plan)).toEqual([]);
    expect(plan.score.nothing.overload).toBeGreaterThan(0);
    expect(plan.score.plan.overload).toBe(0);
    expect(plan.score.plan.moves).toBeGreaterThanOrEqual(MOVES_MIN);
    expect(plan.score.plan.moves).toBeLessThanOrEqual(MOVES_MIN * 1.1);
  });
});
