import { describe, expect, it } from '@jest/globals';
import { gaussian, SeededRng } from '../../../core/rng.js';
import type { ErrorRow } from '../../../models/factors.js';
import { commonLoadings } from '../../../models/factors.js';

/** Errors of series that follow one factor by these loadings, the rest their own. */
function rowsWith(loadings: readonly number[], origins: number, seed = 1): ErrorRow[] {
  const rng = new SeededRng(seed);
  const rows = loadings.map(() => new Int8Array(origins));
  for (let k = 0; k < origins; k++) {
    const common = gaussian(rng);
    for (const [s, loading] of loadings.entries()) {
      const error = loading * common + Math.sqrt(1 - loading ** 2) * gaussian(rng);
      rows[s]![k] = Math.round(42 * Math.min(3, Math.max(-3, error)));
    }
  }
  return rows.map((errors) => ({ errors, newest: 700, spacing: 7 }));
}

describe('commonLoadings', () => {
  it('finds how much of each error is common', () => {
    const truth = [0.9, 0.9, 0.7, 0.7, 0.5, 0.5, 0.3, 0.3, 0, 0];
    const found = commonLoadings(rowsWith(truth, 1000));
    for (const [s, loading] of truth.entries()) {
      expect(Math.abs(found[s]! - loading)).toBeLessThan(0.15);
    }
  });

  it('finds nearly nothing where errors have nothing in common', () => {
    let squares = 0;
    for (let seed = 1; seed <= 20; seed++) {
      for (const loading of commonLoadings(rowsWith(new Array<number>(30).fill(0), 64, seed))) {
        squares += loading ** 2;
      }
    }
    expect(squares / 600).toBeLessThan(0.03);
  });

  it('gives those that go against the rest the other sign', () => {
    const found = commonLoadings(rowsWith([0.9, 0.9, 0.9, -0.9], 400));
    expect(found[0]).toBeGreaterThan(0.7);
    expect(found[3]).toBeLessThan(-0.7);
  });

  it('compares errors of the same time only', () => {
    const rows = rowsWith([0.9, 0.9, 0.9], 300);
    const early = rows.map(({ errors }, s) =>
      s === 1 ? { errors: errors.subarray(5), newest: 700 - 35, spacing: 7 } : rows[s]!,
    );
    expect(commonLoadings(early)[1]).toBeGreaterThan(0.7);
    const elsewhere = rows.map((row, s) => (s === 1 ? { ...row, newest: 703 } : row));
    expect(commonLoadings(elsewhere)[1]).toBe(0);
  });

  it('says nothing of too few', () => {
    expect([...commonLoadings(rowsWith([0.9], 100))]).toEqual([0]);
    expect([...commonLoadings(rowsWith([0.9, 0.9], 4))]).toEqual([0, 0]);
    expect([...commonLoadings([])]).toEqual([]);
  });
});
