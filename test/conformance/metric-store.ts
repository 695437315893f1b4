import { afterEach, beforeEach, describe, expect } from '@jest/globals';
import type { MetricStore, Score, StoredEvent } from '../../core/metric-store/port.js';
import type { Sample } from '../../core/sample.js';
import { SeededRng, integerBelow, pick } from '../../core/rng.js';
import type { LeftOut } from '../support/conformance.js';
import { suiteTest } from '../support/conformance.js';
import { p, r, s } from '../support/names.js';
import { MESSY, PlainSamples, messyBatches } from '../support/plain-samples.js';
import { forecastRun, readRow, resourceSeries, sample, serverSeries } from '../support/series.js';

/** A store that is empty, and what it was told to keep for how long. */
export interface MetricStoreWorld {
  readonly store: MetricStore;
  /** The beginning of a day; a real engine judges retention by the real one. */
  readonly nowMs: number;
  readonly rawRetentionMs: number;
  readonly rollupMs: number;
  readonly rollupRetentionMs: number;
  readonly forecastRetentionMs: number;
  /** The same data opened again after its store was closed. */
  readonly reopen?: () => Promise<MetricStore>;
  readonly dispose?: () => Promise<void>;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const CPU = serverSeries('s1');
const HITS = resourceSeries('vol-7');

/** What every metric store must do; each engine's test calls this. */
export function describeMetricStore(
  name: string,
  make: () => Promise<MetricStoreWorld>,
  leftOut: readonly LeftOut[] = [],
): void {
  describe(name, () => {
    const it = suiteTest(leftOut);
    let world: MetricStoreWorld;
    let store: MetricStore;
    let nowMs: number;

    beforeEach(async () => {
      world = await make();
      ({ store, nowMs } = world);
    });

    afterEach(async () => {
      await store.close();
      await world.dispose?.();
    });

    async function reopened(): Promise<void> {
      if (world.reopen === undefined) throw new Error('leave this test out');
      await store.close();
      store = await world.reopen();
    }

    describe('a panel', () => {
      it('has the series that were asked for, in their order, with gaps where nothing is', async () => {
        const startMs = nowMs - HOUR;
        await store.writeSamples([
          sample(CPU, startMs, 1),
          sample(CPU, startMs + 2 * MINUTE, 3),
          sample(HITS, startMs + MINUTE, 5),
        ]);
        const unknown = serverSeries('nobody');
        const series = [HITS, unknown, CPU, HITS];
        const panel = await store.readPanel({ series, startMs, stepMs: MINUTE, steps: 3 });
        expect(panel.series).toEqual(series);
        expect(panel.grid).toEqual({ startMs, stepMs: MINUTE, steps: 3 });
        expect([...panel.values]).toEqual([NaN, 5, NaN, NaN, NaN, NaN, 1, NaN, 3, NaN, 5, NaN]);
      });

      it('has the mean of the samples of each step, its first moment included and its last not', async () => {
        const startMs = nowMs - HOUR;
        await store.writeSamples([
          sample(CPU, startMs - 1, 1000),
          sample(CPU, startMs, 1),
          sample(CPU, startMs + 30 * SECOND, 2),
          sample(CPU, startMs + MINUTE - 1, 6),
          sample(CPU, startMs + MINUTE, 10),
          sample(CPU, startMs + 2 * MINUTE, 1000),
        ]);
        expect(await readRow(store, CPU, { startMs, stepMs: MINUTE, steps: 2 })).toEqual([3, 10]);
      });

      it('has steps of a tenth of a second', async () => {
        const startMs = nowMs - MINUTE;
        await store.writeSamples([
          sample(CPU, startMs + 100, 1),
          sample(CPU, startMs + 150, 2),
          sample(CPU, startMs + 300, 4),
        ]);
        const row = await readRow(store, CPU, { startMs, stepMs: 100, steps: 4 });
        expect(row).toEqual([null, 1.5, null, 4]);
      });

      it('goes on over midnight, also within a step', async () => {
        await store.writeSamples([
          sample(CPU, nowMs - DAY - 2 * MINUTE, 1),
          sample(CPU, nowMs - DAY - MINUTE, 2),
          sample(CPU, nowMs - DAY + MINUTE, 4),
          sample(CPU, nowMs - DAY + 4 * MINUTE, 8),
        ]);
        const startMs = nowMs - DAY - 5 * MINUTE;
        expect(await readRow(store, CPU, { startMs, stepMs: 3 * MINUTE, steps: 4 })).toEqual([
          null,
          1.5,
          4,
          8,
        ]);
        expect(await readRow(store, CPU, { startMs, stepMs: 7 * MINUTE, steps: 1 })).toEqual(
          [7 / 3].map(Math.fround),
        );
      });

      it('has what was just written', async () => {
        const startMs = nowMs - HOUR;
        for (let at = 0; at < 5; at++) {
          await store.writeSamples([sample(CPU, startMs + at * MINUTE, at)]);
          const row = await readRow(store, CPU, { startMs, stepMs: MINUTE, steps: 5 });
          expect(row[at]).toBe(at);
        }
      });

      it('is refused if it is too large', async () => {
        const query = { series: [CPU], startMs: 0, stepMs: 1, steps: 2 ** 40 };
        await expect(store.readPanel(query)).rejects.toMatchObject({ code: 'ERR_LIMIT_REACHED' });
      });
    });

    describe('samples', () => {
      it('may be written again, and nothing changes', async () => {
        const startMs = nowMs - HOUR;
        const first = [sample(CPU, startMs, 1), sample(CPU, startMs + SECOND, 5)];
        await store.writeSamples(first);
        await store.writeSamples(first);
        await store.writeSamples([sample(CPU, startMs + 2 * SECOND, 6)]);
        await store.writeSamples(first.slice(0, 1));
        expect(await readRow(store, CPU, { startMs, stepMs: MINUTE, steps: 1 })).toEqual([4]);
      });

      it('count as last written if two have one time', async () => {
        const startMs = nowMs - HOUR;
        await store.writeSamples([sample(CPU, startMs, 1)]);
        await store.writeSamples([sample(CPU, startMs, 2), sample(CPU, startMs + SECOND, 8)]);
        expect(await readRow(store, CPU, { startMs, stepMs: MINUTE, steps: 1 })).toEqual([5]);
        await store.writeSamples([sample(CPU, startMs, 1), sample(CPU, startMs, 4)]);
        expect(await readRow(store, CPU, { startMs, stepMs: MINUTE, steps: 1 })).toEqual([6]);
      });

      for (const seed of [1, 2, 3]) {
        it(`may come in any order, in any batches, more than once (seed ${seed})`, async () => {
          const rng = new SeededRng(seed);
          const model = new PlainSamples();
          const spanMs = Math.min(world.rawRetentionMs, 2 * DAY) - HOUR;
          for (const batch of messyBatches(rng, { startMs: nowMs - spanMs, spanMs })) {
            await store.writeSamples(batch);
            model.write(batch);
          }
          for (let reading = 0; reading < 10; reading++) {
            const grid = {
              startMs: nowMs - integerBelow(rng, spanMs),
              stepMs: pick(rng, [SECOND, 7 * MINUTE, 5 * MINUTE, 90 * MINUTE]),
              steps: 1 + integerBelow(rng, 60),
            };
            const panel = await store.readPanel({ series: MESSY, ...grid });
            expectClose(panel.values, model.means(MESSY, grid));
          }
        });
      }

      it('of weeks of history may come one series after the other', async () => {
        const days = Math.min(21, Math.floor(world.rollupRetentionMs / DAY) - 1);
        const series = [CPU, HITS, resourceSeries('vol-8')];
        const startMs = nowMs - days * DAY;
        const steps = (days * DAY) / HOUR;
        for (const [at, key] of series.entries()) {
          const samples = Array.from({ length: steps }, (_, step) =>
            sample(key, startMs + step * HOUR, at * 1000 + step),
          );
          await store.writeSamples(samples);
        }
        const panel = await store.readPanel({ series, startMs, stepMs: HOUR, steps });
        expect([...panel.values]).toEqual(
          series.flatMap((_key, at) =>
            Array.from({ length: steps }, (_, step) => at * 1000 + step),
          ),
        );
      });

      const faults: readonly (readonly [string, Partial<Sample>])[] = [
        ['not a number', { value: NaN }],
        ['infinite', { value: Infinity }],
        ['negative', { value: -1 }],
        ['too large for a 32-bit float', { value: 1e39 }],
        ['of no time', { timeMs: NaN }],
        ['older than time', { timeMs: -1 }],
        ['of the far future', { timeMs: 1e16 }],
      ];
      for (const [fault, wrong] of faults) {
        it(`are refused if one is ${fault}, with all that came with it`, async () => {
          const startMs = nowMs - HOUR;
          const batch = [
            sample(CPU, startMs, 1),
            { ...sample(CPU, startMs + MINUTE, 1), ...wrong },
          ];
          await expect(store.writeSamples(batch)).rejects.toMatchObject({
            code: 'ERR_SAMPLE_INVALID',
          });
          expect(await readRow(store, CPU, { startMs, stepMs: MINUTE, steps: 2 })).toEqual([
            null,
            null,
          ]);
        });
      }
    });

    describe('the list of series', () => {
      it('has those with samples since then, sorted', async () => {
        const names = ['vol-b', 'vol-a', 'a:b.c_d-1'].map((name) => resourceSeries(name));
        await store.writeSamples([
          sample(names[0]!, nowMs - HOUR, 1),
          sample(names[1]!, nowMs - HOUR, 1),
          sample(names[2]!, nowMs - 2 * HOUR, 1),
          sample(CPU, nowMs - DAY - HOUR, 1),
        ]);
        expect(await store.listSeries(nowMs - HOUR)).toEqual([names[1], names[0]]);
        expect(await store.listSeries(nowMs - HOUR + 1)).toEqual([]);
        expect(await store.listSeries(nowMs - 2 * DAY)).toEqual([
          names[2],
          names[1],
          names[0],
          CPU,
        ]);
      });

      it('is empty at first', async () => {
        expect(await store.listSeries(0)).toEqual([]);
      });
    });

    describe('compaction', () => {
      /** The beginning of a day that is past its raw retention. */
      function oldDay(): number {
        return nowMs - world.rawRetentionMs - 2 * DAY;
      }

      function oldSamples(): Sample[] {
        const perStep = [0, 0.25, 0.5, 0.75].map((share) => share * world.rollupMs);
        return Array.from({ length: 12 }, (_, step) =>
          perStep.map((ms, at) =>
            sample(CPU, oldDay() + step * world.rollupMs + ms, 4 * step + at),
          ),
        ).flat();
      }

      function readOld(): Promise<(number | null)[]> {
        return readRow(store, CPU, { startMs: oldDay(), stepMs: 2 * world.rollupMs, steps: 7 });
      }

      const MEANS = [3.5, 11.5, 19.5, 27.5, 35.5, 43.5, null];

      it('leaves the means as they were, however often it is done', async () => {
        await store.writeSamples(oldSamples());
        expect(await readOld()).toEqual(MEANS);
        await store.compact(nowMs);
        expect(await readOld()).toEqual(MEANS);
        await store.compact(nowMs);
        expect(await readOld()).toEqual(MEANS);
        expect(await store.listSeries(oldDay())).toEqual([CPU]);
      });

      it('lets old samples be written again, and nothing changes', async () => {
        await store.writeSamples(oldSamples());
        await store.compact(nowMs);
        await store.writeSamples(oldSamples());
        expect(await readOld()).toEqual(MEANS);
        await store.compact(nowMs);
        expect(await readOld()).toEqual(MEANS);
      });

      it('lets samples that come even later fill gaps, of known and of new series', async () => {
        await store.writeSamples(oldSamples());
        await store.compact(nowMs);
        await store.writeSamples([
          sample(CPU, oldDay() + 12 * world.rollupMs, 7),
          sample(HITS, oldDay(), 9),
        ]);
        const grid = { startMs: oldDay(), stepMs: 2 * world.rollupMs, steps: 1 };
        for (let times = 0; times < 2; times++) {
          expect(await readOld()).toEqual([...MEANS.slice(0, 6), 7]);
          expect(await readRow(store, HITS, grid)).toEqual([9]);
          await store.compact(nowMs);
        }
        expect(await store.listSeries(oldDay())).toEqual([HITS, CPU]);
      });

      it('keeps samples as they came until their raw retention is over', async () => {
        const startMs = nowMs - world.rawRetentionMs + HOUR;
        await store.writeSamples([0, 1, 2, 3].map((at) => sample(CPU, startMs + at * SECOND, at)));
        await store.compact(nowMs);
        const row = await readRow(store, CPU, { startMs, stepMs: SECOND, steps: 4 });
        expect(row).toEqual([0, 1, 2, 3]);
      });

      it('repeats a mean over the steps that it stands for', async () => {
        await store.writeSamples(oldSamples());
        await store.compact(nowMs);
        const stepMs = world.rollupMs / 2;
        const row = await readRow(store, CPU, { startMs: oldDay(), stepMs, steps: 4 });
        expect(row).toEqual([1.5, 1.5, 5.5, 5.5]);
      });

      it('drops everything in the end', async () => {
        const oldMs =
          nowMs - Math.max(world.rollupRetentionMs, world.forecastRetentionMs) - 2 * DAY;
        await store.writeSamples([sample(CPU, oldMs, 1)]);
        await store.writeForecast(forecastRun([CPU], { startMs: oldMs }));
        await store.writeScores([scoreAt(oldMs)]);
        await store.writeEvent(noteAt(oldMs, 'long ago'));
        await store.writeSamples([sample(HITS, nowMs - HOUR, 1)]);
        await store.writeScores([scoreAt(nowMs - HOUR)]);
        await store.writeEvent(noteAt(nowMs - HOUR, 'just now'));
        await store.compact(nowMs);
        expect(await store.listSeries(0)).toEqual([HITS]);
        const said = { series: CPU, leadMs: 300_000, fromMs: 0, toMs: nowMs };
        expect(await store.readSaid(said)).toEqual([]);
        expect(await store.readScores(0, nowMs)).toEqual([scoreAt(nowMs - HOUR)]);
        expect(await store.readEvents(0, nowMs)).toEqual([noteAt(nowMs - HOUR, 'just now')]);
      });
    });

    describe('a forecast', () => {
      it('is absent at first, and then the one that was made last', async () => {
        expect(await store.latestForecast()).toBeUndefined();
        const first = forecastRun([CPU, HITS], { startMs: nowMs - HOUR });
        const second = forecastRun([HITS], { startMs: nowMs, base: 500 });
        await store.writeForecast(first);
        expect(await store.latestForecast()).toEqual(first);
        await store.writeForecast(second);
        expect(await store.latestForecast()).toEqual(second);
        await store.writeForecast(first);
        expect(await store.latestForecast()).toEqual(second);
      });

      it('is kept, at its leads, as what was said', async () => {
        const startMs = nowMs - HOUR;
        const stepMs = 5 * MINUTE;
        for (let round = 0; round < 3; round++) {
          const run = forecastRun([CPU, HITS], {
            startMs: startMs + round * stepMs,
            base: 100 * round,
          });
          await store.writeForecast(run);
        }
        const range = { fromMs: startMs, toMs: nowMs };
        expect(await store.readSaid({ series: HITS, leadMs: stepMs, ...range })).toEqual([
          { timeMs: startMs, p10: 9.75, p50: 10, p90: 10.5 },
          { timeMs: startMs + stepMs, p10: 109.75, p50: 110, p90: 110.5 },
          { timeMs: startMs + 2 * stepMs, p10: 209.75, p50: 210, p90: 210.5 },
        ]);
        expect(await store.readSaid({ series: CPU, leadMs: 6 * stepMs, ...range })).toEqual([
          { timeMs: startMs + 5 * stepMs, p10: 4.75, p50: 5, p90: 5.5 },
          { timeMs: startMs + 6 * stepMs, p10: 104.75, p50: 105, p90: 105.5 },
          { timeMs: startMs + 7 * stepMs, p10: 204.75, p50: 205, p90: 205.5 },
        ]);
        expect(await store.readSaid({ series: CPU, leadMs: 2 * stepMs, ...range })).toEqual([]);
      });

      it('said for a step is read from the first moment of a range to before its last', async () => {
        const startMs = nowMs - HOUR;
        for (const offset of [0, 1, 2]) {
          await store.writeForecast(forecastRun([CPU], { startMs: startMs + offset * 5 * MINUTE }));
        }
        const said = await store.readSaid({
          series: CPU,
          leadMs: 5 * MINUTE,
          fromMs: startMs + 5 * MINUTE,
          toMs: startMs + 10 * MINUTE,
        });
        expect(said.map(({ timeMs }) => timeMs)).toEqual([startMs + 5 * MINUTE]);
      });

      it('takes the place of what an earlier one said for the same step and lead', async () => {
        const startMs = nowMs - HOUR;
        const run = forecastRun([CPU], { startMs });
        const again = forecastRun([CPU], { startMs, base: 200, madeAtMs: startMs + 1 });
        for (const one of [run, again, again]) await store.writeForecast(one);
        const query = { series: CPU, leadMs: 5 * MINUTE, fromMs: startMs, toMs: nowMs };
        expect(await store.readSaid(query)).toEqual([
          { timeMs: startMs, p10: 199.75, p50: 200, p90: 200.5 },
        ]);
      });
    });

    describe('scores', () => {
      it('are read by time, each once, the later of two', async () => {
        const startMs = nowMs - 3 * DAY;
        const scores = [0, 1, 2, 3].map((at) => scoreAt(startMs + at * DAY, { pinball: at }));
        const other = scoreAt(startMs, { leadMs: HOUR, inBand: 0 });
        await store.writeScores([scores[2]!, scores[0]!, other]);
        await store.writeScores([scores[1]!, scores[3]!, scores[2]!]);
        await store.writeScores([scoreAt(startMs + DAY, { pinball: 9 })]);
        const read = await store.readScores(startMs, startMs + 3 * DAY);
        expect(read.map(({ timeMs }) => timeMs)).toEqual(
          [0, 0, 1, 2].map((day) => startMs + day * DAY),
        );
        expect(read).toHaveLength(4);
        expect(read).toEqual(expect.arrayContaining([scores[0], other, scores[2]]));
        expect(read[2]).toEqual(scoreAt(startMs + DAY, { pinball: 9 }));
      });

      it('are refused if one is not finite', async () => {
        const wrong = scoreAt(nowMs - HOUR, { absoluteError: NaN });
        await expect(store.writeScores([scoreAt(nowMs - HOUR), wrong])).rejects.toMatchObject({
          code: 'ERR_SAMPLE_INVALID',
        });
        expect(await store.readScores(0, nowMs)).toEqual([]);
      });
    });

    describe('events', () => {
      it('are read by time, whatever the order they came in, each once', async () => {
        const events = eventsOfEachKind(nowMs - 2 * DAY);
        for (const event of [...events].reverse()) await store.writeEvent(event);
        for (const event of events) await store.writeEvent(event);
        expect(await store.readEvents(0, nowMs)).toEqual(events);
        const second = events[1]!.timeMs;
        expect(await store.readEvents(second, second + 1)).toEqual([events[1]]);
        expect(await store.readEvents(0, second)).toEqual([events[0]]);
      });

      it('may say the same of different times', async () => {
        await store.writeEvent(noteAt(nowMs - 2, 'again'));
        await store.writeEvent(noteAt(nowMs - 1, 'again'));
        expect(await store.readEvents(0, nowMs)).toHaveLength(2);
      });

      it('are refused if they cannot be kept as they are', async () => {
        const event: StoredEvent = {
          kind: 'breach',
          timeMs: nowMs,
          server: s('s1'),
          dimension: 'cpu',
          utilization: NaN,
        };
        await expect(store.writeEvent(event)).rejects.toMatchObject({ code: 'ERR_EVENT_INVALID' });
        await expect(store.writeEvent(noteAt(1e300, ''))).rejects.toMatchObject({
          code: 'ERR_EVENT_INVALID',
        });
        expect(await store.readEvents(0, nowMs + 1)).toEqual([]);
      });
    });

    it('has everything after it was closed and opened again', async () => {
      const startMs = nowMs - HOUR;
      const run = forecastRun([CPU, HITS], { startMs });
      const events = eventsOfEachKind(startMs);
      await store.writeSamples([sample(CPU, startMs, 3), sample(HITS, startMs + MINUTE, 4)]);
      await store.writeForecast(run);
      await store.writeScores([scoreAt(startMs)]);
      for (const event of events) await store.writeEvent(event);
      await reopened();
      expect(await readRow(store, CPU, { startMs, stepMs: MINUTE, steps: 2 })).toEqual([3, null]);
      expect(await store.listSeries(startMs)).toEqual([HITS, CPU]);
      expect(await store.latestForecast()).toEqual(run);
      const query = { series: CPU, leadMs: 5 * MINUTE, fromMs: startMs, toMs: nowMs };
      expect(await store.readSaid(query)).toHaveLength(1);
      expect(await store.readScores(0, nowMs)).toEqual([scoreAt(startMs)]);
      expect(await store.readEvents(0, nowMs)).toEqual(events);
      await store.writeSamples([sample(CPU, startMs + MINUTE, 5), sample(CPU, startMs, 3)]);
      await reopened();
      expect(await readRow(store, CPU, { startMs, stepMs: MINUTE, steps: 2 })).toEqual([3, 5]);
    });
  });
}

function scoreAt(timeMs: number, given: Partial<Score> = {}): Score {
  return {
    series: CPU,
    timeMs,
    leadMs: 300_000,
    inBand: 1,
    absoluteError: 0.5,
    pinball: 0.25,
    ...given,
  };
}

function noteAt(timeMs: number, text: string): StoredEvent {
  return { kind: 'note', timeMs, text };
}

/** One an hour. */
function eventsOfEachKind(startMs: number): StoredEvent[] {
  return [
    noteAt(startMs, 'Ümlaut, "quotes" and\nlines'),
    {
      kind: 'switch',
      timeMs: startMs + HOUR / 4,
      plan: p('7'),
      batch: 0,
      result: 'applied',
      why: '',
      resources: [r('vol-7'), r('vol-8')],
      targets: [s('s1'), s('s2')],
      generation: '1.41',
      drainMs: 12.5,
      holdMs: 20,
      heldRequests: 3,
      failedRequests: 0,
    },
    { kind: 'server', timeMs: startMs + HOUR / 3, server: s('s1'), text: 'lost' },
    {
      kind: 'breach',
      timeMs: startMs + HOUR / 2,
      server: s('s1'),
      dimension: 'memory',
      utilization: 1.25,
    },
  ];
}

function expectClose(values: Float32Array, expected: readonly number[]): void {
  expect(values).toHaveLength(expected.length);
  const wrong = expected.flatMap((value, at) => {
    const read = values[at]!;
    const isSame = Number.isNaN(value) ? Number.isNaN(read) : Math.abs(read - value) <= 1e-3;
    return isSame ? [] : [{ at, read, value }];
  });
  expect(wrong).toEqual([]);
}
