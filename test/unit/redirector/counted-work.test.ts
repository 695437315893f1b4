import { describe, expect, it } from '@jest/globals';
import { CountedWork } from '../../../redirector/counted-work.js';

describe('CountedWork', () => {
  it('keeps what it counted when there are more resources', () => {
    const counted = new CountedWork(1, undefined);
    counted.entered(0);
    counted.entered(0);
    counted.served(0, 10, 2);
    expect(counted.left(0)).toBe(false);
    counted.grow(3);
    counted.carried(0, 5);
    counted.add(2, { hits: 1, bytes: 2, serviceMs: 3 });
    expect(counted.of(0)).toEqual({ hits: 1, bytes: 15, serviceMs: 2, inFlight: 1 });
    expect(counted.of(1)).toEqual({ hits: 0, bytes: 0, serviceMs: 0, inFlight: 0 });
    expect(counted.of(2)).toEqual({ hits: 1, bytes: 2, serviceMs: 3, inFlight: 0 });
    expect(counted.left(0)).toBe(true);
  });

  it('does not let out what has not entered', () => {
    const counted = new CountedWork(1, undefined);
    expect(() => counted.left(0)).toThrow('what leaves has entered');
  });
});
