import type { Backend } from '../core/forecast.js';
import type { Panel } from '../core/panel.js';
import type { ThreadWatch } from '../core/threads/work-thread.js';
import type { Retrained } from '../models/neural/retrain.js';

/** What the network is to learn, and from what. */
export interface Retraining {
  /** As the network is now. */
  readonly weights: Float32Array;
  /** The fleet's own histories. */
  readonly panel: Panel;
  /** Lengths of seasons in steps, ascending. */
  readonly seasons: readonly number[];
  readonly backend: 'auto' | Backend;
  readonly batches: number;
  readonly seed: number;
}

/** Where the network learns: it takes a minute of a core, so never where anything else must go on. */
export interface Retrainer {
  /** Progress is the number of batches that are done. @throws ERR_TRAINING_LOST, ERR_BACKEND_UNAVAILABLE, the reason of the signal */
  retrain(retraining: Retraining, watch: ThreadWatch): Promise<Retrained>;
}
