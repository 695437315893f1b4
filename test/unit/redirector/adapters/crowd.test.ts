import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from '@jest/globals';
import { Crowd } from '../../../../redirector/adapters/crowd.js';
import { SeededRng } from '../../../../core/rng.js';

describe('a crowd', () => {
  it('knows who is there', () => {
    const crowd = new Crowd<string>();
    crowd.add('a');
    const b = crowd.add('b');
    crowd.add('c');
    crowd.remove(b);
    expect(crowd.size).toBe(2);
    expect(crowd.all().sort()).toEqual(['a', 'c']);
    expect(crowd.some((member) => member === 'b')).toBe(false);
    expect(crowd.some((member) => member === 'c')).toBe(true);
  });

  it('lets the same one in twice, and out once each', () => {
    const crowd = new Crowd<string>();
    const first = crowd.add('a');
    const second = crowd.add('a');
    crowd.remove(first);
    crowd.remove(first);
    expect(crowd.all()).toEqual(['a']);
    crowd.remove(second);
    expect(crowd.size).toBe(0);
  });

  it('is as a set is, whoever comes and goes in whatever order', () => {
    const rng = new SeededRng(7);
    const crowd = new Crowd<number>();
    const stays = new Map<number, ReturnType<typeof crowd.add>>();
    for (let next = 0; next < 500; next++) {
      const [leaving] = [...stays.keys()].filter(() => rng.next() < 0.1);
      const stay = leaving === undefined ? undefined : stays.get(leaving);
      if (stay !== undefined && rng.next() < 0.5) {
        crowd.remove(stay);
        stays.delete(stay.member);
      } else {
        stays.set(next, crowd.add(next));
      }
      expect(crowd.size).toBe(stays.size);
    }
    expect(crowd.all().sort((a, b) => a - b)).toEqual([...stays.keys()]);
  });

  // A Set keeps 15 of the 17 MB that come and go here.
  it('holds on to nobody who has left, even where it is old itself', () => {
    const crowd = new Crowd<{ readonly bulk: readonly number[] }>();
    const come = () => crowd.add({ bulk: new Array<number>(100).fill(0) });
    const stays = Array.from({ length: 64 }, come);
    collectGarbage();
    const beforeBytes = oldBytes();
    for (let next = 0; next < 20_000; next++) {
      const at = next % stays.length;
      crowd.remove(stays[at]!);
      stays[at] = come();
    }
    expect(oldBytes() - beforeBytes).toBeLessThan(4e6);
  });
});

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

/** Of what V8 believes to stay. */
function oldBytes(): number {
  const spaces = getHeapSpaceStatistics();
  return spaces.find(({ space_name: name }) => name === 'old_space')?.space_used_size ?? NaN;
}
