import { describe, expect, it } from '@jest/globals';
import { QUANTILES } from '../../../core/forecast.js';
import { gaussian, SeededRng } from '../../../core/rng.js';
import { Blend } from '../../../models/blend.js';
import { LastValue } from '../../../models/last-value.js';
import { lineup } from '../../../models/lineup.js';
import type { Model, Row } from '../../../models/model.js';
import { Recent } from '../../../models/recent.js';
import { DAY, workload, WORKLOADS } from '../../support/workloads.js';

const HORIZON = 12;
const STEPS = 3 * DAY;
const shape = { horizonSteps: HORIZON, historySteps: STEPS };
const HOUR_MS = 3_600_000;
const ALL = { ...shape, stepMs: 300_000, seasonsMs: [HOUR_MS, 24 * HOUR_MS] };

/** Says the same of everything; NaN: nothing at all. */
function saying(name: string, value: number): Model {
  const say = (rows: readonly Row[], said: Float32Array, origins: number): void => {
    said.fill(value, 0, rows.length * origins * HORIZON);
  };
  return {
    name,
    paths: 1,
    params: 0,
    minHistory: 1,
    fit: (rows, _, said) => {
      say(rows, said, rows[0]?.origins.length ?? 0);
    },
    predict: (rows, _, said) => {
      say(rows, said, 1);
    },
  };
}

function forecast(models: readonly Model[], values: Float32Array) {
  const blend = new Blend(models, { ...shape, quantiles: QUANTILES, originsMax: 32 });
  const state = blend.stateOf(1);
  for (const value of values) state.append(0, value);
  blend.fit(state, [0], STEPS);
  const paths = new Float32Array(QUANTILES.length * HORIZON);
  const peaks = new Float32Array(QUANTILES.length);
  blend.predict(state, [0], { paths, peaks });
  const path = (q: number) => paths.subarray(q * HORIZON, (q + 1) * HORIZON);
  return { low: path(0), median: path(1), high: path(2), peaks, names: blend.namesOf(state, 0) };
}

describe('Blend', () => {
  it('believes the model that was right', () => {
    const { median, names } = forecast(
      [saying('low', 1), saying('right', 5), saying('high', 20)],
      new Float32Array(STEPS).fill(5),
    );
    expect(names.split('+')[0]).toBe('right');
    for (const value of median) expect(value).toBeCloseTo(5, 1);
  });

  it('is not moved by a model that explodes, nor by one that says nothing', () => {
    const values = workload('daily', STEPS);
    const models = lineup(ALL);
    const { median } = forecast(models, values);
    const mad = [...models, saying('mad', 1e30), saying('dumb', NaN)];
    expect(forecast(mad, values).median).toEqual(median);
  });

  it('moves a model that is always wrong by the same to where it is right', () => {
    const rng = new SeededRng(1);
    const values = Float32Array.from({ length: STEPS }, () => 100 + gaussian(rng));
    const { low, high } = forecast([saying('wrong', 90)], values);
    for (const value of low) expect(Math.abs(value - 90)).toBeLessThan(0.01);
    for (const value of high) expect(Math.abs(value - 101.3)).toBeLessThan(0.5);
  });

  it('says peaks that are above most steps', () => {
    const values = workload('bursty', STEPS);
    const { high, peaks } = forecast(lineup(ALL), values);
    expect(peaks[2]).toBeGreaterThan(Math.min(...high));
    expect(peaks[1]).toBeGreaterThan(0);
  });

  it('never goes above ten times the highest value of the history', () => {
    for (const kind of WORKLOADS) {
      const values = workload(kind, STEPS);
      const highest = Math.max(...values.filter((value) => !Number.isNaN(value)));
      const { high, peaks } = forecast([...lineup(ALL), saying('mad', 1e30)], values);
      for (const value of [...high, ...peaks]) expect(value).toBeLessThanOrEqual(10.01 * highest);
    }
  });

  it('says something of one sample, of two, of three', () => {
    for (const count of [1, 2, 3]) {
      const { low, median, high } = forecast(
        [new Recent({ ...shape, daySteps: DAY }), new LastValue(shape)],
        new Float32Array(count).fill(4),
      );
      expect(median[0]).toBeCloseTo(4, 3);
      expect(low[HORIZON - 1]).toBeLessThanOrEqual(4.001);
      expect(high[HORIZON - 1]).toBeGreaterThanOrEqual(3.999);
    }
  });

  it('covers what comes about as often as it says', () => {
    const rng = new SeededRng(3);
    let inside = 0;
    let count = 0;
    for (let series = 0; series < 20; series++) {
      const values = workload('daily', STEPS + HORIZON, 100 + series);
      const { low, high } = forecast(lineup(ALL), values.subarray(0, STEPS));
      for (let h = 0; h < HORIZON; h++) {
        const came = values[STEPS + h]!;
        if (came >= low[h]! && came <= high[h]!) inside++;
        count++;
      }
      rng.next();
    }
    expect(inside / count).toBeGreaterThan(0.72);
    // Of a load without surprises more: quantiles stand further out, for in real ones levels drift.
    expect(inside / count).toBeLessThan(0.92);
  });
});
