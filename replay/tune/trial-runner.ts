import type { ThreadWatch } from '../../core/threads/work-thread.js';
import type { Scene } from '../scene.js';
import type { QuantileTrial } from './choice.js';
import { foreshiftTrials } from './trials.js';

export interface TrialsAsked {
  readonly scene: Scene;
  readonly quantiles: readonly number[];
}

/** Who runs the trials of a tuning: in a thread of its own, or in place. */
export interface TrialRunner {
  /** Progress is the share that is done. @throws the reason of the signal; ERR_ANALYSIS_LOST: its thread ended */
  run(asked: TrialsAsked, watch: ThreadWatch): Promise<QuantileTrial[]>;
}

/** In place: for tests, and inside the thread. */
export class InlineTrials implements TrialRunner {
  readonly #pause: () => Promise<void>;

  /** @param pause taken after each step, so that others get their turn */
  constructor(pause: () => Promise<void> = () => Promise.resolve()) {
    this.#pause = pause;
  }

  async run({ scene, quantiles }: TrialsAsked, watch: ThreadWatch): Promise<QuantileTrial[]> {
    const candidates = quantiles.map((quantile) => ({ quantile }));
    const trials = await foreshiftTrials(scene, candidates, {
      onStep: async (done) => {
        watch.signal.throwIfAborted();
        watch.progress(done);
        await this.#pause();
      },
    });
    return trials.map((trial, at) => ({ ...trial, quantile: quantiles[at] ?? NaN }));
  }
}
