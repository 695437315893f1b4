import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isNotFound } from '../../core/disk/codes.js';
import { productFolder } from '../product.js';

/** Of the neural forecaster, as they came with the product; undefined: they are not there. */
export async function shippedWeights(): Promise<Uint8Array | undefined> {
  try {
    return await readFile(join(productFolder, 'models', 'neural', 'shipped.weights'));
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
