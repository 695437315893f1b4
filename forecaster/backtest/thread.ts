import { ForeshiftError } from '../../core/errors.js';
import type { ThreadWatch } from '../../core/threads/work-thread.js';
import { workInThread } from '../../core/threads/work-thread.js';
import type { BacktestAsked, BacktestRunner } from './runner.js';
import type { SeriesScore } from './series-score.js';

/** What the thread is told when it begins. */
export interface BacktestTold extends BacktestAsked {
  readonly cpuShare: number;
}

/** A thread for each backtest, which rests between origins so that it takes no more than its share of a core. */
export class BacktestThread implements BacktestRunner {
  readonly #cpuShare: number;

  constructor({ cpuShare }: { readonly cpuShare: number }) {
    this.#cpuShare = cpuShare;
  }

  run(asked: BacktestAsked, watch: ThreadWatch): Promise<SeriesScore[]> {
    const script = new URL('./backtest-worker.js', import.meta.url);
    const told: BacktestTold = { ...asked, cpuShare: this.#cpuShare };
    return workInThread(
      script,
      told,
      watch,
      ({ why }) => new ForeshiftError('ERR_BACKTEST_LOST', { why }),
    );
  }
}
