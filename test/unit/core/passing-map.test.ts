import { describe, expect, it } from '@jest/globals';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { PassingMap } from '../../../core/passing-map.js';
import { SeededRng, integerBelow } from '../../../core/rng.js';

describe('a map for what comes and goes', () => {
  it('is as a Map is, whatever comes and goes', () => {
    const rng = new SeededRng(1);
    const map = new PassingMap<number>();
    const expected = new Map<number, number>();
    for (let step = 0; step < 5000; step++) {
      // Few keys, so that they meet; at times many, so that it grows; and the ends of the range.
      const key =
        integerBelow(rng, 100) < 2
          ? 0xffff_ffff - integerBelow(rng, 3)
          : integerBelow(rng, step % 1000 < 300 ? 400 : 40);
      if (integerBelow(rng, 2) === 0) {
        map.set(key, step);
        expected.set(key, step);
      } else {
        expect(map.delete(key)).toBe(expected.delete(key));
      }
      if (integerBelow(rng, 1000) === 0) {
        map.clear();
        expected.clear();
      }
      expect(map.size).toBe(expected.size);
      expect(map.get(key)).toBe(expected.get(key));
      expect(map.has(key)).toBe(expected.has(key));
      if (step % 97 === 0) expect(map.values()).toEqual([...expected.values()]);
    }
  });

  it('keeps nothing of what has gone, though it went while the map itself grew old', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as (of?: { readonly type: 'minor' }) => void;
    const map = new PassingMap<object>();
    const pass = (count: number): void => {
      for (let key = 0; key < count; key++) {
        map.set(key, new Array<number>(100).fill(key));
        map.delete(key - 16);
        if (key % 1000 === 0) collect({ type: 'minor' });
      }
      map.clear();
    };
    pass(100);
    collect();
    const before = process.memoryUsage().heapUsed;
    pass(5000);
    collect({ type: 'minor' });
    // 4.4 MB with a Map.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(1_000_000);
  });
});
