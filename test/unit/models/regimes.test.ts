import { describe, expect, it } from '@jest/globals';
import { lastingShare } from '../../../models/lasting.js';
import { Regimes } from '../../../models/regimes.js';
import { rowFrom } from '../../support/rows.js';
import { workload } from '../../support/workloads.js';

const STEPS = 600;

/** A steady load that is forecast well, then these samples; the history as models would see it after. */
function after(samples: readonly number[], horizon = 24, level = 10) {
  const regimes = new Regimes(1);
  const before = new Array<number>(STEPS).fill(level);
  const path = (value: number) => new Float32Array(horizon).fill(value);
  const watch = (value: number): void => {
    regimes.watch(0, { low: path(0.8 * value), middle: path(value), high: path(1.2 * value) });
  };
  watch(level);
  const seen: number[] = [];
  let now = level;
  for (const sample of samples) {
    regimes.append(0, sample);
    seen.push(sample);
    if (!regimes.hasChanged(0)) continue;
    regimes.adopt(0, rowFrom(Float32Array.from([...before, ...seen])));
    now = sample;
    watch(now);
  }
  const row = rowFrom(Float32Array.from([...before, ...seen]));
  regimes.lift(0, row);
  return { old: row.values[0]!, roots: row.roots[0]!, newest: row.values.at(-1)!, row };
}

const times = (count: number, value: number) => new Array<number>(count).fill(value);

describe('Regimes', () => {
  it('lifts the history to a new level after three samples far outside', () => {
    expect(after(times(2, 40)).old).toBeCloseTo(10, 2);
    const { old, roots, newest } = after(times(3, 40));
    expect(old).toBeCloseTo(40, 1);
    expect(roots).toBeCloseTo(Math.sqrt(40), 2);
    expect(newest).toBeCloseTo(40, 1);
  });

  it('lowers it as well', () => {
    expect(after(times(3, 2.5)).old).toBeCloseTo(2.5, 2);
  });

  it('puts it back when the load goes back', () => {
    expect(after([...times(8, 40), ...times(4, 10)]).old).toBeCloseTo(10, 1);
  });

  it('goes on to the next level', () => {
    expect(after([...times(8, 40), ...times(4, 90)]).old).toBeCloseTo(90, 0);
  });

  it('leaves a small change to the models', () => {
    expect(after(times(6, 14)).old).toBeCloseTo(10, 2);
  });

  it('takes samples by turns above and below for noise', () => {
    expect(after([40, 2, 40, 2, 40, 2, 40]).old).toBeCloseTo(10, 2);
  });

  it('passes over gaps', () => {
    expect(after([40, NaN, 40, NaN, NaN, 40]).old).toBeCloseTo(40, 1);
  });

  it('does with a horizon that is shorter than what it needs to see', () => {
    expect(after(times(3, 40), 1).old).toBeCloseTo(10, 2);
  });

  it('lifts an idle load by a difference, for nothing times anything is nothing', () => {
    expect(after(times(3, 5), 24, 0).old).toBeCloseTo(5, 1);
  });
});

describe('lastingShare', () => {
  it('believes in a load that never jumped', () => {
    const steady = rowFrom(workload('daily', STEPS));
    expect(lastingShare(steady, STEPS)).toBeGreaterThan(0.7);
  });

  it('does not believe in one whose jumps never last', () => {
    const bursty = Float32Array.from({ length: STEPS }, (_, step) => (step % 40 < 4 ? 9 : 1));
    expect(lastingShare(rowFrom(bursty), STEPS)).toBeLessThan(0.3);
  });

  it('believes in one whose jumps last', () => {
    const stairs = Float32Array.from({ length: STEPS }, (_, step) => 2 ** Math.floor(step / 80));
    expect(lastingShare(rowFrom(stairs), STEPS)).toBeGreaterThan(0.9);
  });
});
