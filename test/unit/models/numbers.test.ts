import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { between, SeededRng } from '../../../core/rng.js';
import { solveSymmetric } from '../../../models/cholesky.js';
import { Eight } from '../../../models/eight.js';
import { Ordered } from '../../../models/ordered.js';
import { select } from '../../../models/selection.js';
import { ShiftedProducts } from '../../../models/shifted-products.js';
import { weightedMedian } from '../../../models/weighted-median.js';
import { fuzzRuns } from '../../support/fuzz.js';

const numbers = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), {
  minLength: 1,
  maxLength: 200,
});

describe('select', () => {
  it('finds what sorting would put at a place', () => {
    fc.assert(
      fc.property(numbers, fc.nat(), (list, place) => {
        const k = place % list.length;
        const values = Float64Array.from(list);
        const sorted = values.slice().sort();
        expect(select(values, k, 0, values.length)).toBe(sorted[k]);
        expect([...values.subarray(0, k)].every((value) => value <= sorted[k]!)).toBe(true);
        expect(values.sort()).toEqual(sorted);
      }),
      fuzzRuns(500),
    );
  });
});

describe('Ordered', () => {
  it('interpolates quantiles between its values', () => {
    const ordered = new Ordered(4);
    expect(ordered.quantile(0.5)).toBeNaN();
    for (const value of [4, 1, 3, 2]) ordered.insert(value);
    expect([0, 0.5, 0.9, 1].map((q) => ordered.quantile(q))).toEqual([1, 2.5, 3.7, 4]);
  });

  it('gives back what was inserted less what was removed, in order', () => {
    fc.assert(
      fc.property(numbers, fc.nat(), (list, taken) => {
        const ordered = new Ordered(list.length);
        for (const value of list) ordered.insert(value);
        const [gone] = list.splice(taken % list.length, 1);
        ordered.remove(gone!);
        expect(ordered.count).toBe(list.length);
        const left = Array.from({ length: ordered.count }, (_, place) => ordered.at(place));
        expect(left).toEqual([...list].sort((a, b) => a - b));
      }),
      fuzzRuns(300),
    );
  });

  it('stays in order when one is replaced', () => {
    fc.assert(
      fc.property(numbers, fc.nat(), fc.float({ noNaN: true }), (list, place, by) => {
        const ordered = new Ordered(list.length);
        for (const value of list) ordered.insert(value);
        const [gone] = list.splice(place % list.length, 1, by);
        ordered.replace(gone!, by);
        const left = Array.from({ length: ordered.count }, (_, at) => ordered.at(at));
        expect(left).toEqual([...list].sort((a, b) => a - b));
      }),
      fuzzRuns(300),
    );
  });
});

describe('Eight', () => {
  const loads = fc
    .array(fc.float({ min: 0, noNaN: true }), { maxLength: 8 })
    .map((list) => list.map(Math.abs));

  it('puts as many loads in order as it has, and interpolates quantiles as Ordered does', () => {
    fc.assert(
      fc.property(loads, loads, (before, list) => {
        const eight = new Eight();
        eight.values.set(before);
        eight.sort(before.length);
        eight.values.set(list);
        eight.sort(list.length);
        expect(eight.values.slice(0, list.length)).toEqual(Float32Array.from(list).sort());
        const ordered = new Ordered(8);
        for (const load of list) ordered.insert(load);
        for (const q of [0.1, 0.5, 0.9]) expect(eight.quantile(q)).toBe(ordered.quantile(q));
      }),
      fuzzRuns(500),
    );
  });
});

describe('weightedMedian', () => {
  const of = (...pairs: [value: number, weight: number][]): number =>
    weightedMedian(
      Float64Array.from(pairs, ([value]) => value),
      Float64Array.from(pairs, ([, weight]) => weight),
      pairs.length,
    );

  it('is the middle one of equals', () => {
    expect(of([3, 1], [1, 1], [2, 1])).toBe(2);
    expect(of([3, 1], [1, 1])).toBe(2);
    expect(of([5, 1])).toBe(5);
  });

  it('is moved by an exploding member no further than to its neighbour', () => {
    expect(of([1, 1], [2, 1], [1e30, 1])).toBe(2);
  });

  it('follows the weights', () => {
    expect(of([1, 10], [2, 1], [3, 1])).toBeLessThan(1.2);
  });

  it('stays among its values, whatever the weights', () => {
    const pairs = fc.array(fc.tuple(fc.integer({ min: -10, max: 10 }), fc.nat(9)), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(pairs, (list) => {
        const values = list.map(([value]) => value);
        const median = of(
          ...list.map(([value, weight]): [number, number] => [value, weight + 0.01]),
        );
        expect(median).toBeGreaterThanOrEqual(Math.min(...values));
        expect(median).toBeLessThanOrEqual(Math.max(...values));
      }),
      fuzzRuns(500),
    );
  });
});

describe('solveSymmetric', () => {
  it('solves a positive definite system', () => {
    const rng = new SeededRng(1);
    const n = 6;
    const root = Array.from({ length: n * n }, () => between(rng, -1, 1));
    const a = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        for (let k = 0; k < n; k++) a[i * n + j]! += root[i * n + k]! * root[j * n + k]!;
      }
    }
    const x = Float64Array.from({ length: n }, (_, i) => i + 1);
    const b = x.map((_, i) => x.reduce((sum, value, j) => sum + a[i * n + j]! * value, 0));
    solveSymmetric(a, b, n);
    for (let i = 0; i < n; i++) expect(b[i]).toBeCloseTo(x[i]!, 6);
  });

  it('stays finite where the system says nothing', () => {
    const a = Float64Array.of(1, 1, 1, 1);
    const b = Float64Array.of(2, 2);
    solveSymmetric(a, b, 2);
    expect([...b].every(Number.isFinite)).toBe(true);
    const nothing = Float64Array.of(0, 0);
    solveSymmetric(new Float64Array(4), nothing, 2);
    expect([...nothing].every(Number.isFinite)).toBe(true);
  });
});

describe('ShiftedProducts', () => {
  it('adds up products of any two lags over any window', () => {
    const rng = new SeededRng(2);
    const steps = 40;
    const start = 5;
    const values = Float64Array.from({ length: steps }, () => between(rng, -1, 1));
    const products = new ShiftedProducts(steps);
    products.take(new Float64Array(steps).fill(9), 0);
    const windows = [
      { from: 13, to: 30 },
      { from: 20, to: 21 },
      { from: 25, to: 25 },
    ];
    const into = windows.map(() => new Float64Array(3));
    products.product(0, -3, windows, into, 2);
    products.take(values, start);
    for (const [offset, other] of [
      [0, 0],
      [-3, -7],
      [-7, -3],
      [4, -6],
    ] as const) {
      products.product(offset, other, windows, into, 1);
      products.sum(offset, windows, into, 2);
      for (const [w, { from, to }] of windows.entries()) {
        let expected = 0;
        let plain = 0;
        for (let t = from; t < to; t++) {
          expected += values[t + offset]! * values[t + other]!;
          plain += values[t + offset]!;
        }
        expect(into[w]![1]).toBeCloseTo(expected, 10);
        expect(into[w]![2]).toBeCloseTo(plain, 10);
      }
    }
  });
});
