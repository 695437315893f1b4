import { planProblem } from '../../forecaster/planner/packing/problem-plan.js';
import { planFor } from '../../forecaster/planner/planner.js';
import { rescueFor } from '../../forecaster/planner/rescue.js';
import { missedBest } from './packing/best-of-all.js';
import { permuted as permutedProblem } from './packing/permuted.js';
import { problemFaults } from './packing/problem-checker.js';
import { randomProblem } from './packing/random-problem.js';
import { faultsOf } from './planner/checker.js';
import { randomInputs } from './planner/random-inputs.js';
import { rescueFaults } from './planner/rescue-checker.js';
import { lowestPeak, permuted, small } from './planner/variants.js';

/** Of one problem file. */
const WORK_UNITS = 10_000;
/** One seed in so many is planned again, everything listed in another order; one is made small, and all is tried. */
const PERMUTED_EVERY = 5;
const SMALL_EVERY = 3;
const ROUNDING = 1e-5;

/**
 * What is wrong with the plans for the random problems of a seed, by checkers that share no code with the
 * planners; undefined: nothing. An odd seed is a fleet for the planner of rounds, an even one a problem file.
 */
export function plannerFailure(seed: number): string | undefined {
  const faults = seed % 2 === 1 ? fleetFaults(seed) : fileFaults(seed);
  return faults.length === 0 ? undefined : faults.join('; ');
}

function fleetFaults(seed: number): string[] {
  const inputs = randomInputs(seed);
  const result = planFor(inputs);
  const faults = faultsOf(inputs, result);
  faults.push(...rescueFaults(inputs, rescueFor(inputs)));
  if (seed % PERMUTED_EVERY === 0) {
    const again = JSON.stringify(planFor(permuted(inputs)));
    if (again !== JSON.stringify(result)) faults.push('another order, another plan');
  }
  if (seed % SMALL_EVERY === 0) {
    const few = small(inputs);
    const { plan } = planFor(few);
    const lowest = lowestPeak(few);
    const isWhole = plan !== null && plan.analysis.score.plan.misplaced === 0;
    if (isWhole && plan.analysis.bound > lowest + ROUNDING)
      faults.push(`a peak of ${lowest} is possible, the bound is ${plan.analysis.bound}`);
  }
  return faults;
}

function fileFaults(seed: number): string[] {
  const run = { seed, workUnits: WORK_UNITS };
  const file = randomProblem(seed);
  const plan = planProblem(file, run);
  const faults = problemFaults(file, plan);
  if (seed % PERMUTED_EVERY === 0) {
    const again = JSON.stringify(planProblem(permutedProblem(file), run));
    if (again !== JSON.stringify(plan)) faults.push('another order, another plan');
  }
  if (seed % SMALL_EVERY === 0) {
    const few = randomProblem(seed, { small: true });
    const hasSpares = few.servers.some(({ state }) => state === 'spare');
    const missed = hasSpares ? undefined : missedBest(few, planProblem(few, run));
    if (missed !== undefined) faults.push(`not the best: ${missed}`);
  }
  return faults;
}
