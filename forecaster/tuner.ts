import type { Backend } from '../core/forecast.js';
import type { Panel } from '../core/panel.js';
import type { Tuned } from '../models/neural/tuning.js';

/** What the network is to learn, and from what. */
export interface Tuning {
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

export interface TuningOptions {
  readonly signal: AbortSignal;
  /** Told how many batches are done. */
  readonly progress: (done: number) => void;
}

/** Where the network learns: it takes a minute of a core, so never where anything else must go on. */
export interface Tuner {
  /** @throws ERR_TRAINING_LOST, ERR_BACKEND_UNAVAILABLE, the reason of the signal */
  tune(tuning: Tuning, options: TuningOptions): Promise<Tuned>;
}
