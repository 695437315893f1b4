import type { Clock } from '../core/clock/port.js';
import type { Trace } from '../core/trace/trace.js';
import type { PolicyName, ReplayOptions } from './options.js';
import { policyOf } from './policies/make.js';
import type { ReplayProgress } from './progress.js';
import type { ReplayReport } from './report.js';
import { reportOf } from './report.js';
import type { PolicyRun } from './run.js';
import { runPolicy } from './run.js';
import type { Scene } from './scene.js';
import { sceneOf } from './scene.js';

/** Who watches a replay, and by which clock it is timed; nothing of it has a part in the report. */
export interface ReplayWatch {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly progress?: (progress: ReplayProgress) => void;
  readonly signal?: AbortSignal;
}

export interface ReplayResult {
  readonly report: ReplayReport;
  /** What the report is made of. */
  readonly scene: Scene;
  readonly runs: readonly PolicyRun[];
  /** How long each policy took. */
  readonly seconds: Readonly<Partial<Record<PolicyName, number>>>;
}

/** Told of progress this often, in steps. */
const PROGRESS_STEPS = 50;

/**
 * Runs each policy over the trace, one after the other. The same trace and options give the same report.
 * @param name of the trace, for the report
 * @throws ERR_REPLAY_TRACE, or the reason of the signal
 */
export async function replay(
  trace: Trace,
  name: string,
  options: ReplayOptions,
  { clock, progress, signal }: ReplayWatch,
): Promise<ReplayResult> {
  const scene = sceneOf(trace, options);
  const steps = scene.recorded.grid.steps - scene.warmSteps;
  const totalSteps = steps * options.policies.length;
  const runs: PolicyRun[] = [];
  const seconds: Partial<Record<PolicyName, number>> = {};
  for (const [index, policy] of options.policies.entries()) {
    const beganAtMs = clock.monotonicMs();
    const onStep = (done: number): void => {
      signal?.throwIfAborted();
      if (done % PROGRESS_STEPS !== 0 && done !== steps) return;
      progress?.({
        policy,
        doneSteps: index * steps + done,
        totalSteps,
        policySteps: done,
        stepsPerPolicy: steps,
        stepMs: trace.grid.stepMs,
      });
    };
    runs.push(await runPolicy(policyOf(policy, scene), scene, onStep));
    seconds[policy] = (clock.monotonicMs() - beganAtMs) / 1000;
  }
  return { report: reportOf(name, scene, runs), scene, runs, seconds };
}
