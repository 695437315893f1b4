import { describe, expect, it } from '@jest/globals';
import { resourceId } from '../../../core/domain.js';
import type { Generation } from '../../../core/generation.js';
import { ownershipDigest } from '../../../core/ownership-digest.js';

const at = (epoch: number): Generation => ({ incarnation: 0, epoch });
const [vol2, vol4] = [resourceId('vol-2'), resourceId('vol-4')];

describe('the digest of what is owned', () => {
  it('is the same in whatever order', () => {
    const one = ownershipDigest([
      [vol2, at(1)],
      [vol4, at(5)],
    ]);
    const other = ownershipDigest([
      [vol4, at(5)],
      [vol2, at(1)],
    ]);
    expect(one).toBe(other);
  });

  it('tells two resources apart that changed together (seed 2347: both from 0.1 to 0.5)', () => {
    const before = ownershipDigest([vol2, vol4].map((resource) => [resource, at(1)]));
    const after = ownershipDigest([vol2, vol4].map((resource) => [resource, at(5)]));
    expect(after).not.toBe(before);
  });

  it('tells all small sets of neighbouring names and generations apart', () => {
    const seen = new Map<number, string>();
    const names = Array.from({ length: 12 }, (_, n) => resourceId(`vol-${n}`));
    for (const [a, one] of names.entries()) {
      for (const other of names.slice(a + 1)) {
        for (let first = 1; first <= 20; first++) {
          for (let second = 1; second <= 20; second++) {
            const digest = ownershipDigest([
              [one, at(first)],
              [other, at(second)],
            ]);
            const what = `${one}@${first} ${other}@${second}`;
            expect([what, seen.get(digest)]).toEqual([what, undefined]);
            seen.set(digest, what);
          }
        }
      }
    }
  });
});
