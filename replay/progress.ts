import type { PolicyName } from './options.js';

export interface ReplayProgress {
  readonly policy: PolicyName;
  /** Over all policies. */
  readonly doneSteps: number;
  readonly totalSteps: number;
  readonly policySteps: number;
  readonly stepsPerPolicy: number;
  readonly stepMs: number;
}

const DAY_MS = 86_400_000;
const CELLS = 16;

/**
 * `replay 7 d  [##########------] 62 %  foreshift day 5 of 7  1,840x  eta 21 s`: for a terminal's standard error.
 * @param elapsedMs since the replay began
 */
export function progressLine(progress: ReplayProgress, elapsedMs: number): string {
  const { policy, doneSteps, totalSteps, policySteps, stepsPerPolicy, stepMs } = progress;
  const share = doneSteps / totalSteps;
  const cells = Math.round(share * CELLS);
  const bar = '#'.repeat(cells) + '-'.repeat(CELLS - cells);
  const days = Math.ceil((stepsPerPolicy * stepMs) / DAY_MS);
  const day = Math.max(1, Math.ceil((policySteps * stepMs) / DAY_MS));
  const speed = Math.round((doneSteps * stepMs) / Math.max(1, elapsedMs)).toLocaleString('en-US');
  const leftSeconds = Math.ceil((elapsedMs * (1 / share - 1)) / 1000);
  const percent = Math.floor(100 * share);
  return (
    `replay ${days} d  [${bar}] ${percent} %  ${policy} day ${day} of ${days}` +
    `  ${speed}x  eta ${leftSeconds} s`
  );
}
