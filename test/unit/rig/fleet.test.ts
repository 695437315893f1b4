import { describe, expect, it } from '@jest/globals';
import { faultsOf } from '../../rig/fleet.js';

/* A run of the fleet that did not do what it was asked fails, whatever else it did. */

const asked = { resources: 100, requestsMin: 1000 };
const well = { requests: 1010, answered: 1010, moved: 100, unapplied: [], violations: [] };

describe('a run of the fleet', () => {
  it('is well if all was moved, all answered and nothing violated', () => {
    expect(faultsOf(well, asked)).toEqual([]);
  });

  it.each([
    ['a rule was violated', { violations: ['1 × ran twice'] }, '1 × ran twice'],
    ['a batch was not applied', { unapplied: ['plan 3 stale: late'] }, 'plan 3 stale: late'],
    ['a request was not answered', { answered: 1009 }, '1 requests were not answered'],
    [
      'there were fewer requests than asked',
      { requests: 999, answered: 999 },
      '999 answers to 1000 requests or more',
    ],
    ['not the whole table was moved', { moved: 99 }, '99 moves of 100 resources'],
  ])('has a fault if %s', (_what, changed, fault) => {
    expect(faultsOf({ ...well, ...changed }, asked)).toEqual([fault]);
  });
});
