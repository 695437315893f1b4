import { describe, expect, it } from '@jest/globals';
import { Knots } from '../../../models/knots.js';
import { lineup } from '../../../models/lineup.js';
import { latticeOf } from '../../../models/origins.js';
import { usableSeasons } from '../../../models/season.js';
import { offsetOf, reachOf, termsOf } from '../../../models/terms.js';

const HOUR_MS = 3_600_000;
const SEASONS_MS = [168 * HOUR_MS, HOUR_MS, 24 * HOUR_MS];

describe('usableSeasons', () => {
  it('keeps those of several steps that the history holds twice, the shortest first', () => {
    const at = (stepMs: number, historySteps: number) =>
      usableSeasons(SEASONS_MS, { stepMs, historySteps }).map(({ name, steps }) => [name, steps]);
    expect(at(300_000, 2016)).toEqual([
      ['1h', 12],
      ['1d', 288],
    ]);
    expect(at(HOUR_MS, 672)).toEqual([
      ['1d', 24],
      ['1w', 168],
    ]);
    expect(at(10_000, 2016)).toEqual([['1h', 360]]);
    expect(at(500, 100)).toEqual([]);
  });

  it('names seasons of any length', () => {
    const names = usableSeasons([144_500, 90_000], { stepMs: 500, historySteps: 2016 });
    expect(names.map(({ name }) => name)).toEqual(['90s', '144500ms']);
  });
});

describe('lineup', () => {
  it('takes each season twice, and what needs none once', () => {
    const models = lineup({
      stepMs: 300_000,
      seasonsMs: SEASONS_MS,
      horizonSteps: 24,
      historySteps: 2016,
    });
    expect(models.map(({ name }) => name)).toEqual([
      'recent',
      'last',
      'ses',
      'slots-1h',
      'stl-1h',
      'slots-1d',
      'stl-1d',
      'ridge',
      'analogs',
    ]);
  });

  it('does with any horizon and history', () => {
    for (const horizonSteps of [1, 5, 288]) {
      for (const historySteps of [24, 2016]) {
        const models = lineup({
          stepMs: 60_000,
          seasonsMs: SEASONS_MS,
          horizonSteps,
          historySteps,
        });
        expect(models[0]?.minHistory).toBe(1);
      }
    }
  });
});

describe('Knots', () => {
  it('go from the first to the last step, ever wider apart', () => {
    expect([...new Knots(24).steps]).toEqual([1, 2, 3, 5, 8, 12, 18, 24]);
    expect([...new Knots(1).steps]).toEqual([1]);
    expect([...new Knots(2).steps]).toEqual([1, 2]);
  });

  it('stand around each step', () => {
    for (const horizon of [1, 2, 7, 24, 288]) {
      const { steps, before, share } = new Knots(horizon);
      for (let h = 1; h <= horizon; h++) {
        const near = steps[before[h - 1]!]!;
        const far = steps[before[h - 1]! + 1] ?? near;
        expect(near + share[h - 1]! * (far - near)).toBeCloseTo(h, 9);
      }
    }
  });
});

describe('termsOf', () => {
  it('looks at nothing after the present, at any step of the horizon', () => {
    const seasons = [12, 24, 288].map((steps) => ({ name: `${steps}`, steps }));
    const terms = termsOf(seasons, 24);
    for (let term = 0; term < terms.count; term++) {
      for (let h = 1; h <= 24; h++) {
        expect(offsetOf(terms, term, h)).toBeLessThanOrEqual(0);
        expect(-offsetOf(terms, term, h)).toBeLessThanOrEqual(reachOf(terms, terms.count));
      }
    }
    expect(terms.cuts.at(-1)).toBe(terms.count);
  });
});

describe('latticeOf', () => {
  const options = { horizonSteps: 24, endStep: 1000, countMax: 32 };

  it('leaves a whole horizon behind each origin of a long history', () => {
    const { newest, spacing, count } = latticeOf(2016, options);
    expect(newest).toBeLessThanOrEqual(2016 - 24);
    expect(newest - (count - 1) * spacing).toBeGreaterThanOrEqual(0.3 * 2016);
    expect(count).toBeGreaterThan(28);
  });

  it('meets that of a history that ended earlier', () => {
    const now = latticeOf(2016, { ...options, endStep: 1007 });
    const then = latticeOf(2016, { ...options, endStep: 1000 });
    expect(now.spacing).toBe(then.spacing);
    expect((now.newest + 1007 - (then.newest + 1000)) % now.spacing).toBe(0);
  });

  it('takes what there is of a short one', () => {
    expect(latticeOf(3, options)).toEqual({ newest: 2, spacing: 1, count: 2 });
    expect(latticeOf(1, options).count).toBe(0);
  });
});
