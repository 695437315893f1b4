import { readFileSync } from 'node:fs';

/** Weights of the network as they come with the product. */
export function shippedWeights(): Uint8Array {
  return readFileSync(new URL('../../../models/neural/shipped.weights', import.meta.url));
}
