import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Layout } from '../../../../forecaster/planner/layout.js';
import { LayoutGround } from '../../../../forecaster/planner/layout-ground.js';
import { NOWHERE } from '../../../../forecaster/planner/problem.js';
import { Rules } from '../../../../forecaster/planner/rules.js';
import { best } from '../../../../forecaster/planner/search.js';
import { Thinning } from '../../../../forecaster/planner/thinning.js';
import { translate } from '../../../../forecaster/planner/translation.js';
import { fuzzRuns } from '../../../support/fuzz.js';
import type { TestFleet } from '../../../support/planner/inputs.js';
import { inputsOf } from '../../../support/planner/inputs.js';
import { randomInputs } from '../../../support/planner/random-inputs.js';

const SERVER = { capacity: { hits: 100 } };

/** What is away from home after thinning a plan: `resource: server`. */
function thinned(fleet: TestFleet, plan: Readonly<Record<string, string>>): string[] {
  const { problem } = translate(inputsOf(fleet));
  const assignment = problem.start.map((server, resource) => {
    const target = plan[problem.resources[resource]!];
    return target === undefined ? server : problem.servers.findIndex((id) => id === target);
  });
  const layout = new Layout(problem, assignment);
  layout.isEvening = false;
  const before = layout.value;
  new Thinning(new LayoutGround(layout, new Rules(layout))).run(() => false);
  expect(layout.value).toBeLessThanOrEqual(before);
  return [...layout.assignment.entries()]
    .filter(([resource, server]) => server !== problem.start[resource])
    .map(([resource, server]) => `${problem.resources[resource]!}: ${problem.servers[server]!}`);
}

describe('a plan of many moves', () => {
  it('has one large resource leave in the place of two small ones', () => {
    const fleet: TestFleet = {
      servers: { s1: SERVER, s2: SERVER, s3: SERVER },
      resources: {
        a: { on: 's1', needs: { hits: 30 } },
        b: { on: 's1', needs: { hits: 30 } },
        large: { on: 's1', needs: { hits: 60 } },
        there: { on: 's2', needs: { hits: 15 } },
        more: { on: 's3', needs: { hits: 50 } },
      },
    };
    expect(thinned(fleet, { a: 's2', b: 's3' })).toEqual(['large: s2']);
  });

  it('has two leave in the place of three', () => {
    const needs = (hits: number): TestFleet['resources'][string] => ({ on: 's1', needs: { hits } });
    const fleet: TestFleet = {
      servers: { s1: SERVER, s2: SERVER, s3: SERVER, s4: SERVER },
      resources: {
        a: needs(20),
        b: needs(20),
        c: needs(20),
        d: needs(31),
        e: needs(31),
        f: needs(18),
      },
      // What is left above the target is worth a move.
      options: { gainMin: 0.01, reliefMin: 0 },
    };
    const moved = thinned(fleet, { a: 's2', b: 's3', c: 's4' });
    expect(moved.map((text) => text.slice(0, 1))).toEqual(['d', 'e']);
  });

  it('brings one home whose place another took, and sends that one on', () => {
    const fleet: TestFleet = {
      servers: { s1: SERVER, s2: SERVER, s3: SERVER },
      resources: {
        there: { on: 's1', needs: { hits: 50 } },
        driven: { on: 's1', needs: { hits: 30 } },
        comer: { on: 's2', needs: { hits: 30 } },
        full: { on: 's2', needs: { hits: 75 } },
        few: { on: 's3', needs: { hits: 40 } },
      },
    };
    expect(thinned(fleet, { comer: 's1', driven: 's3' })).toEqual(['comer: s3']);
  });

  it('stays as it is where each move is needed', () => {
    const fleet: TestFleet = {
      servers: { s1: SERVER, s2: SERVER, s3: SERVER },
      resources: {
        a: { on: 's1', needs: { hits: 40 } },
        b: { on: 's1', needs: { hits: 40 } },
        c: { on: 's1', needs: { hits: 75 } },
      },
    };
    expect(thinned(fleet, { a: 's2', b: 's3' })).toEqual(['c: s2']);
    expect(thinned(fleet, { c: 's2' })).toEqual(['c: s2']);
  });

  it('is never worse for it, keeps every limit, and is the same each time', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), (seed) => {
        const { problem } = translate(randomInputs(seed));
        const { assignment } = best(
          { ...problem, moveCost: problem.moveCost.map(() => 1e-4) },
          {
            workUnits: 2000,
            seed,
          },
        );
        const once = thinnedLayout(problem, assignment);
        expect(thinnedLayout(problem, assignment).assignment).toEqual(once.assignment);
        const before = new Layout(problem, assignment);
        before.isEvening = false;
        expect(once.value).toBeLessThanOrEqual(before.value + 1e-9);
        expect(once.moves).toBeLessThanOrEqual(problem.movesMax);
        const isWhole = !assignment.includes(NOWHERE) && before.isSound();
        expect(!isWhole || once.isSound()).toBe(true);
      }),
      fuzzRuns(150),
    );
  });
});

function thinnedLayout(problem: ReturnType<typeof translate>['problem'], from: Int32Array): Layout {
  const layout = new Layout(problem, from);
  layout.isEvening = false;
  new Thinning(new LayoutGround(layout, new Rules(layout))).run(() => false);
  return layout;
}
