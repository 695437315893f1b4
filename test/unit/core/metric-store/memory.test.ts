import { describe, expect, it } from '@jest/globals';
import { MemoryMetricStore } from '../../../../core/metric-store/memory.js';
import { CPU, forecastRun, readRow, sample, serverSeries } from '../../../support/series.js';

const LIMIT = { code: 'ERR_LIMIT_REACHED' };

describe('MemoryMetricStore', () => {
  it('refuses what passes its limits, and takes nothing of that write', async () => {
    const store = new MemoryMetricStore({
      limits: { seriesMax: 2, batchMax: 3, eventsPerDayMax: 1, saidMax: 1, scoresMax: 1 },
    });
    const three = ['a', 'b', 'c'].map((id) => sample(serverSeries(id), 1000, 1));
    await expect(store.writeSamples([...three, ...three])).rejects.toMatchObject(LIMIT);
    expect(await store.listSeries(0)).toEqual([]);
    const run = forecastRun([CPU], { startMs: 1000 });
    await expect(store.writeForecast(run)).rejects.toMatchObject(LIMIT);
    await store.writeEvent({ kind: 'note', timeMs: 1, text: '' });
    const second = { kind: 'note', timeMs: 2, text: '' } as const;
    await expect(store.writeEvent(second)).rejects.toMatchObject(LIMIT);
    const score = { series: CPU, leadMs: 1, inBand: 1, absoluteError: 0, pinball: 0 } as const;
    await store.writeScores([1, 2].map((timeMs) => ({ ...score, timeMs })));
    await expect(store.readScores(0, 10)).rejects.toMatchObject(LIMIT);
  });

  it('refuses new series beyond its limit, and takes the rest of that write', async () => {
    const store = new MemoryMetricStore({ limits: { seriesMax: 2 } });
    await store.writeSamples([sample(serverSeries('a'), 1000, 1)]);
    const three = ['b', 'c', 'a'].map((id) => sample(serverSeries(id), 2000, 1));
    await expect(store.writeSamples(three)).rejects.toMatchObject({
      code: 'ERR_SERIES_REFUSED',
      facts: { limit: 2, refused: 1 },
    });
    expect(await store.listSeries(2000)).toEqual(['a', 'b'].map((id) => serverSeries(id)));
  });

  it('gives a mean to every step, whatever the length of the steps', async () => {
    const store = new MemoryMetricStore();
    const times = Array.from({ length: 1000 }, (_, at) => at * 7);
    await store.writeSamples(times.map((timeMs) => sample(CPU, timeMs, timeMs)));
    for (const stepMs of [0.1, 1 / 3, 7, 6.999, 10.5]) {
      const row = await readRow(store, CPU, { startMs: 0, stepMs, steps: 500 });
      const wrong = row.filter(
        (mean, step) => mean !== null && Math.abs(mean - (step + 0.5) * stepMs) > 7 + stepMs,
      );
      expect(wrong).toEqual([]);
      expect(row[0]).toBeLessThan(11);
    }
  });
});
