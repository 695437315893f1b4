import { InlineAnalysis } from '../../forecaster/inline-analysis.js';
import { ForeshiftPolicy } from '../foreshift/policy.js';
import { analysisOptionsOf } from '../foreshift/service.js';
import type { Policy } from '../policy.js';
import { Walk } from '../run.js';
import type { Scene } from '../scene.js';
import { SceneMetrics } from './scene-metrics.js';
import { SharedForecasts } from './shared-forecasts.js';
import type { TrialFigures } from './trial-tally.js';
import { TrialTally } from './trial-tally.js';

/** What a policy did in the two parts of a history: one to choose by, and the later one to judge the choice by. */
export interface Trial {
  readonly choosing: TrialFigures;
  readonly judging: TrialFigures;
}

export interface TrialWatch {
  /** Told after each step: share 0…1 that is done. May take its time, or throw to end it all. */
  readonly onStep?: (done: number) => Promise<void> | void;
}

/** The product with each of some options of the planner, side by side on one forecast. */
export async function foreshiftTrials(
  scene: Scene,
  candidates: readonly Scene['planner'][],
  watch: TrialWatch = {},
): Promise<Trial[]> {
  const tallies = await tallied(foreshiftPolicies(scene, candidates), scene, watch);
  return tallies.map((tally) => trialOf(tally, scene));
}

/** Policies that share one forecaster: they must go side by side. */
export function foreshiftPolicies(
  scene: Scene,
  candidates: readonly Scene['planner'][],
): ForeshiftPolicy[] {
  const analysis = new SharedForecasts(new InlineAnalysis(analysisOptionsOf(scene)));
  return candidates.map((planner) => {
    const metrics = new SceneMetrics(scene);
    const own = { ...scene, planner: { ...scene.planner, ...planner }, hasTriggers: false };
    return new ForeshiftPolicy(own, { metricStore: metrics, recording: metrics, analysis });
  });
}

/** Policies side by side over all steps after the warm-up. @param onDone told the step that is done, with all tallies */
export async function tallied(
  policies: readonly Policy[],
  scene: Scene,
  { onStep }: TrialWatch = {},
  onDone: (step: number, tallies: readonly TrialTally[]) => void = () => undefined,
): Promise<TrialTally[]> {
  const { warmSteps, recorded } = scene;
  const { steps } = recorded.grid;
  const walks = policies.map((policy) => new Walk(policy, scene));
  const tallies = policies.map(() => new TrialTally(scene));
  for (let step = warmSteps; step < steps; step++) {
    for (const [at, walk] of walks.entries()) {
      const { moves, loads } = await walk.step(step);
      tallies[at]?.add(step, loads, moves.length);
    }
    onDone(step, tallies);
    await onStep?.((step - warmSteps + 1) / (steps - warmSteps));
  }
  return tallies;
}

export function trialOf(tally: TrialTally, scene: Scene): Trial {
  const half = halfOf(scene);
  return {
    choosing: tally.over(scene.warmSteps, half),
    judging: tally.over(half, scene.recorded.grid.steps),
  };
}

/** The step with which the later part begins. */
export function halfOf({ warmSteps, recorded }: Scene): number {
  return warmSteps + Math.ceil((recorded.grid.steps - warmSteps) / 2);
}
