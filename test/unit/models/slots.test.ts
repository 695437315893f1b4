import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SeededRng } from '../../../core/rng.js';
import type { SeasonShape } from '../../../models/season.js';
import { slotsOf } from '../../../models/slots.js';
import { fuzzRuns } from '../../support/fuzz.js';

const CYCLES_MAX = 5;
const QUANTILES = [0, 0.1, 0.5, 0.9, 1] as const;

interface Case {
  readonly season: number;
  readonly horizon: number;
  readonly length: number;
  readonly start: number;
  readonly seed: number;
}

const cases = fc.record({
  season: fc.integer({ min: 4, max: 12 }),
  horizon: fc.integer({ min: 1, max: 16 }),
  length: fc.integer({ min: 8, max: 150 }),
  start: fc.nat(30),
  seed: fc.nat(1000),
});

/** What is seen of a slot: earlier ones, the nearest first, then those behind what is hidden, as many as count. */
function seen(values: Float32Array, step: number, origin: number, of: Case): number[] {
  const { season, horizon, start } = of;
  const slot: number[] = [];
  for (let at = step; at >= start; at -= season) if (at < origin) slot.push(values[at]!);
  for (let at = step; at < values.length; at += season) {
    if (at > step && at >= origin + horizon) slot.push(values[at]!);
  }
  return slot.slice(0, CYCLES_MAX).sort((a, b) => a - b);
}

function quantileOf(sorted: readonly number[], q: number): number {
  const place = q * (sorted.length - 1);
  const low = sorted[Math.floor(place)] ?? NaN;
  return low + (place - Math.floor(place)) * ((sorted[Math.floor(place) + 1] ?? low) - low);
}

function check(of: Case, originsDescend: boolean): void {
  const { season, horizon, length, seed } = of;
  const start = Math.min(of.start, length - 1);
  const shape: SeasonShape = {
    season: { name: 's', steps: season },
    horizonSteps: horizon,
    historySteps: length,
  };
  const rng = new SeededRng(seed);
  // Few different ones, so that some are equal.
  const values = Float32Array.from({ length }, () => Math.floor(rng.next() * 6));
  const slots = slotsOf(shape, CYCLES_MAX);
  slots.take(values, start);
  const origins = Array.from({ length: length - start }, (_, at) => length - at);
  if (!originsDescend) origins.reverse();
  for (const origin of origins) {
    for (let h = 0; h < Math.min(season, horizon); h++) {
      slots.ask(origin + h, origin);
      const expected = seen(values, origin + h, origin, { ...of, start });
      for (const q of QUANTILES) expect(slots.quantile(q)).toBe(quantileOf(expected, q));
    }
  }
}

describe('slots of a season', () => {
  it('are what can be seen of them, whatever the origin', () => {
    fc.assert(
      fc.property(cases, fc.boolean(), (of, originsDescend) => {
        check(of, originsDescend);
      }),
      fuzzRuns(200),
    );
  });

  it('are those of the history that was taken last', () => {
    const shape = { season: { name: 's', steps: 4 }, horizonSteps: 2, historySteps: 12 };
    for (const cyclesMax of [2, 14]) {
      const slots = slotsOf(shape, cyclesMax);
      slots.take(new Float32Array(12).fill(1), 0);
      slots.ask(12, 12);
      expect(slots.quantile(0.5)).toBe(1);
      slots.take(new Float32Array(12).fill(7), 0);
      slots.ask(12, 12);
      expect(slots.quantile(0.5)).toBe(7);
    }
  });
});
