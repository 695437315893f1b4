import { describe, expect, it } from '@jest/globals';
import type { PlanningInputs } from '../../../../forecaster/planner/inputs.js';
import { best } from '../../../../forecaster/planner/search.js';
import { translate } from '../../../../forecaster/planner/translation.js';
import { leastCost } from '../../../support/planner/optimum.js';
import { randomInputs } from '../../../support/planner/random-inputs.js';

const PROBLEMS = 120;
/** Of what is found and what is computed the plain way. */
const TOLERANCE = 1e-5;

/** Few resources and servers, and nothing but loads and prices to decide by. */
function plainAndSmall(seed: number): PlanningInputs {
  const inputs = randomInputs(seed);
  const servers = inputs.servers.slice(0, 3).map(({ state, ...server }) => ({
    ...server,
    spare: false,
    // What nobody serves is placed even where it does not fit.
    state: state === 'lost' ? ('ready' as const) : state,
  }));
  return {
    ...inputs,
    resources: inputs.resources
      .filter(({ server }) => servers.some(({ id }) => id === server))
      .slice(0, 6)
      .map((resource) => ({ ...resource, movedAtMs: null, movingTo: null, pinned: null })),
    servers,
    options: {
      ...inputs.options,
      movesMax: 100,
      movesPerServerMax: 100,
      movesPerHourMax: 100,
      bytesMax: 1e9,
      bytesPerServerMax: 1e9,
      bytesPerHourMax: 1e9,
      imbalanceMax: 1000,
      headroom: 'none',
      groups: [],
    },
    restraint: null,
  };
}

describe('the search of a round', () => {
  it('meets the exact optimum of nearly all small problems, and is never below it', () => {
    let met = 0;
    let moved = 0;
    for (let seed = 1; seed <= PROBLEMS; seed++) {
      const inputs = plainAndSmall(seed);
      const { problem } = translate(inputs);
      const { value, assignment } = best(problem, { workUnits: 20_000, seed });
      const prices = new Map(problem.resources.map((id, at) => [id, problem.moveCost[at]!]));
      const least = leastCost(inputs, (id) => prices.get(id)!);
      const slack = TOLERANCE * Math.max(1, Math.abs(least));
      if (least < Infinity) expect(value).toBeGreaterThanOrEqual(least - slack);
      if (value <= least + slack) met++;
      if (assignment.some((server, resource) => server !== problem.start[resource])) moved++;
    }
    expect(moved).toBeGreaterThan(PROBLEMS / 4);
    expect(met / PROBLEMS).toBeGreaterThan(0.95);
  });
});
