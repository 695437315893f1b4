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

  it('goes through the table once, however many servers there are', () => {
    const table = tableOf({ a: 's1@1.1', b: 's2@1.2' });
    let passes = 0;
    const entries = table.entries.bind(table);
    table.entries = () => {
      passes += 1;
      return entries();
    };
    const whole = withServers(blockWith(0), {
      table,
      servers: [s('s1'), s('s2'), s('s3')],
      baseOf: () => 0,
      capacityOf: () => undefined,
    });
    expect(whole.series.map(({ id }) => id)).toEqual(['a', 'b', 's1', 's2']);
    expect(passes).toBe(1);
  });

  it('lets errors cancel that have nothing in common: √(3² + 4²)', () => {
    expect([...pathOf(forecastOf(0), 2, 0.9)]).toEqual([40, 42]);
    expect([...pathOf(forecastOf(0), 2, 0.1)]).toEqual([30, 32]);
  });

  it('adds up errors that are common: 3 + 4', () => {
    expect([...pathOf(forecastOf(1), 2, 0.9)]).toEqual([42, 44]);
  });

  it('has a peak above its highest step by what those of its resources have, as far as chance lets them meet', () => {
    const block = blockWith(0);
    block.peaks.set([block.peaks[0]!, block.peaks[1]! + 3, block.peaks[2]! + 3]);
    block.peaks.set([block.peaks[3]!, block.peaks[4]! + 4, block.peaks[5]! + 4], 3);
    const peaksWith = (loading: number): number[] => {
      block.loadings.fill(loading);
      const whole = withServers(block, {
        table: tableOf({ a: 's1@1.1', b: 's1@1.2' }),
        servers: [s('s1')],
        baseOf: () => 5,
        capacityOf: () => undefined,
      });
      return [...whole.peaks.subarray(6)];
    };
    expect(peaksWith(0)).toEqual([32, 37 + 5, 42 + 5]);
    expect(peaksWith(1)).toEqual([30, 37 + 7, 44 + 7]);
  });

  it('gathers around the sum of the means of skewed loads, not of their medians', () => {
    const names = Array.from({ length: 100 }, (_, at) => `v${at}`);
    const block = forecastBlock(
      names.map((name) => resourceSeries(name, 'cpu')),
      GRID,
    );
    // Of an exponential distribution, whose mean is 1: −ln(1 − q).
    const quantiles = [0.1, 0.5, 0.9].map((q) => -Math.log(1 - q));
    for (let at = 0; at < block.paths.length; at++) {
      block.paths[at] = quantiles[Math.floor(at / GRID.steps) % 3]!;
    }
    const whole = withServers(block, {
      table: tableOf(Object.fromEntries(names.map((name) => [name, 's1@1.1']))),
      servers: [s('s1')],
      baseOf: () => 0,
      capacityOf: () => undefined,
    });
    // A sum of 100 of them is of the gamma distribution of shape 100: P10 87.4, P50 99.7, P90 113.0.
    for (const [q, sum] of [
      [0.1, 87.4],
      [0.5, 99.7],
      [0.9, 113.0],
    ] as const) {
      expect(Math.abs(pathOf(whole, 100, q)[0]! / sum - 1)).toBeLessThan(0.005);
    }
    // One alone keeps its own quantiles.
    const alone = withServers(block, {
      table: tableOf({ v0: 's1@1.1' }),
      servers: [s('s1')],
      baseOf: () => 0,
      capacityOf: () => undefined,
    });
    for (const q of [0.1, 0.5, 0.9]) {
      expect(pathOf(alone, 100, q)[0]).toBeCloseTo(pathOf(block, 0, q)[0]!, 5);
    }
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
