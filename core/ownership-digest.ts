import type { ResourceId } from './domain.js';
import type { Generation } from './generation.js';
import { formatGeneration } from './generation.js';

/**
 * A number that tells two sets of (resource, since) apart, whatever their order (sum of hashes modulo 2³²): agents
 * answer health checks with it, so that a difference from the table shows at once. FNV-1a alone will not do: names that
 * differ in few characters have hashes that differ by much the same, so that two changes cancel in a sum; its bits are
 * mixed by MurmurHash3's last step (Appleby 2011).
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
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
