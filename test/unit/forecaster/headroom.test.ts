import { describe, expect, it } from '@jest/globals';
import { forecastBlock } from '../../../core/forecast.js';
import type { SeriesKey } from '../../../core/sample.js';
import { formatSeries } from '../../../core/sample.js';
import { headroomsOf } from '../../../core/table-store/records/headroom.js';
import { headroomFrom } from '../../../forecaster/headroom.js';
import { s } from '../../support/names.js';

const GRID = { startMs: 5000, stepMs: 1000, steps: 3 };
const SERVER: SeriesKey = { subject: 'server', id: s('s1'), metric: 'utilization' };

/** What the forecast says of the peak of `s1`, by quantile; what was measured last, by series. */
function headroom(
  peaks: readonly number[],
  measured: Readonly<Record<string, number>> = {},
): Record<string, number> {
  const block = forecastBlock(peaks.length === 0 ? [] : [SERVER], GRID);
  block.peaks.set(peaks);
  const record = headroomFrom({
    forecast: block,
    servers: [
      [s('s1'), { capacity: { cpu: 4 } }],
      [s('s2'), { capacity: { cpu: 8, hits: 100 } }],
    ],
    loads: { lastOf: (series) => measured[formatSeries(series)] ?? NaN, baseOf: () => 0 },
    madeAtMs: 4321,
  });
  expect(record.madeAtMs).toBe(4321);
  expect(record.untilMs).toBe(8000);
  return record.shares;
}

const cpuOf = (server: string): string =>
  formatSeries({ subject: 'server', id: s(server), metric: 'cpu' });

describe('the headroom of servers', () => {
  it('is what the peak leaves at the worst, in whole percents', () => {
    expect(headroom([0.3, 0.5, 0.7123])).toEqual({ s1: 0.29 });
  });

  it('is nothing, not less, of a server that will be over its capacity', () => {
    expect(headroom([0.9, 1.1, 1.6])).toEqual({ s1: 0 });
  });

  it('is taken from the measured load where nothing is forecast', () => {
    const hits = formatSeries({ subject: 'server', id: s('s2'), metric: 'hits' });
    expect(headroom([], { [cpuOf('s1')]: 1, [cpuOf('s2')]: 2, [hits]: 60 })).toEqual({
      s1: 0.75,
      s2: 0.4,
    });
  });

  it('is not known of a server that is neither forecast nor measured, nor after its time', () => {
    expect(headroom([])).toEqual({});
    const record = { madeAtMs: 0, untilMs: 8000, shares: { [s('s1')]: 0.5 } };
    expect(headroomsOf(record, 7999)[s('s1')]).toBe(0.5);
    expect(headroomsOf(record, 8000)[s('s1')]).toBeUndefined();
    expect(headroomsOf(record, 0)[s('s2')]).toBeUndefined();
    expect(headroomsOf(undefined, 0)[s('s1')]).toBeUndefined();
  });
});
