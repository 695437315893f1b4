import type { Backend } from '../../core/forecast.js';
import type { Predictor } from './neural.js';
import type { Weights } from './weights.js';
import { decodeWeights } from './weights.js';

export interface OpenedNeural {
  readonly network: Predictor & { dispose(): void };
  readonly backend: Backend;
  /** Backends that were tried first, and why they would not do. */
  readonly refused: readonly string[];
  readonly weights: Weights;
}

/**
 * The network with these weights, ready to be asked. The engine is loaded only now: whoever forecasts without a
 * network never waits for it.
 * @throws ERR_WEIGHTS_UNUSABLE, ERR_BACKEND_UNAVAILABLE
 */
export async function openNeural(
  bytes: Uint8Array,
  backend: 'auto' | Backend,
): Promise<OpenedNeural> {
  const weights = decodeWeights(bytes);
  const { openBackend } = await import('./backend.js');
  const opened = await openBackend(backend);
  const { Network } = await import('./network.js');
  return { ...opened, network: new Network(weights.values), weights };
}
