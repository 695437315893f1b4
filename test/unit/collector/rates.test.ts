import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { DropReason, Reading } from '../../../collector/rates.js';
import { Rates, believableMax, elapsed, growthOf } from '../../../collector/rates.js';
import { fuzzRuns } from '../../support/fuzz.js';

const LIMITS = believableMax({ cpu: 4 }, 10);

function ratesOf(intervalMaxMs = 35_000): Rates {
  return new Rates({ intervalMaxMs, limits: LIMITS });
}

function reading(values: readonly number[], options: Partial<Reading> = {}): Reading {
  const standard = { kind: 'counter', parts: '', ownMs: undefined, max: Infinity } as const;
  return { ...standard, values: Float64Array.from(values), ...options };
}

/** What comes of readings of cpu seconds, or of counters with such values, one poll each 10 s. */
function outcomes(...polls: (Reading | readonly number[])[]): (number | DropReason | undefined)[] {
  const rates = ratesOf();
  const isReading = (poll: Reading | readonly number[]): poll is Reading => !Array.isArray(poll);
  return polls.map((poll, at) =>
    rates.measure('cpu', isReading(poll) ? poll : reading(poll), at * 10_000),
  );
}

describe('Rates', () => {
  it('makes a rate by the second of a counter, from its second reading on', () => {
    expect(outcomes([100], [120], [120])).toEqual([undefined, 2, 0]);
  });

  it('sums the growth of parts', () => {
    expect(outcomes([100, 5], [110, 15])).toEqual([undefined, 2]);
  });

  it('takes a gauge as it is, summed', () => {
    expect(outcomes(reading([1, 2], { kind: 'gauge' }))).toEqual([3]);
  });

  it('drops the interval in which a counter began anew, or wrapped, and goes on from there', () => {
    expect(outcomes([4_294_967_290], [4], [14])).toEqual([undefined, 'reset', 1]);
  });

  it('drops an interval in which one part fell, however much the others grew', () => {
    expect(outcomes([10, 10], [9, 25], [19, 35])).toEqual([undefined, 'reset', 2]);
  });

  it.each([
    ['NaN', NaN, 'not-finite'],
    ['an infinity', Infinity, 'not-finite'],
    ['a negative infinity', -Infinity, 'not-finite'],
    ['a negative number', -1, 'negative'],
  ])('drops %s, and the next rate is over both intervals', (_, bad, reason) => {
    expect(outcomes([100], [bad], [140])).toEqual([undefined, reason, 2]);
  });

  it('drops what is above the limit of its dimension', () => {
    expect(outcomes([100], [501], [511])).toEqual([undefined, 'absurd', 1]);
  });

  it('drops a counter so high that it would seem to stand still', () => {
    expect(outcomes([0], [1e308], [1e308], [30])).toEqual([undefined, 'absurd', 'absurd', 1]);
  });

  it('drops what is above what the page itself says can be', () => {
    expect(outcomes(reading([0], { max: 1 }), reading([11], { max: 1 }))).toEqual([
      undefined,
      'absurd',
    ]);
  });

  it('drops a gauge beyond any machine, also when no capacity is known', () => {
    const rates = new Rates({ intervalMaxMs: 1000, limits: believableMax() });
    expect(rates.measure('memory', reading([1e17], { kind: 'gauge' }), 0)).toBe('absurd');
    expect(rates.measure('memory', reading([1e15], { kind: 'gauge' }), 10)).toBe(1e15);
  });

  it('drops a sum that overflows', () => {
    expect(outcomes(reading([1e308, 1e308], { kind: 'gauge' }))).toEqual(['not-finite']);
  });

  it('drops a value whose parts are not those of the poll before: the page may have been cut', () => {
    const whole = reading([10, 20], { parts: 'ab' });
    const cut = reading([10], { parts: 'a' });
    expect(outcomes(whole, cut, whole, whole)).toEqual([
      undefined,
      'parts-changed',
      'parts-changed',
      0,
    ]);
    const gauges = [whole, cut].map((given) => ({ ...given, kind: 'gauge' as const }));
    expect(outcomes(...gauges)).toEqual([30, 'parts-changed']);
  });

  it('drops a counter that became a gauge', () => {
    expect(outcomes([10], reading([10], { kind: 'gauge' }))).toEqual([undefined, 'parts-changed']);
  });

  it('makes no rate over more time than allowed', () => {
    const rates = ratesOf(35_000);
    expect(rates.measure('hits', reading([0]), 0)).toBeUndefined();
    expect(rates.measure('hits', reading([35]), 35_000)).toBe(1);
    expect(rates.measure('hits', reading([80]), 70_001)).toBe('gap');
    expect(rates.measure('hits', reading([90]), 80_001)).toBe(1);
  });

  it('keeps metrics apart', () => {
    const rates = ratesOf();
    rates.measure('hits', reading([0]), 0);
    expect(rates.measure('network', reading([10]), 1000)).toBeUndefined();
    expect(rates.measure('hits', reading([10]), 1000)).toBe(10);
  });
});

describe("Rates, by the page's own clock", () => {
  const at = (value: number, ownMs: number): Reading => reading([value], { ownMs });

  it('goes by it: an answer may have been long on its way', () => {
    expect(outcomes(at(0, 5000), at(12, 11_000))).toEqual([undefined, 2]);
  });

  it('makes nothing of a page that is an earlier one, and goes on from before it', () => {
    const earlier = at(0, 5000);
    expect(outcomes(earlier, earlier, earlier, at(60, 35_000))).toEqual([
      undefined,
      'stale',
      'stale',
      2,
    ]);
    const gauge = { ...at(7, 5000), kind: 'gauge' } as const;
    expect(outcomes(gauge, gauge)).toEqual([7, 'stale']);
  });

  it('drops an interval in which it went back, or not as ours did', () => {
    expect(outcomes(at(0, 5000), at(10, 4000), at(20, 14_000))).toEqual([
      undefined,
      'clock-jump',
      1,
    ]);
    expect(outcomes(at(0, 0), at(10, 3_600_000))).toEqual([undefined, 'clock-jump']);
    expect(outcomes(at(0, 0), at(10, 1))).toEqual([undefined, 'clock-jump']);
    expect(outcomes(at(0, 0), at(10, NaN))).toEqual([undefined, 'clock-jump']);
  });

  it('is not troubled by late answers to frequent polls', () => {
    const rates = ratesOf();
    rates.measure('cpu', at(0, 0), 0);
    expect(rates.measure('cpu', at(2, 1000), 250)).toBe(2);
    expect(rates.measure('cpu', at(2.5, 1250), 750)).toBe(2);
    expect(rates.measure('cpu', at(5, 2500), 751)).toBe('clock-jump');
  });

  it('does without it while it is not told', () => {
    expect(outcomes([0], at(10, 10_000))).toEqual([undefined, 1]);
  });
});

describe('Rates on anything', () => {
  const number = fc.oneof(
    fc.double(),
    fc.constantFrom(0, -0, NaN, Infinity, -Infinity, 1e308, -1, 5e-324, 2 ** 53),
    fc.nat(),
  );
  const anyReading = fc.record({
    kind: fc.constantFrom('counter' as const, 'gauge' as const),
    values: fc.array(number, { maxLength: 3 }).map((list) => Float64Array.from(list)),
    parts: fc.constantFrom('', 'a'),
    ownMs: fc.option(number, { nil: undefined }),
    max: fc.constantFrom(Infinity, 1e9),
  });

  it('makes only values that are finite, not negative and within the limit', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anyReading, fc.nat({ max: 40_000 })), { maxLength: 8 }),
        (polls) => {
          const rates = ratesOf();
          let nowMs = 0;
          for (const [given, laterMs] of polls) {
            nowMs += laterMs;
            const outcome = rates.measure('cpu', given, nowMs);
            if (typeof outcome !== 'number') continue;
            expect(outcome).toBeGreaterThanOrEqual(0);
            expect(outcome).toBeLessThanOrEqual(LIMITS.cpu);
          }
        },
      ),
      fuzzRuns(10_000),
    );
  });

  it('makes of a growing counter the mean of its growth, whatever polls failed between', () => {
    const steps = fc.array(fc.tuple(fc.nat({ max: 300 }), fc.boolean()), { maxLength: 20 });
    fc.assert(
      fc.property(steps, (polls) => {
        const rates = new Rates({ intervalMaxMs: Infinity, limits: LIMITS });
        let [total, seen, nowMs, seenMs] = [0, 0, 0, 0];
        rates.measure('cpu', reading([0]), 0);
        for (const [growth, isLost] of polls) {
          total += growth;
          nowMs += 10_000;
          if (isLost) continue;
          const expected = ((total - seen) * 1000) / (nowMs - seenMs);
          expect(rates.measure('cpu', reading([total]), nowMs)).toBeCloseTo(expected, 9);
          [seen, seenMs] = [total, nowMs];
        }
      }),
      fuzzRuns(1000),
    );
  });
});

describe('elapsed', () => {
  it('knows no time between two readings of one moment', () => {
    const moment = { monotonicMs: 7, ownMs: undefined };
    expect(elapsed(moment, moment)).toBe('stale');
  });
});

describe('growthOf', () => {
  it('is unknown as soon as one counter fell', () => {
    expect(growthOf(Float64Array.of(1, 5), Float64Array.of(9, 4))).toBeUndefined();
    expect(growthOf(Float64Array.of(), Float64Array.of())).toBe(0);
  });
});

describe('believableMax', () => {
  it('goes by the capacity where there is one', () => {
    const limits = believableMax({ cpu: 0.2, hits: undefined }, 20);
    expect(limits.cpu).toBe(4);
    expect(limits.hits).toBe(1e9);
    expect(limits.latency).toBeGreaterThan(1000);
  });
});
