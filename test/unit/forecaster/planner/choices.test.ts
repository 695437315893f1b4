import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Move, PlanAnalysis } from '../../../../core/plan.js';
import { peakBound } from '../../../../forecaster/planner/bound.js';
import { Choices } from '../../../../forecaster/planner/chosen.js';
import { demandAt, lastDemand } from '../../../../forecaster/planner/demand.js';
import type { PlanningInputs } from '../../../../forecaster/planner/inputs.js';
import type { Demand } from '../../../../forecaster/planner/problem.js';
import { rounded, roundedDown } from '../../../../forecaster/planner/rounded.js';
import { scoreOf } from '../../../../forecaster/planner/score.js';
import { translate } from '../../../../forecaster/planner/translation.js';
import { utilizationOf } from '../../../../forecaster/planner/utilization.js';
import { between, SeededRng } from '../../../../core/rng.js';
import { fuzzRuns } from '../../../support/fuzz.js';
import { randomInputs } from '../../../support/planner/random-inputs.js';

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });
/** Asked one after the other, as when somebody ticks and unticks. */
const CHOICES = 5;

/** Moves of about half of the resources to any server, a few of them not from where the resource is. */
function randomMoves({ resources, servers }: PlanningInputs, rng: SeededRng): Move[] {
  const any = <T>(list: readonly T[]): T => list[Math.floor(between(rng, 0, list.length))]!;
  return resources.flatMap(({ id, server, since }): Move[] => {
    if (between(rng, 0, 1) < 0.5) return [];
    const source = between(rng, 0, 1) < 0.1 ? any(servers).id : server;
    return [{ resource: id, source, target: any(servers).id, since }];
  });
}

/** The same figures without anything that is known: every world, every server, computed as a whole. */
function wholly(inputs: PlanningInputs, moves: readonly Move[]) {
  const translation = translate(inputs);
  const { problem, rows, resources } = translation;
  const { forecast, last } = inputs;
  const assignment = Int32Array.from(problem.start);
  for (const { resource, source, target } of moves) {
    const at = problem.resources.indexOf(resource);
    if (resources[at]!.server === source) assignment[at] = problem.servers.indexOf(target);
  }
  const pair = (demand: Demand) => ({
    nothing: scoreOf(problem, problem.start, demand),
    plan: scoreOf(problem, assignment, demand),
  });
  const score = pair(problem.demand);
  const worlds = {
    low: pair(demandAt(forecast, rows, Math.min(...forecast.quantiles))),
    high: pair(demandAt(forecast, rows, Math.max(...forecast.quantiles))),
    last: pair(lastDemand(forecast, rows, last)),
  };
  const bound = roundedDown(Math.min(peakBound(problem, assignment), score.plan.peak));
  const full = utilizationOf(problem, problem.demand, assignment);
  const high = demandAt(forecast, rows, Math.max(...forecast.quantiles));
  const ahead = utilizationOf(problem, high, assignment);
  return { problem, score, worlds, bound, full, ahead };
}

/** The peak of a server in a dimension. */
function peaksIn(
  { servers, dimensions, demand: { cells, steps } }: ReturnType<typeof translate>['problem'],
  utilization: Float64Array,
  { server, dimension }: PlanAnalysis['outlook'][number],
): number {
  const from = servers.indexOf(server) * cells + dimensions.indexOf(dimension) * steps;
  return rounded(Math.max(...utilization.subarray(from, from + steps)));
}

describe('choices of moves, scored one after the other', () => {
  it('are scored as if each were computed as a whole, bit for bit', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const inputs = randomInputs(seed);
        const rng = new SeededRng(seed);
        const choices = new Choices(inputs);
        for (let choice = 0; choice < CHOICES; choice++) {
          const moves = randomMoves(inputs, rng);
          const { analysis, ahead } = choices.score(moves);
          const whole = wholly(inputs, moves);
          expect(analysis).toMatchObject({
            score: whole.score,
            worlds: whole.worlds,
            bound: whole.bound,
          });
          for (const line of analysis.outlook) {
            expect(line.plan).toBe(peaksIn(whole.problem, whole.full, line));
          }
          const { servers, steps, demand } = whole.problem;
          for (const { server, plan } of ahead) {
            const from = servers.indexOf(server) * demand.cells;
            const cells = whole.ahead.subarray(from, from + demand.cells);
            const fullest = Array.from({ length: steps }, (_, step) =>
              rounded(Math.max(0, ...cells.filter((_cell, at) => at % steps === step))),
            );
            expect(plan).toEqual(fullest);
          }
        }
      }),
      fuzzRuns(60),
    );
  });
});
