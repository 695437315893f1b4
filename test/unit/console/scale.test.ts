import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LEVELS, legendWords, levelOf } from '../../../console/frame/scale.js';

describe('the scale of how full', () => {
  it('never falls, and its last level is what is over the capacity, alone', () => {
    const share = fc.double({ min: 0, max: 3, noNaN: true });
    fc.assert(
      fc.property(share, share, (one, other) => {
        const [less, more] = one <= other ? [one, other] : [other, one];
        expect(levelOf(less)).toBeLessThanOrEqual(levelOf(more));
        expect(levelOf(one) === LEVELS.length - 1).toBe(one > 1);
      }),
    );
  });

  it('has words for every level', () => {
    expect(legendWords().map(({ text }) => text)).toEqual([
      ...['0', '15', '30', '45', '60', '75', '90'],
      'over',
    ]);
  });
});
