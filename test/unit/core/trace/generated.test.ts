import { describe, expect, it } from '@jest/globals';
import { generatedTrace } from '../../../../core/trace/generated.js';

const DAY = 288;

describe('a generated trace', () => {
  it('has the resources, days and step asked for, in all four dimensions', () => {
    const trace = generatedTrace({ resources: 12, days: 2, stepMs: 600_000, startMs: 0 });
    expect(trace.resources).toHaveLength(12);
    expect(trace.grid).toEqual({ startMs: 0, stepMs: 600_000, steps: 288 });
    for (const values of Object.values(trace.loads)) expect(values).toHaveLength(12 * 288);
  });

  it('is the same for the same seed, and another for another', () => {
    const options = { resources: 8, days: 1 };
    expect(generatedTrace({ ...options, seed: 5 })).toEqual(
      generatedTrace({ ...options, seed: 5 }),
    );
    expect(generatedTrace({ ...options, seed: 6 })).not.toEqual(
      generatedTrace({ ...options, seed: 5 }),
    );
  });

  it('gives a resource the same load however many others there are', () => {
    const few = generatedTrace({ resources: 11, days: 1 });
    const many = generatedTrace({ resources: 90, days: 1 });
    expect(few.loads.cpu?.subarray(0, 11 * DAY)).toEqual(many.loads.cpu?.subarray(0, 11 * DAY));
  });

  it('is finite and above zero', () => {
    for (const values of Object.values(generatedTrace({ days: 3 }).loads)) {
      expect(values.every((value) => value > 0 && value < Infinity)).toBe(true);
    }
  });

  it('has a day in it: the load of a slot tells more of the next day than the mean does', () => {
    const { loads, grid } = generatedTrace({ resources: 40, days: 8 });
    const total = new Float64Array(grid.steps);
    loads.cpu?.forEach((value, at) => {
      total[at % grid.steps]! += value;
    });
    const weekdays = total.subarray(0, 5 * DAY);
    const mean = weekdays.reduce((sum, value) => sum + value, 0) / weekdays.length;
    let fromMean = 0;
    let fromSlot = 0;
    for (let step = DAY; step < weekdays.length; step++) {
      fromMean += Math.abs(weekdays[step]! - mean);
      fromSlot += Math.abs(weekdays[step]! - weekdays[step - DAY]!);
    }
    expect(fromSlot).toBeLessThan(0.5 * fromMean);
  });
});
