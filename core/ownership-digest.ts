import type { ResourceId } from './domain.js';
import type { Generation } from './generation.js';
import { formatGeneration } from './generation.js';

/**
 * A number that tells two sets of (resource, since) apart, whatever their order (sum of FNV-1a hashes
 * modulo 2³²): agents answer health checks with it, so that a difference from the table shows at once.
 */
export function ownershipDigest(owned: Iterable<readonly [ResourceId, Generation]>): number {
  let sum = 0;
  for (const [resource, since] of owned) {
    sum = (sum + hashOf(`${resource}@${formatGeneration(since)}`)) >>> 0;
  }
  return sum;
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  return hash >>> 0;
}
