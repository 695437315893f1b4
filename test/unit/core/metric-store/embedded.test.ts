import { beforeEach, describe, expect, it } from '@jest/globals';
import { SimulatedClock } from '../../../../core/clock/simulated.js';
import { MemoryDisk } from '../../../../core/disk/memory.js';
import type { Part } from '../../../../core/disk/port.js';
import type { EmbeddedMetricStoreOptions } from '../../../../core/metric-store/embedded.js';
import { EmbeddedMetricStore } from '../../../../core/metric-store/embedded.js';
import { SeededRng } from '../../../../core/rng.js';
import { RecordingLog } from '../../../support/recording-log.js';
import {
  CPU,
  forecastRun,
  readRow,
  resourceSeries,
  sample,
  serverSeries,
} from '../../../support/series.js';

const DAY = 86_400_000;
const NOW = 20_000 * DAY;
const OPTIONS: EmbeddedMetricStoreOptions = {
  rawRetentionMs: 2 * DAY,
  rollupMs: 300_000,
  rollupRetentionMs: 400 * DAY,
  forecastRetentionMs: 30 * DAY,
};
const UNAVAILABLE = { code: 'ERR_STORE_UNAVAILABLE' };
const LIMIT = { code: 'ERR_LIMIT_REACHED' };

/** Remembers which files were read. */
class WatchedDisk extends MemoryDisk {
  readonly readPaths = new Set<string>();
  reads = 0;

  override read(path: string, part?: Part): Promise<Uint8Array | undefined> {
    this.readPaths.add(path);
    this.reads += 1;
    return super.read(path, part);
  }
}

describe('EmbeddedMetricStore', () => {
  let disk: WatchedDisk;
  let clock: SimulatedClock;
  let log: RecordingLog;

  beforeEach(() => {
    disk = new WatchedDisk();
    clock = new SimulatedClock();
    log = new RecordingLog();
  });

  const open = (given: Partial<EmbeddedMetricStoreOptions> = {}) =>
    EmbeddedMetricStore.open({ disk, clock, log }, { ...OPTIONS, ...given });

  const read = (store: EmbeddedMetricStore, startMs = NOW, steps = 3) =>
    readRow(store, CPU, { startMs, stepMs: 1000, steps });

  it('has samples on the disk, synced, in the time it says', async () => {
    const store = await open({ durableWithinMs: 2000 });
    await store.writeSamples([sample(CPU, NOW, 1)]);
    await clock.advance(500);
    await store.writeSamples([sample(CPU, NOW + 1000, 2)]);
    await clock.advance(1500);
    const left = disk.crash(new SeededRng(1));
    const again = await EmbeddedMetricStore.open({ disk: left, clock, log }, OPTIONS);
    expect(await read(again)).toEqual([1, 2, null]);
    expect(log.messages).toEqual([]);
  });

  it('reads only names when it opens, and only the days that are asked for', async () => {
    const store = await open();
    for (let day = 0; day < 400; day += 10) {
      await store.writeSamples([sample(CPU, NOW - day * DAY, day)]);
    }
    await store.compact(NOW);
    await store.close();
    disk.readPaths.clear();
    const again = await open();
    expect([...disk.readPaths]).toEqual([]);
    await again.listSeries(NOW - DAY);
    expect(await read(again, NOW - 200 * DAY)).toEqual([200, 200, 200]);
    expect([...disk.readPaths].filter((path) => !path.includes('2024-10-04'))).toEqual([
      'metrics/samples-2024-03-18',
      'metrics/rollup-2024-03-18',
    ]);
    await again.close();
  });

  it('keeps few days open while history comes series by series, and loses none of it', async () => {
    const store = await open();
    const series = [CPU, resourceSeries('vol-7'), resourceSeries('vol-8')];
    for (const [at, one] of series.entries()) {
      const days = Array.from({ length: 150 }, (_, day) => sample(one, NOW - day * DAY, day + at));
      await store.writeSamples(days);
    }
    const grid = { startMs: NOW - 149 * DAY, stepMs: DAY, steps: 150 };
    const expected = Array.from({ length: 150 }, (_, step) => 149 - step);
    expect(await readRow(store, CPU, grid)).toEqual(expected);
    expect(await readRow(store, series[2]!, grid)).toEqual(expected.map((value) => value + 2));
    await store.close();
  });

  describe('while the disk refuses', () => {
    for (const fault of ['full', 'failsToSync'] as const) {
      it(`reads go on, writes are refused, and nothing is lost in the end (${fault})`, async () => {
        const store = await open();
        await store.writeSamples([sample(CPU, NOW, 1)]);
        disk[fault] = true;
        await clock.advance(5000);
        expect(await read(store)).toEqual([1, null, null]);
        await expect(store.writeSamples([sample(CPU, NOW + 1000, 2)])).rejects.toMatchObject(
          UNAVAILABLE,
        );
        await expect(store.writeScores([])).rejects.toMatchObject(UNAVAILABLE);
        const event = { kind: 'note', timeMs: NOW, text: '' } as const;
        await expect(store.writeEvent(event)).rejects.toMatchObject(UNAVAILABLE);
        await clock.advance(5000);
        expect(log.messages.filter((message) => message === 'metrics not written')).toHaveLength(1);
        disk[fault] = false;
        await clock.advance(1000);
        expect(log.messages.at(-1)).toBe('metrics written again');
        await store.writeSamples([sample(CPU, NOW + 2000, 3)]);
        await store.writeEvent(event);
        await clock.advance(1000);
        const left = disk.crash(new SeededRng(1));
        const again = await EmbeddedMetricStore.open({ disk: left, clock, log }, OPTIONS);
        expect(await read(again)).toEqual([1, null, 3]);
        expect(await again.readEvents(0, 2 * NOW)).toEqual([event]);
      });
    }

    it('takes writes again with the first that succeeds', async () => {
      const store = await open();
      await store.writeSamples([sample(CPU, NOW, 1)]);
      disk.full = true;
      await clock.advance(1500);
      disk.full = false;
      await store.writeSamples([sample(CPU, NOW + 1000, 2)]);
      expect(await read(store)).toEqual([1, 2, null]);
      await store.close();
    });

    it('says when it closes that something is lost, and gives up its lock', async () => {
      const store = await open();
      await store.writeSamples([sample(CPU, NOW, 1)]);
      disk.full = true;
      await expect(store.close()).rejects.toMatchObject(UNAVAILABLE);
      disk.full = false;
      const again = await open();
      expect(await read(again)).toEqual([null, null, null]);
    });
  });

  it('is open once, and refuses every call after its close', async () => {
    const store = await open();
    await expect(open()).rejects.toMatchObject({ code: 'ERR_DATA_LOCKED' });
    await store.close();
    await store.close();
    for (const call of [
      () => store.writeSamples([]),
      () => store.readPanel({ series: [], startMs: 0, stepMs: 1, steps: 1 }),
      () => store.listSeries(0),
      () => store.latestForecast(),
      () => store.readScores(0, 1),
      () => store.readEvents(0, 1),
      () => store.compact(0),
    ]) {
      await expect(call()).rejects.toMatchObject(UNAVAILABLE);
    }
  });

  it('finishes what is under way before it closes', async () => {
    const store = await open();
    const writing = store.writeSamples([sample(CPU, NOW, 1)]);
    const reading = read(store);
    await store.close();
    await writing;
    expect(await reading).toHaveLength(3);
    expect(await read(await open())).toEqual([1, null, null]);
  });

  it('refuses what passes its limits', async () => {
    const limits = {
      batchMax: 3,
      daysMax: 2,
      eventsPerDayMax: 2,
      eventBytesMax: 100,
    };
    const more = { panelValuesMax: 10, saidMax: 4, scoresMax: 2 };
    const store = await open({ limits: { ...limits, ...more } });
    const four = [0, 1, 2, 3].map((at) => sample(CPU, NOW + at, 1));
    await expect(store.writeSamples(four)).rejects.toMatchObject(LIMIT);
    await store.writeSamples([sample(CPU, NOW, 1), sample(CPU, NOW - DAY, 1)]);
    const third = [sample(CPU, NOW - 2 * DAY, 1)];
    await expect(store.writeSamples(third)).rejects.toMatchObject(LIMIT);
    await expect(read(store, NOW, 11)).rejects.toMatchObject(LIMIT);
    const run = forecastRun(
      ['a', 'b', 'c'].map((id) => serverSeries(id)),
      { startMs: NOW },
    );
    await expect(store.writeForecast(run)).rejects.toMatchObject(LIMIT);
    const scores = [0, 1, 2].map((at) => {
      const series = CPU;
      const timeMs = NOW + at;
      return { series, timeMs, leadMs: 1, inBand: 1, absoluteError: 0, pinball: 0 } as const;
    });
    await store.writeScores(scores);
    await expect(store.readScores(0, 2 * NOW)).rejects.toMatchObject(LIMIT);
    const note = (timeMs: number, text = '') => store.writeEvent({ kind: 'note', timeMs, text });
    await note(NOW);
    await note(NOW + 1);
    await note(NOW);
    await expect(note(NOW + 2)).rejects.toMatchObject(LIMIT);
    await note(NOW + DAY);
    await expect(note(NOW + 2 * DAY)).rejects.toMatchObject(LIMIT);
    await expect(note(NOW + DAY, 'x'.repeat(200))).rejects.toMatchObject(LIMIT);
    expect(await read(store)).toEqual([1, null, null]);
    await store.close();
  });

  it('refuses new series of a full day, and keeps the rest of that write like any other', async () => {
    const store = await open({ limits: { seriesMax: 2 }, durableWithinMs: 2000 });
    await store.writeSamples([sample(CPU, NOW, 1)]);
    await clock.advance(1000);
    const three = [serverSeries('b'), serverSeries('c'), CPU];
    const late = three.map((series) => sample(series, NOW + 1000, 2));
    const yesterday = sample(serverSeries('c'), NOW - DAY, 3);
    await expect(store.writeSamples([...late, yesterday])).rejects.toMatchObject({
      code: 'ERR_SERIES_REFUSED',
      facts: { limit: 2, what: 'series a day of samples', refused: 1 },
    });
    await clock.advance(1000);
    const left = disk.crash(new SeededRng(1));
    const again = await EmbeddedMetricStore.open({ disk: left, clock, log }, OPTIONS);
    expect(await read(again)).toEqual([1, 2, null]);
    expect(await again.listSeries(NOW)).toHaveLength(2);
    expect(await again.listSeries(NOW - DAY)).toHaveLength(3);
  });

  it('reads what was said of many series in one pass, and the same as of each alone', async () => {
    const series = Array.from({ length: 30 }, (_, at) => serverSeries(`s${at}`));
    const store = await open();
    const run = forecastRun(series, { startMs: NOW });
    await store.writeForecast(run);
    // Another layout: in another order, without the first.
    await store.writeForecast(
      forecastRun(series.slice(1).reverse(), { startMs: NOW + 300_000, madeAtMs: NOW + 1 }),
    );
    await clock.advance(2000);
    const leadsMs = run.leads.map((lead) => lead * 300_000);
    const range = { fromMs: NOW, toMs: NOW + DAY };
    const alone = await Promise.all(
      series.map((one) =>
        Promise.all(leadsMs.map((leadMs) => store.readSaid({ series: one, leadMs, ...range }))),
      ),
    );
    disk.reads = 0;
    expect(await store.readSaidOfMany({ series, leadsMs, ...range })).toEqual(alone);
    expect(disk.reads).toBe(1);
    expect(alone.map(([said]) => said?.length)).toEqual(series.map((_, at) => (at === 0 ? 1 : 2)));
  });

  it('goes on without a rollup that cannot be read, and says so once', async () => {
    const old = NOW - 10 * DAY;
    const store = await open();
    await store.writeSamples([sample(CPU, old, 1), sample(resourceSeries('vol-7'), old, 2)]);
    await store.compact(NOW);
    const path = 'metrics/rollup-2024-09-24';
    const bytes = (await disk.read(path))!;
    for (const at of [20, bytes.byteLength - 1]) {
      const wrong = new Uint8Array(bytes);
      wrong[at]! ^= 4;
      await disk.replace(path, wrong);
      await store.writeSamples([sample(CPU, NOW, 5)]);
      const series = [CPU, resourceSeries('vol-7')];
      const panel = await store.readPanel({ series, startMs: old, stepMs: 300_000, steps: 1 });
      expect([...panel.values]).toEqual(at === 20 ? [NaN, NaN] : [1, NaN]);
      await store.readPanel({ series, startMs: old, stepMs: 300_000, steps: 1 });
      expect(await read(store)).toEqual([5, null, null]);
    }
    expect(log.messages).toEqual(['rollup not readable']);
    await store.writeSamples([sample(CPU, old, 7)]);
    await store.compact(NOW);
    expect(await readRow(store, CPU, { startMs: old, stepMs: 300_000, steps: 1 })).toEqual([1]);
    expect(await disk.list('metrics')).toContain('rollup-2024-09-24.corrupt');
    await store.close();
  });

  it('keeps the latest forecast readable for the next process, and says if it is not', async () => {
    const store = await open();
    const run = forecastRun([CPU], { startMs: NOW });
    await store.writeForecast(run);
    await store.close();
    const bytes = (await disk.read('metrics/forecast'))!;
    bytes[30]! ^= 1;
    await disk.replace('metrics/forecast', bytes);
    const again = await open();
    expect(await again.latestForecast()).toBeUndefined();
    expect(log.messages).toEqual(['forecast not readable']);
    await again.writeForecast(run);
    expect(await again.latestForecast()).toEqual(run);
    await again.close();
  });
});
