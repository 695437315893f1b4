import { describe, expect, it } from '@jest/globals';
import type { QuantileTrial } from '../../../../replay/tune/choice.js';
import { chosenQuantile } from '../../../../replay/tune/choice.js';
import type { TrialFigures } from '../../../../replay/tune/trial-tally.js';

type Part = readonly [overloadMinutes: number, movesPerResourceDay?: number];

function measures([overloadMinutes, movesPerResourceDay = 0.1]: Part): TrialFigures {
  return {
    overloadMinutes,
    overloadMinutesPerServerDay: overloadMinutes / 10,
    moves: 0,
    movesPerResourceDay,
  };
}

/** By quantile: the earlier part, and the later one. */
function trials(parts: Readonly<Record<string, readonly [Part, Part]>>): QuantileTrial[] {
  return Object.entries(parts).map(([quantile, [choosing, judging]]) => ({
    quantile: Number(quantile),
    choosing: measures(choosing),
    judging: measures(judging),
  }));
}

describe('the choice of a quantile', () => {
  it('takes the one with the least overload, if the later part bears it out', () => {
    const tried = trials({ 0.85: [[1000], [900]], 0.9: [[700], [700]], 0.95: [[500], [600]] });
    expect(chosenQuantile(tried, 0.85)).toBe(0.95);
  });

  it('keeps what is in force where the later part does not bear it out', () => {
    const tried = trials({ 0.85: [[1000], [900]], 0.95: [[500], [890]] });
    expect(chosenQuantile(tried, 0.85)).toBe(0.85);
    const worse = trials({ 0.85: [[1000], [900]], 0.95: [[500], [1500]] });
    expect(chosenQuantile(worse, 0.85)).toBe(0.85);
  });

  it('does not go back and forth over a small difference, in either direction', () => {
    const tried = trials({ 0.85: [[1000], [1000]], 0.95: [[930], [930]] });
    expect(chosenQuantile(tried, 0.85)).toBe(0.85);
    expect(chosenQuantile(tried, 0.95)).toBe(0.95);
    const turned = trials({ 0.85: [[930], [930]], 0.95: [[1000], [1000]] });
    expect(chosenQuantile(turned, 0.95)).toBe(0.95);
  });

  it('goes back to the safe one when that has become clearly better', () => {
    const tried = trials({ 0.85: [[600], [600]], 0.95: [[1000], [1000]] });
    expect(chosenQuantile(tried, 0.95)).toBe(0.85);
  });

  it('takes no evidence from a few minutes, nor from a fleet that was never full', () => {
    expect(chosenQuantile(trials({ 0.85: [[25], [25]], 0.95: [[0], [0]] }), 0.85)).toBe(0.85);
    expect(chosenQuantile(trials({ 0.85: [[0], [0]], 0.95: [[0], [0]] }), 0.85)).toBe(0.85);
    expect(chosenQuantile(trials({ 0.85: [[500], [0]], 0.95: [[0], [0]] }), 0.85)).toBe(0.85);
  });

  it('pays no more moves than are allowed, unless as many are made already', () => {
    const tried = trials({ 0.85: [[1000], [900]], 0.9: [[800], [700]], 0.95: [[500, 0.9], [500]] });
    expect(chosenQuantile(tried, 0.85)).toBe(0.9);
    const later = trials({ 0.85: [[1000], [900]], 0.95: [[500], [500, 0.9]] });
    expect(chosenQuantile(later, 0.85)).toBe(0.85);
    const restless = trials({
      0.85: [
        [1000, 1],
        [900, 1],
      ],
      0.95: [
        [500, 0.9],
        [500, 0.9],
      ],
    });
    expect(chosenQuantile(restless, 0.85)).toBe(0.95);
  });

  it('prefers what is nearer to the safe one among equals', () => {
    const tried = trials({ 0.7: [[1000], [1000]], 0.9: [[510], [520]], 0.95: [[500], [500]] });
    expect(chosenQuantile(tried, 0.7)).toBe(0.9);
  });

  it('leaves alone what was not tried', () => {
    expect(chosenQuantile(trials({ 0.9: [[0], [0]] }), 0.85)).toBe(0.85);
    expect(chosenQuantile([], 0.85)).toBe(0.85);
  });
});
