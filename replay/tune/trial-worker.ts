import { SystemClock } from '../../core/clock/system.js';
import { Pace, workAsThread } from '../../core/threads/work.js';
import type { QuantileTrial } from './choice.js';
import { InlineTrials } from './trial-runner.js';
import type { TrialsTold } from './trial-thread.js';

/* The thread of `TrialThread`. */

/** Told of progress this often, as a share. */
const TOLD_EVERY = 0.01;

await workAsThread<QuantileTrial[]>((told, tell) => {
  const { cpuShare, ...asked } = told as TrialsTold;
  const pace = new Pace(new SystemClock(), cpuShare);
  let toldAt = 0;
  const progress = (done: number): void => {
    if (done - toldAt < TOLD_EVERY) return;
    toldAt = done;
    tell(done);
  };
  const { signal } = new AbortController();
  return new InlineTrials(() => pace.rest()).run(asked, { progress, signal });
});
