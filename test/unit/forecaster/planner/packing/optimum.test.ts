import { describe, expect, it } from '@jest/globals';
import type { ProblemFile } from '../../../../../forecaster/planner/packing/problem-file.js';
import type { Aims } from '../../../../support/packing/best-of-all.js';
import { aimsOf, bestOf, worseBy } from '../../../../support/packing/best-of-all.js';
import { optimalAssignment } from '../../../../support/packing/milp.js';
import { ProblemReference } from '../../../../support/packing/problem-checker.js';
import { randomProblem } from '../../../../support/packing/random-problem.js';
import { planned } from '../../../../support/packing/small-problem.js';

const { OPTIMA } = process.env;
const PROBLEMS = OPTIMA === 'all' ? 150 : 30;
/** A fifth of a second; `foreshift plan` has fifty times as much. */
const WORK = 1_000_000;

/** Without what a linear program cannot say. */
function linear(seed: number, small = false): ProblemFile {
  const file = randomProblem(seed, { small });
  return {
    ...file,
    servers: file.servers.map((server) => ({
      ...server,
      state: server.state === 'spare' ? ('ready' as const) : server.state,
    })),
    objective: { ...file.objective, evenWeight: 0 },
  };
}

async function optimumOf(file: ProblemFile): Promise<Aims> {
  const optimum = await optimalAssignment(file);
  if (optimum === undefined) throw new Error('HiGHS did not prove it in time');
  return aimsOf(new ProblemReference(file, false), optimum);
}

describe('the mixed-integer program that judges plans', () => {
  it('has the optimum that trying every assignment has', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const file = linear(seed, true);
      expect({ seed, worseBy: worseBy(await optimumOf(file), bestOf(file)) }).toEqual({
        seed,
        worseBy: 0,
      });
    }
  });
});

describe('planProblem, beside HiGHS', () => {
  it('meets the exact optimum of small problems with limits of every kind, and is never below it', async () => {
    const missed: number[] = [];
    let searched = 0;
    for (let seed = 1; seed <= PROBLEMS; seed++) {
      const file = linear(seed);
      const { score, stopped } = planned(file, seed, WORK);
      const difference = worseBy(score.plan, await optimumOf(file));
      expect(difference).toBeGreaterThanOrEqual(0);
      if (stopped === 'complete') expect(difference).toBe(0);
      else searched++;
      if (difference > 0) missed.push(seed);
    }
    expect(searched).toBeGreaterThan(PROBLEMS / 4);
    expect(missed.length / PROBLEMS).toBeLessThan(0.05);
  });
});
