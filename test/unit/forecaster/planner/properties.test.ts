import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Explainer } from '../../../../forecaster/planner/explain.js';
import { explanationWords } from '../../../../forecaster/planner/explain-words.js';
import { planFor, planned } from '../../../../forecaster/planner/planner.js';
import { best, plan } from '../../../../forecaster/planner/search.js';
import { translate } from '../../../../forecaster/planner/translation.js';
import { fuzzRuns } from '../../../support/fuzz.js';
import { plannerFailure } from '../../../support/planner-properties.js';
import { faultsOf } from '../../../support/planner/checker.js';
import { randomInputs } from '../../../support/planner/random-inputs.js';
import { lowestPeak, permuted, small } from '../../../support/planner/variants.js';

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });

describe('planFor, whatever the fleet', () => {
  it('gives a plan that an independent checker accepts, or a true reason for none', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const inputs = randomInputs(seed);
        expect(faultsOf(inputs, planFor(inputs))).toEqual([]);
      }),
      fuzzRuns(150),
    );
  });

  it('gives the same bytes for the same inputs, in whatever order they are listed', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const inputs = randomInputs(seed);
        const once = JSON.stringify(planFor(inputs));
        expect(JSON.stringify(planFor(inputs))).toBe(once);
        expect(JSON.stringify(planFor(permuted(inputs)))).toBe(once);
      }),
      fuzzRuns(20),
    );
  });

  it('never promises a peak below the bound, and the bound is below every assignment', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const inputs = small(randomInputs(seed));
        const { plan: planned } = planFor(inputs);
        if (planned === null || planned.analysis.score.plan.misplaced > 0) return;
        const { bound, score } = planned.analysis;
        const lowest = lowestPeak(inputs);
        expect(bound).toBeLessThanOrEqual(lowest + 1e-5);
        expect(score.plan.peak).toBeGreaterThanOrEqual(lowest - 1e-5);
      }),
      fuzzRuns(60),
    );
  });

  it('explains every resource in words', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const inputs = randomInputs(seed);
        const [resource] = inputs.resources;
        if (resource === undefined) return;
        const explanation = new Explainer(planned(inputs)).of(resource.id);
        const { headline, fits } = explanationWords(explanation!, inputs.nowMs);
        expect(`${headline} ${fits.join(' ')}`).not.toMatch(/undefined|null|NaN|Infinity/);
        expect(fits).toHaveLength(inputs.servers.length);
      }),
      fuzzRuns(40),
    );
  });
});

describe('a search', () => {
  it('gives a first solution, then only better ones', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const { problem } = translate(randomInputs(seed));
        const search = plan(problem, { workUnits: 20_000, seed });
        let found = search.next();
        expect(found.done).toBe(false);
        let value = Infinity;
        let count = 0;
        for (; !found.done; found = search.next(), count++) {
          // The second may be the first one made even, which is another measure.
          if (count > 1) expect(found.value.value).toBeLessThan(value);
          value = found.value.value;
        }
        expect(['complete', 'work']).toContain(found.value);
      }),
      fuzzRuns(40),
    );
  });

  it('ends within its work, and says so', () => {
    const { problem } = translate(randomInputs(5));
    const short = best(problem, { workUnits: 1, seed: 1 });
    expect(short.stopped).toBe('work');
  });

  it('takes no move back that would break a rule of a group for one that it mends (seed 3658)', () => {
    expect(plannerFailure(3658)).toBeUndefined();
  });

  it('makes no large batch of what was lost if its company goes to another server (seed 9241)', () => {
    expect(plannerFailure(9241)).toBeUndefined();
  });
});
