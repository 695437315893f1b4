import { describe, expect, it } from '@jest/globals';
import { simulateTwice } from './twice.js';

/** Seeds of long runs that broke a rule once, and what was wrong. */
const SEEDS: readonly (readonly [seed: number, why: string])[] = [
  [
    4323,
    'an agent whose disk was lost was given, by a table from a backup, what another owned by then',
  ],
  [
    5353,
    'a failover whose store was lost before the commit, as an agent told of it: the judge forgot who was lost',
  ],
];

describe('seeds that broke a rule once', () => {
  it.each(SEEDS)('seed %i holds: %s', async (seed) => {
    expect((await simulateTwice(seed, false)).failure).toBeUndefined();
  });
});
