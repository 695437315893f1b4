import { ForeshiftError } from '../core/errors.js';
import type { ThreadWatch } from '../core/threads/work-thread.js';
import { workInThread } from '../core/threads/work-thread.js';
import type { Retrained } from '../models/neural/retrain.js';
import type { Retrainer, Retraining } from './retraining.js';

/** A thread for each retraining: it rests as long as it works, so that half a core is left to the rest, and ends with it. */
export class RetrainingThread implements Retrainer {
  retrain(retraining: Retraining, watch: ThreadWatch): Promise<Retrained> {
    const script = new URL('./retraining-worker.js', import.meta.url);
    return workInThread(script, retraining, watch, ({ code, why }) =>
      code === 'ERR_BACKEND_UNAVAILABLE'
        ? new ForeshiftError(code, { why })
        : new ForeshiftError('ERR_TRAINING_LOST', { why }),
    );
  }
}
