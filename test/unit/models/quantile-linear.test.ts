import { describe, expect, it } from '@jest/globals';
import { gaussian, SeededRng } from '../../../core/rng.js';
import { QuantileLinear } from '../../../models/quantile-linear.js';
import { describeModel } from '../../conformance/model.js';
import { rowFrom } from '../../support/rows.js';
import { DAY, HOUR, workload } from '../../support/workloads.js';

const seasons = [
  { name: '1h', steps: HOUR },
  { name: '1d', steps: DAY },
];
describeModel('QuantileLinear', (shape) => new QuantileLinear({ ...shape, seasons }));

describe('QuantileLinear', () => {
  const HORIZON = 12;

  /** Median and high path after these values. */
  function said(values: Float32Array) {
    const model = new QuantileLinear({
      horizonSteps: HORIZON,
      historySteps: values.length,
      seasons,
    });
    const row = rowFrom(values);
    const params = new Float32Array(model.params);
    model.fit([row], params, new Float32Array(0));
    const out = new Float32Array(model.paths * HORIZON);
    model.predict([row], params, out);
    return { median: out.subarray(0, HORIZON), high: out.subarray(HORIZON) };
  }

  it('says the median and the ninth decile of what a load is spread over', () => {
    const rng = new SeededRng(2);
    const values = Float32Array.from({ length: 4 * DAY }, () => (10 + gaussian(rng)) ** 2);
    const { median, high } = said(values);
    for (const value of median) expect(Math.abs(Math.sqrt(value) - 10)).toBeLessThan(0.25);
    for (const value of high) expect(Math.abs(Math.sqrt(value) - 11.28)).toBeLessThan(0.35);
  });

  it('is not pulled up by a few spikes, as a mean would be', () => {
    const rng = new SeededRng(3);
    const values = Float32Array.from({ length: 4 * DAY }, () => (rng.next() < 0.1 ? 1000 : 10));
    for (const value of said(values).median) expect(Math.abs(value / 10 - 1)).toBeLessThan(0.1);
  });

  it('finds jobs on the hour', () => {
    const values = workload('hourly-jobs', 4 * DAY + HORIZON);
    const { median } = said(values.subarray(0, 4 * DAY));
    const highest = [...median.keys()].sort((a, b) => median[b]! - median[a]!).slice(0, 2);
    const came = values.subarray(4 * DAY);
    const real = [...came.keys()].sort((a, b) => came[b]! - came[a]!).slice(0, 2);
    expect(highest.sort()).toEqual(real.sort());
  });
});
