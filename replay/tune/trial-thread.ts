import { ForeshiftError } from '../../core/errors.js';
import type { ThreadWatch } from '../../core/threads/work-thread.js';
import { workInThread } from '../../core/threads/work-thread.js';
import type { QuantileTrial } from './choice.js';
import type { TrialRunner, TrialsAsked } from './trial-runner.js';

/** What the thread is told when it begins. */
export interface TrialsTold extends TrialsAsked {
  readonly cpuShare: number;
}

/** The trials in a thread of their own, which rests between steps so that it takes no more than its share of a core. */
export class TrialThread implements TrialRunner {
  readonly #cpuShare: number;

  constructor({ cpuShare }: { readonly cpuShare: number }) {
    this.#cpuShare = cpuShare;
  }

  run(asked: TrialsAsked, watch: ThreadWatch): Promise<QuantileTrial[]> {
    const script = new URL('./trial-worker.js', import.meta.url);
    const told: TrialsTold = { ...asked, cpuShare: this.#cpuShare };
    return workInThread(
      script,
      told,
      watch,
      ({ why }) => new ForeshiftError('ERR_ANALYSIS_LOST', { why }),
    );
  }
}
