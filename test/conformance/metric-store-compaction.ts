import { describe, expect } from '@jest/globals';
import type { Sample } from '../../core/sample.js';
import type { Test } from '../support/conformance.js';
import type { HeldStore } from '../support/held-store.js';
import { CPU, HITS, forecastRun, readRow, sample } from '../support/series.js';
import { noteAt, scoreAt } from '../support/stored.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What is left of a store's data as it grows old. */
export function describeCompaction(held: HeldStore, it: Test): void {
  describe('compaction', () => {
    /** The beginning of a day that is past its raw retention. */
    function oldDay(): number {
      return held.nowMs - held.world.rawRetentionMs - 2 * DAY;
    }

    function oldSamples(): Sample[] {
      const perStep = [0, 0.25, 0.5, 0.75].map((share) => share * held.world.rollupMs);
      return Array.from({ length: 12 }, (_, step) =>
        perStep.map((ms, at) =>
          sample(CPU, oldDay() + step * held.world.rollupMs + ms, 4 * step + at),
        ),
      ).flat();
    }

    function readOld(): Promise<(number | null)[]> {
      return readRow(held.store, CPU, {
        startMs: oldDay(),
        stepMs: 2 * held.world.rollupMs,
        steps: 7,
      });
    }

    const MEANS = [3.5, 11.5, 19.5, 27.5, 35.5, 43.5, null];

    it('leaves the means as they were, however often it is done', async () => {
      await held.store.writeSamples(oldSamples());
      expect(await readOld()).toEqual(MEANS);
      await held.store.compact(held.nowMs);
      expect(await readOld()).toEqual(MEANS);
      await held.store.compact(held.nowMs);
      expect(await readOld()).toEqual(MEANS);
      expect(await held.store.listSeries(oldDay())).toEqual([CPU]);
    });

    it('lets old samples be written again, and nothing changes', async () => {
      await held.store.writeSamples(oldSamples());
      await held.store.compact(held.nowMs);
      await held.store.writeSamples(oldSamples());
      expect(await readOld()).toEqual(MEANS);
      await held.store.compact(held.nowMs);
      expect(await readOld()).toEqual(MEANS);
    });

    it('lets samples that come even later fill gaps, of known and of new series', async () => {
      await held.store.writeSamples(oldSamples());
      await held.store.compact(held.nowMs);
      await held.store.writeSamples([
        sample(CPU, oldDay() + 12 * held.world.rollupMs, 7),
        sample(HITS, oldDay(), 9),
      ]);
      const grid = { startMs: oldDay(), stepMs: 2 * held.world.rollupMs, steps: 1 };
      for (let times = 0; times < 2; times++) {
        expect(await readOld()).toEqual([...MEANS.slice(0, 6), 7]);
        expect(await readRow(held.store, HITS, grid)).toEqual([9]);
        await held.store.compact(held.nowMs);
      }
      expect(await held.store.listSeries(oldDay())).toEqual([HITS, CPU]);
    });

    it('keeps samples as they came until their raw retention is over', async () => {
      const startMs = held.nowMs - held.world.rawRetentionMs + HOUR;
      await held.store.writeSamples(
        [0, 1, 2, 3].map((at) => sample(CPU, startMs + at * SECOND, at)),
      );
      await held.store.compact(held.nowMs);
      const row = await readRow(held.store, CPU, { startMs, stepMs: SECOND, steps: 4 });
      expect(row).toEqual([0, 1, 2, 3]);
    });

    it('repeats a mean over the steps that it stands for', async () => {
      await held.store.writeSamples(oldSamples());
      await held.store.compact(held.nowMs);
      const stepMs = held.world.rollupMs / 2;
      const row = await readRow(held.store, CPU, { startMs: oldDay(), stepMs, steps: 4 });
      expect(row).toEqual([1.5, 1.5, 5.5, 5.5]);
    });

    it('drops everything in the end', async () => {
      const oldMs =
        held.nowMs -
        Math.max(held.world.rollupRetentionMs, held.world.forecastRetentionMs) -
        2 * DAY;
      await held.store.writeSamples([sample(CPU, oldMs, 1)]);
      await held.store.writeForecast(forecastRun([CPU], { startMs: oldMs }));
      await held.store.writeScores([scoreAt(oldMs)]);
      await held.store.writeEvent(noteAt(oldMs, 'long ago'));
      await held.store.writeSamples([sample(HITS, held.nowMs - HOUR, 1)]);
      await held.store.writeScores([scoreAt(held.nowMs - HOUR)]);
      await held.store.writeEvent(noteAt(held.nowMs - HOUR, 'just now'));
      await held.store.compact(held.nowMs);
      expect(await held.store.listSeries(0)).toEqual([HITS]);
      const said = { series: CPU, leadMs: 300_000, fromMs: 0, toMs: held.nowMs };
      expect(await held.store.readSaid(said)).toEqual([]);
      expect(await held.store.readScores(0, held.nowMs)).toEqual([scoreAt(held.nowMs - HOUR)]);
      expect(await held.store.readEvents(0, held.nowMs)).toEqual([
        noteAt(held.nowMs - HOUR, 'just now'),
      ]);
    });
  });
}
