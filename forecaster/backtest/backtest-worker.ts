import { SystemClock } from '../../core/clock/system.js';
import { Pace, workAsThread } from '../../core/threads/work.js';
import { InlineBacktest } from './runner.js';
import type { SeriesScore } from './series-score.js';
import type { BacktestTold } from './thread.js';

/* The thread of `BacktestThread`. */

/** Told of progress this often, as a share. */
const TOLD_EVERY = 0.01;

await workAsThread<SeriesScore[]>((told, tell) => {
  const { cpuShare, ...asked } = told as BacktestTold;
  const pace = new Pace(new SystemClock(), cpuShare);
  let toldAt = 0;
  const progress = (done: number): void => {
    if (done - toldAt < TOLD_EVERY) return;
    toldAt = done;
    tell(done);
  };
  const { signal } = new AbortController();
  return new InlineBacktest(() => pace.rest()).run(asked, { progress, signal });
});
