import { workPacedAsThread } from '../../core/threads/work.js';
import { InlineBacktest } from './runner.js';
import type { SeriesScore } from './series-score.js';
import type { BacktestTold } from './thread.js';

/* The thread of `BacktestThread`. */

await workPacedAsThread<BacktestTold, SeriesScore[]>((asked, { rest, progress }) => {
  const { signal } = new AbortController();
  return new InlineBacktest(rest).run(asked, { progress, signal });
});
