import { InlineAnalysis } from '../../forecaster/inline-analysis.js';
import { ForeshiftPolicy } from '../foreshift/policy.js';
import { analysisOptionsOf } from '../foreshift/service.js';
import type { Measures } from '../rules/measures.js';
import type { Policy } from '../policy.js';
import type { Meter } from '../rules/measures.js';
import { meterOf, Walk } from '../run.js';
import type { Scene } from '../scene.js';
import { SceneMetrics } from './scene-metrics.js';
import { SharedForecasts } from './shared-forecasts.js';

/** What a policy did in the two parts of a history: one to choose by, and the later one to judge the choice by. */
export interface Trial {
  readonly choosing: Measures;
  readonly judging: Measures;
}

export interface TrialWatch {
  /** Told after each step: share 0…1 that is done. May take its time, or throw to end it all. */
  readonly onStep?: (done: number) => Promise<void> | void;
}

/** The product with each of some options of the planner, side by side on one forecast. */
export function foreshiftTrials(
  scene: Scene,
  candidates: readonly Scene['planner'][],
  watch: TrialWatch = {},
): Promise<Trial[]> {
  const analysis = new SharedForecasts(new InlineAnalysis(analysisOptionsOf(scene)));
  const policies = candidates.map((planner) => {
    const metrics = new SceneMetrics(scene);
    const own = { ...scene, planner: { ...scene.planner, ...planner }, hasTriggers: false };
    return new ForeshiftPolicy(own, { metricStore: metrics, recording: metrics, analysis });
  });
  return trialsOf(policies, scene, watch);
}

/** Policies side by side over all steps after the warm-up. */
export async function trialsOf(
  policies: readonly Policy[],
  scene: Scene,
  { onStep }: TrialWatch = {},
): Promise<Trial[]> {
  const { warmSteps, recorded } = scene;
  const { steps } = recorded.grid;
  const half = halfOf(scene);
  const walks = policies.map((policy) => ({
    walk: new Walk(policy, scene),
    choosing: meterOf(scene),
    judging: meterOf(scene),
  }));
  for (let step = warmSteps; step < steps; step++) {
    for (const { walk, choosing, judging } of walks) {
      await measure(walk, step < half ? choosing : judging, step);
    }
    await onStep?.((step - warmSteps + 1) / (steps - warmSteps));
  }
  return walks.map(({ choosing, judging }) => ({
    choosing: choosing.measures(),
    judging: judging.measures(),
  }));
}

/** The step with which the later part begins. */
export function halfOf({ warmSteps, recorded }: Scene): number {
  return warmSteps + Math.ceil((recorded.grid.steps - warmSteps) / 2);
}

async function measure(walk: Walk, meter: Meter, step: number): Promise<void> {
  const { moves, loads } = await walk.step(step);
  for (const { resource, atMs } of moves) meter.move(resource, atMs);
  meter.step(loads);
}
