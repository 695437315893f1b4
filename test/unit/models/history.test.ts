import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { History } from '../../../models/history.js';
import { fuzzRuns } from '../../support/fuzz.js';
import { rowFrom } from '../../support/rows.js';

describe('History', () => {
  it('gives back what it was given, to a ten-thousandth of the largest', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 7 }),
        (values) => {
          const row = rowFrom(Float32Array.from(values));
          const largest = Math.max(...values);
          for (const [at, value] of values.entries()) {
            expect(Math.abs(row.values[at]! - value)).toBeLessThanOrEqual(1e-4 * largest + 1e-30);
          }
        },
      ),
      fuzzRuns(500),
    );
  });

  it('keeps the digits of small values beside large ones', () => {
    const { values } = rowFrom(Float32Array.of(10_000, 1));
    expect(values[1]! / 1).toBeCloseTo(1, 2);
  });

  it('keeps the newest samples, the oldest first', () => {
    const history = rowFrom(Float32Array.of(1, 2, 3, 4, 5), { historySteps: 3 });
    expect([...history.values].map(Math.round)).toEqual([3, 4, 5]);
  });

  it('fills gaps linearly, holds the last value, and knows where it filled', () => {
    const row = rowFrom(Float32Array.of(NaN, 4, NaN, NaN, 1, Infinity));
    expect(row.start).toBe(1);
    expect([...row.values.subarray(1)].map((value) => Number(value.toFixed(2)))).toEqual([
      4, 3, 2, 1, 1,
    ]);
    expect([...row.isKnown]).toEqual([0, 1, 0, 0, 1, 0]);
    for (const [at, root] of row.roots.entries()) {
      if (at > 0) expect(root * root).toBeCloseTo(row.values[at]!, 3);
    }
  });

  it('has nothing to say of a series without samples', () => {
    const row = rowFrom(Float32Array.of(NaN, NaN));
    expect(row.start).toBe(2);
  });

  it('takes what is negative for zero and what leaps absurdly for ten times the largest', () => {
    const values = Float32Array.of(...new Array<number>(20).fill(3), 1e30, -7, 3);
    const row = rowFrom(values);
    expect(row.values[20]! / 30).toBeCloseTo(1, 3);
    expect(row.values[21]).toBe(0);
    expect(row.values[22]! / 3).toBeCloseTo(1, 3);
  });

  it('lets a load grow a thousandfold step by step', () => {
    const values = Float32Array.from({ length: 30 }, (_, at) => (at < 20 ? 1 : 1000));
    expect(rowFrom(values).values[29]! / 1000).toBeCloseTo(1, 3);
  });

  it('finds its digits again when what was huge has left', () => {
    const history = new History(1, 4);
    for (const value of [1, 1, 1, 1e6, 1, 1, 1]) history.append(0, value);
    history.tighten(0);
    for (const value of [1.234, 1.234, 1.234, 1.234]) history.append(0, value);
    history.tighten(0);
    history.append(0, 1.234);
    const row = rowFrom(Float32Array.of(0, 0, 0, 0));
    history.read(0, row);
    expect(row.values[3]).toBeCloseTo(1.234, 4);
  });

  it('keeps each series by itself and counts its samples', () => {
    const history = new History(2, 4);
    history.append(0, 1);
    history.append(1, 2);
    history.append(1, NaN);
    expect([history.known(0), history.known(1)]).toEqual([1, 1]);
    history.clear(1);
    expect([history.known(0), history.known(1)]).toEqual([1, 0]);
  });
});
