import { SystemClock } from '../../core/clock/system.js';
import { workAsThread } from '../../core/threads/work.js';
import type { AdviceAsked } from './adviser.js';
import { adviceOn } from './adviser.js';
import type { PlanningRun } from './solved.js';

/* The thread of `AdviserThread`. */

/** Of each planning: somebody waits for the answer. A plan that the clock stopped says so. */
const SECONDS_MAX = 10;

await workAsThread(async (told) => {
  await Promise.resolve();
  const clock = new SystemClock();
  const runOf = (): PlanningRun => {
    const startedAtMs = clock.monotonicMs();
    return { timeShare: () => (clock.monotonicMs() - startedAtMs) / (SECONDS_MAX * 1000) };
  };
  return adviceOn(told as AdviceAsked, runOf);
});
