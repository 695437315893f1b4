import type { Panel } from '../../core/panel.js';
import type { ThreadWatch } from '../../core/threads/work-thread.js';
import { openNeural } from '../../models/neural/open.js';
import type { NeuralUse } from '../analysis.js';
import type { BacktestOptions } from './backtest.js';
import { backtestSteps } from './backtest.js';
import type { SeriesScore } from './series-score.js';

export interface BacktestAsked {
  readonly panel: Panel;
  readonly options: Omit<BacktestOptions, 'neural'>;
  /** The network that is one of the models, too; undefined: none is. */
  readonly neural: NeuralUse | undefined;
}

/** Who walks over the history: in a thread of its own, or in place. */
export interface BacktestRunner {
  /** Progress is the share that is done. @throws the reason of the signal; ERR_BACKTEST_LOST: its thread ended */
  run(asked: BacktestAsked, watch: ThreadWatch): Promise<SeriesScore[]>;
}

/** In place: for tests, and inside the thread. */
export class InlineBacktest implements BacktestRunner {
  readonly #pause: () => Promise<void>;

  /** @param pause taken after each origin, so that others get their turn */
  constructor(pause: () => Promise<void> = () => Promise.resolve()) {
    this.#pause = pause;
  }

  async run(
    { panel, options, neural }: BacktestAsked,
    { signal, progress }: ThreadWatch,
  ): Promise<SeriesScore[]> {
    const opened =
      neural === undefined ? undefined : await openNeural(neural.weights, neural.backend);
    const steps = backtestSteps(panel, { ...options, neural: opened?.network });
    try {
      for (;;) {
        const { done, value } = steps.next();
        if (done === true) return value;
        signal.throwIfAborted();
        progress(value);
        await this.#pause();
      }
    } finally {
      opened?.network.dispose();
    }
  }
}
