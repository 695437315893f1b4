import { describe, expect, it } from '@jest/globals';
import { SeededRng, between } from '../../../../core/rng.js';
import type { PlanningResult } from '../../../../forecaster/planner/inputs.js';
import { planFor } from '../../../../forecaster/planner/planner.js';
import type { TestFleet } from '../../../support/planner/inputs.js';
import { START_MS, inputsOf } from '../../../support/planner/inputs.js';
import { movesOf, planned } from '../../../support/planner/planned.js';

const SERVER = { capacity: { hits: 1000 } };
const PAIRS = 33;
const STEPS = 2;
/** Four of the large ones off each full server, and no fewer, bring it below the target. */
const MOVES_MIN = PAIRS * 4;

/** So many servers too full, each with six large resources and twelve small ones, and as many with little on them. */
function vast(options: TestFleet['options'] = {}): TestFleet {
  const rng = new SeededRng(5);
  const resources: Record<string, TestFleet['resources'][string]> = {};
  for (let pair = 0; pair < PAIRS; pair++) {
    for (let large = 0; large < 6; large++) {
      const peak = Math.floor(rng.next() * STEPS);
      const needs = Array.from({ length: STEPS }, (_hole, step) => (step === peak ? 95 : 90));
      resources[`p${pair}-large${large}`] = { on: `full${pair}`, needs: { hits: needs } };
    }
    for (let small = 0; small < 12; small++) {
      const needs = { hits: between(rng, 48, 52) };
      resources[`p${pair}-small${small}`] = { on: `full${pair}`, needs };
    }
    resources[`p${pair}-there`] = { on: `empty${pair}`, needs: { hits: 300 } };
  }
  const names = Array.from({ length: PAIRS }, (_hole, pair) => [`full${pair}`, `empty${pair}`]);
  return {
    steps: STEPS,
    servers: Object.fromEntries(names.flat().map((name) => [name, SERVER])),
    resources,
    options: {
      movesMax: 1000,
      imbalanceMax: 9,
      gainMin: 0.01,
      reliefMin: 0,
      workUnits: 400_000,
      ...options,
    },
  };
}

function planOf(fleet: TestFleet): PlanningResult {
  return planFor(inputsOf(fleet));
}

describe('a plan for many servers at once', () => {
  it('needs hardly more moves than must be made, and leaves nothing above the target', () => {
    const result = planned(vast());
    expect(result.plan?.analysis.score.plan).toMatchObject({ overload: 0, pressure: 0 });
    expect(movesOf(result).length).toBeGreaterThanOrEqual(MOVES_MIN);
    expect(movesOf(result).length).toBeLessThanOrEqual(MOVES_MIN * 1.05);
  });

  it('is the same to the byte in whatever order the fleet is listed', () => {
    const inputs = inputsOf(vast());
    const turned = {
      ...inputs,
      resources: inputs.resources.toReversed(),
      servers: inputs.servers.toReversed(),
    };
    expect(planFor(turned)).toEqual(planFor(inputs));
  });

  it('keeps the limits of moves, and leaves alone what was moved lately', () => {
    expect(movesOf(planOf(vast({ movesMax: 100 })))).toHaveLength(100);
    const fleet = vast({ movesPerServerMax: 2 });
    expect(movesOf(planOf(fleet)).length).toBeLessThanOrEqual(PAIRS * 2);
    const resources = Object.fromEntries(
      Object.entries(fleet.resources).map(([id, resource]) => [
        id,
        id.endsWith('large0') ? { ...resource, movedAtMs: START_MS - 60_000 } : resource,
      ]),
    );
    const tired = movesOf(planOf({ ...vast(), resources }));
    expect(tired.filter(({ resource }) => resource.endsWith('large0'))).toEqual([]);
  });

  it('says what it would win where it is too little, as of few servers', () => {
    const pairs = Array.from({ length: PAIRS }, (_hole, pair) => [`full${pair}`, `empty${pair}`]);
    const resources: Record<string, TestFleet['resources'][string]> = {};
    for (const [full = '', empty = ''] of pairs) {
      for (let at = 0; at < 10; at++)
        resources[`${full}-${at}`] = { on: full, needs: { hits: 81 } };
      for (let at = 0; at < 6; at++)
        resources[`${empty}-${at}`] = { on: empty, needs: { hits: 81 } };
    }
    const { none } = planOf({
      servers: Object.fromEntries(pairs.flat().map((name) => [name, SERVER])),
      resources,
      options: { movesMax: 1000, imbalanceMax: 9 },
    });
    expect(none).toMatchObject({ why: 'gain-too-small', gain: 0.01 });
  });
});
