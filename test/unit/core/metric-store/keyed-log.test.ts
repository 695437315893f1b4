import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { keyOrder } from '../../../../core/metric-store/key-order.js';
import { KeyedLog } from '../../../../core/metric-store/keyed-log.js';
import { fuzzRuns } from '../../../support/fuzz.js';

const timesArbitrary = fc.array(fc.nat(30), { maxLength: 60 });

describe('keyOrder', () => {
  it('has the last entry of each time, by time', () => {
    expect([...keyOrder([5, 1, 5, 3, 1], 5)]).toEqual([4, 3, 2]);
    expect([...keyOrder([], 0)]).toEqual([]);
    expect([...keyOrder([1, 2, 3, 99], 3)]).toEqual([0, 1, 2]);
  });

  it('is what a map would have', () => {
    fc.assert(
      fc.property(timesArbitrary, (times) => {
        const last = new Map(times.map((time, at) => [time, at]));
        const expected = [...last.entries()].sort(([a], [b]) => a - b).map(([, at]) => at);
        expect([...keyOrder(times, times.length)]).toEqual(expected);
      }),
      fuzzRuns(2000),
    );
  });
});

describe('KeyedLog', () => {
  it('is what a map would be, however writes and reads come', () => {
    const call = fc.oneof(
      fc.record({ put: fc.nat(30), value: fc.nat(1000) }),
      fc.constant('read' as const),
      fc.record({ dropBefore: fc.nat(30) }),
    );
    fc.assert(
      fc.property(fc.array(call, { maxLength: 80 }), (calls) => {
        const log = new KeyedLog(3, 1);
        const model = new Map<number, number>();
        for (const one of [...calls, 'read' as const]) {
          if (one === 'read') {
            const times = [...model.keys()].sort((a, b) => a - b);
            expect([...log.times]).toEqual(times);
            expect([...log.values]).toEqual(
              times.flatMap((time) => [model.get(time)!, time, -model.get(time)!]),
            );
            expect(log.lastMs).toBe(times.at(-1) ?? -Infinity);
          } else if ('put' in one) {
            log.put(one.put, one.value, one.put, -one.value);
            model.set(one.put, one.value);
          } else {
            log.dropBefore(one.dropBefore);
            for (const time of model.keys()) if (time < one.dropBefore) model.delete(time);
          }
        }
      }),
      fuzzRuns(2000),
    );
  });

  it('finds the first entry that is not before a time', () => {
    const log = new KeyedLog();
    for (const time of [10, 20, 30]) log.put(time, time);
    expect([0, 10, 11, 30, 31].map((time) => log.indexOf(time))).toEqual([0, 0, 1, 2, 3]);
  });
});
