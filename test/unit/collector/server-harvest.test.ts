import { describe, expect, it } from '@jest/globals';
import type { Reading } from '../../../collector/rates.js';
import { Rates, believableMax } from '../../../collector/rates.js';
import type { Readings } from '../../../collector/server-harvest.js';
import { serverHarvest } from '../../../collector/server-harvest.js';
import type { Dimension } from '../../../core/domain.js';
import { s } from '../../support/names.js';

const AT = { timeMs: 0, monotonicMs: 0 };

function gauge(value: number): Reading {
  const values = Float64Array.of(value);
  return { kind: 'gauge', values, parts: '', ownMs: undefined, max: Infinity };
}

/** The utilization of a page of gauges. */
function utilizationOf(
  capacity: Partial<Record<Dimension, number>>,
  readings: Partial<Record<Dimension, number>>,
): number | undefined {
  const page: Readings = new Map(
    Object.entries(readings).map(([name, value]) => [name as Dimension, gauge(value)]),
  );
  const rates = new Rates({ intervalMaxMs: 1000, limits: believableMax() });
  const dimensions = ['cpu', 'memory', 'hits'] as const;
  const { samples } = serverHarvest({ server: s('s1'), dimensions, capacity, rates }, page, AT);
  return [...samples].find(({ series }) => series.metric === 'utilization')?.value;
}

describe('the utilization of a server', () => {
  it('is the largest share of a capacity', () => {
    const readings = { cpu: 1, memory: 30, hits: 5 };
    expect(utilizationOf({ cpu: 4, memory: 40 }, readings)).toBe(0.75);
    expect(utilizationOf({ cpu: 0.5, memory: 40 }, readings)).toBe(2);
  });

  it('is not known while one of the loads that have a capacity is not', () => {
    const capacity = { cpu: 4, memory: 40 };
    expect(utilizationOf(capacity, { cpu: 1 })).toBeUndefined();
    expect(utilizationOf(capacity, { cpu: 1, memory: NaN })).toBeUndefined();
    expect(utilizationOf(capacity, { cpu: 1, memory: 10 })).toBe(0.25);
  });

  it('is not believed of a capacity that is none', () => {
    expect(utilizationOf({ cpu: Number.MIN_VALUE }, { cpu: 1 })).toBeUndefined();
  });

  it('is none of a server without a capacity', () => {
    expect(utilizationOf({}, { cpu: 1, memory: 1, hits: 1 })).toBeUndefined();
    expect(utilizationOf({ network: 5 }, { cpu: 1, memory: 1, hits: 1 })).toBeUndefined();
  });
});
