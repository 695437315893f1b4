import { SeededRng } from '../../core/rng.js';
import { firstWeights } from '../../models/neural/trainer.js';
import { encodeWeights } from '../../models/neural/weights.js';

/** Weights of a network that has learnt nothing, as a file has them. */
export function rawWeights(seed = 1): Uint8Array {
  const values = firstWeights(new SeededRng(seed));
  return encodeWeights({ values, traces: [], batches: 0, seed });
}
