import { describe, expect, it } from '@jest/globals';
import { assertSound, forecastBlock, pathOf, resourcesOnly } from '../../../core/forecast.js';
import { withServers } from '../../../forecaster/server-forecast.js';
import { s, tableOf } from '../../support/names.js';
import { resourceSeries } from '../../support/series.js';

const GRID = { startMs: 0, stepMs: 1000, steps: 2 };

/** Two resources at 10 and 20 with a spread of ±3 and ±4, whose errors have `loading` in common. */
function blockWith(loading: number) {
  const block = forecastBlock([resourceSeries('a', 'cpu'), resourceSeries('b', 'cpu')], GRID);
  for (const [row, middle, spread] of [
    [0, 10, 3],
    [1, 20, 4],
  ] as const) {
    for (const [quantile, offset] of [-spread, 0, spread].entries()) {
      for (let step = 0; step < 2; step++) {
        block.paths[(row * 3 + quantile) * 2 + step] = middle + offset + step;
      }
      block.peaks[row * 3 + quantile] = middle + offset + 1;
    }
    block.loadings[row] = loading;
  }
  return block;
}

function forecastOf(loading: number, capacity?: number) {
  return withServers(blockWith(loading), {
    table: tableOf({ a: 's1@1.1', b: 's1@1.2' }),
    servers: [s('s1'), s('s2')],
    baseOf: () => 5,
    capacityOf: (_server, dimension) => (dimension === 'cpu' ? capacity : undefined),
  });
}

describe('the forecast of a server', () => {
  it('is the sum of its resources and of what it carries besides', () => {
    expect([...pathOf(forecastOf(0), 2, 0.5)]).toEqual([35, 37]);
  });

  it('lets errors cancel that have nothing in common: √(3² + 4²)', () => {
    expect([...pathOf(forecastOf(0), 2, 0.9)]).toEqual([40, 42]);
    expect([...pathOf(forecastOf(0), 2, 0.1)]).toEqual([30, 32]);
  });

  it('adds up errors that are common: 3 + 4', () => {
    expect([...pathOf(forecastOf(1), 2, 0.9)]).toEqual([42, 44]);
  });

  it('says nothing of a server without resources', () => {
    expect(forecastOf(0).series.map(({ id }) => id)).toEqual(['a', 'b', 's1']);
  });

  it('is of its utilization, too, where it has a capacity', () => {
    expect(forecastOf(1).series).toHaveLength(3);
    const whole = forecastOf(1, 50);
    expect(whole.series[3]).toEqual({ subject: 'server', id: 's1', metric: 'utilization' });
    const shares = [...pathOf(whole, 3, 0.9)].map((share) => share.toFixed(4));
    expect(shares).toEqual(['0.8400', '0.8800']);
    expect(whole.peaks.at(-1)).toBeCloseTo(0.88);
    expect(() => {
      assertSound(whole);
    }).not.toThrow();
  });

  it('is sound whatever capacity an agent announces', () => {
    expect(() => {
      assertSound(forecastOf(1, Number.MIN_VALUE));
    }).not.toThrow();
  });

  it('is sound, and leaves the resources as they were', () => {
    const whole = forecastOf(0.6);
    expect(() => {
      assertSound(whole);
    }).not.toThrow();
    expect(resourcesOnly(whole).paths).toEqual(blockWith(0.6).paths);
  });
});
