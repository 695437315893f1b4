import { workPacedAsThread } from '../../core/threads/work.js';
import type { QuantileTrial } from './choice.js';
import { InlineTrials } from './trial-runner.js';
import type { TrialsTold } from './trial-thread.js';

/* The thread of `TrialThread`. */

await workPacedAsThread<TrialsTold, QuantileTrial[]>((asked, { rest, progress }) => {
  const { signal } = new AbortController();
  return new InlineTrials(rest).run(asked, { progress, signal });
});
