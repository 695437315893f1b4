import { describe, expect, it } from '@jest/globals';
import { breachesOf } from '../../../forecaster/breaches.js';

const stepMs = 10;
/** One digit a step; a dot is a gap. */
const cameOf = (digits: string) =>
  Array.from(digits).map((digit, step) => ({
    timeMs: step * stepMs,
    value: digit === '.' ? NaN : Number(digit),
  }));
const saidOf = (digits: string) =>
  cameOf(digits).map(({ timeMs, value }) => ({ timeMs, p10: 0, p50: value, p90: 9 }));
const summary = (came: string, ...ahead: [leadMs: number, said: string][]) =>
  breachesOf({
    stepMs,
    limit: 5,
    came: cameOf(came),
    ahead: ahead.map(([leadMs, digits]) => ({ leadMs, said: saidOf(digits) })),
  });

describe('breachesOf', () => {
  it('counts a spell above the limit once, called if any step of it was', () => {
    expect(summary('1166611', [30, '1111611'])).toEqual({
      called: 1,
      answered: 0,
      missed: 0,
      false: 0,
      leadMs: 10,
      leadsMs: [10],
    });
  });

  it('takes nothing for a call that was said when the spell had begun', () => {
    expect(summary('1166611', [20, '1111611'])).toMatchObject({ called: 0, missed: 1, false: 0 });
    expect(summary('1166611', [20, '1111611'], [40, '1116111'])).toMatchObject({
      called: 1,
      answered: 0,
      leadMs: 30,
    });
  });

  it('counts what was not said as missed', () => {
    expect(summary('1166116', [30, '1166111'])).toMatchObject({ called: 1, missed: 1, false: 0 });
  });

  it('counts what did not come as false, a spell once', () => {
    expect(summary('111111111', [30, '116661161'])).toMatchObject({ called: 0, false: 2 });
  });

  it('takes a step early or late for right', () => {
    expect(summary('1111661', [30, '1116111'])).toMatchObject({ called: 1, missed: 0, false: 0 });
  });

  it('takes the largest lead at which it was said, and the median of those', () => {
    expect(
      summary('1611161116', [10, '1611161116'], [60, '1111161111'], [30, '1111111116']).leadMs,
    ).toBe(30);
  });

  it('judges nothing where nothing was measured', () => {
    expect(summary('11..', [30, '1166'])).toEqual({
      called: 0,
      answered: 0,
      missed: 0,
      false: 0,
      leadMs: NaN,
      leadsMs: [],
    });
    expect(summary('', [30, ''])).toMatchObject({ called: 0, missed: 0, false: 0 });
  });
});
