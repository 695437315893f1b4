import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Rng } from '../../../../core/rng.js';
import { SeededRng, chance, integerBelow, pick } from '../../../../core/rng.js';
import { Loads } from '../../../../forecaster/planner/loads.js';
import type { Problem } from '../../../../forecaster/planner/problem.js';
import { NOWHERE, nobodyOf } from '../../../../forecaster/planner/problem.js';
import { translate } from '../../../../forecaster/planner/translation.js';
import { keptUtilizationOf, utilizationOf } from '../../../../forecaster/planner/utilization.js';
import { fuzzRuns } from '../../../support/fuzz.js';
import { randomInputs } from '../../../support/planner/random-inputs.js';

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });
/** More than are kept. */
const FLEETS = 12;

/** The same demand, of which nothing is known. */
function forgotten(problem: Problem): Problem {
  return { ...problem, demand: { ...problem.demand } };
}

/** A fleet like the last one: some resources are elsewhere or nowhere, and now and then a server is another. */
function altered(problem: Problem, rng: Rng): Problem {
  const servers = [...problem.servers.keys(), NOWHERE];
  const start = problem.start.map((server) => (chance(rng, 0.1) ? pick(rng, servers) : server));
  const base = problem.base.slice();
  const perCapacity = problem.perCapacity.slice();
  const roles = [...problem.roles];
  const place = integerBelow(rng, base.length);
  if (chance(rng, 0.3)) base[place]! += 1;
  if (chance(rng, 0.3)) perCapacity[place]! *= 2;
  if (chance(rng, 0.3)) roles[integerBelow(rng, roles.length)] = pick(rng, ['ready', 'lost']);
  return { ...problem, start, base, perCapacity, roles };
}

function probesOf(problem: Problem): number[][] {
  const loads = new Loads(problem, problem.start);
  const nobody = nobodyOf(problem);
  return [...problem.servers.keys()].map((server) => {
    loads.probe(server, nobody, nobody);
    const { overload, pressure, peak, level, isBroken } = loads;
    return [overload, pressure, peak, level, Number(isBroken)];
  });
}

describe('what was made of a fleet that is nearly the same', () => {
  it('makes the utilization and the loads that are made from nothing, bit for bit', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const rng = new SeededRng(seed);
        let { problem } = translate(randomInputs(seed));
        fc.pre(problem.base.length > 0);
        for (let fleet = 0; fleet < FLEETS; fleet++) {
          problem = altered(problem, rng);
          const { demand, start } = problem;
          const whole = utilizationOf(problem, demand, start);
          expect(keptUtilizationOf(problem, demand, start)).toEqual(whole);
          expect(probesOf(problem)).toEqual(probesOf(forgotten(problem)));
        }
      }),
      fuzzRuns(60),
    );
  });

  it('stays as it was when a search moves what was loaded from it', () => {
    const { problem } = translate(randomInputs(3));
    const resource = problem.start.findIndex((server) => server !== NOWHERE);
    expect(resource).toBeGreaterThanOrEqual(0);
    // The first one makes it, the second begins with it.
    for (const loads of [new Loads(problem, problem.start), new Loads(problem, problem.start)]) {
      loads.remove(resource, problem.start[resource]!);
    }
    expect(probesOf(problem)).toEqual(probesOf(forgotten(problem)));
  });
});
