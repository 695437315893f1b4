import { expect } from '@jest/globals';
import type { PlannedMove } from '../../../core/plan.js';
import type { PlanningResult } from '../../../forecaster/planner/inputs.js';
import { planFor } from '../../../forecaster/planner/planner.js';
import { faultsOf } from './checker.js';
import type { TestFleet } from './inputs.js';
import { inputsOf } from './inputs.js';

/** Plans, and has the answer checked. */
export function planned(fleet: TestFleet): PlanningResult {
  const inputs = inputsOf(fleet);
  const result = planFor(inputs);
  expect(faultsOf(inputs, result)).toEqual([]);
  return result;
}

export function movesOf({ plan }: PlanningResult): PlannedMove[] {
  return plan?.batches.flatMap(({ moves }) => moves) ?? [];
}

/** `a: s1 > s2` for each move, in order. */
export function movesIn(result: PlanningResult): string[] {
  return movesOf(result).map(
    ({ resource, source, target }) => `${resource}: ${source ?? '-'} > ${target}`,
  );
}
