import { describe, expect, it } from '@jest/globals';
import type { BatchOutcome } from '../../../../core/table-store/records/plan.js';
import { SwitchTally } from '../../../../redirector/switch/tally.js';
import { r } from '../../../support/names.js';

const APPLIED: BatchOutcome = {
  batch: 0,
  result: 'applied',
  why: '',
  attempts: 1,
  resources: [r('a'), r('b')],
  generation: { incarnation: 1, epoch: 2 },
  atMs: 0,
  drainMs: 20,
  holdMs: 40,
  heldRequests: 7,
  failedRequests: 0,
};

describe('the tally of switches', () => {
  it('has every result from the beginning, so that the first one is seen to come', () => {
    expect([...new SwitchTally().results]).toEqual([
      ['applied', 0],
      ['given-back', 0],
      ['aborted', 0],
      ['left-out', 0],
    ]);
  });

  it('counts moves, and how long they were held, of what was applied', () => {
    const tally = new SwitchTally();
    tally.add(APPLIED);
    tally.add({ ...APPLIED, holdMs: 400 });
    expect([tally.moves, tally.heldRequests, tally.hold.count]).toEqual([4, 14, 2]);
    expect(tally.hold.sum).toBeCloseTo(0.44);
    expect(tally.drain.sum).toBeCloseTo(0.04);
  });

  it('counts requests of every switch, and no moves of those that were undone', () => {
    const tally = new SwitchTally();
    tally.add({ ...APPLIED, result: 'given-back', failedRequests: 3 });
    expect([tally.moves, tally.hold.count]).toEqual([0, 0]);
    expect([tally.heldRequests, tally.failedRequests]).toEqual([7, 3]);
    expect(tally.results.get('given-back')).toBe(1);
  });
});
