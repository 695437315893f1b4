import { describe, expect } from '@jest/globals';
import { SeededRng, integerBelow, pick } from '../../core/rng.js';
import type { Sample } from '../../core/sample.js';
import type { Test } from '../support/conformance.js';
import type { HeldStore } from '../support/held-store.js';
import { MESSY, PlainSamples, messyBatches } from '../support/plain-samples.js';
import { CPU, HITS, readRow, resourceSeries, sample, serverSeries } from '../support/series.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What was measured, as it is read: in panels and in the list of series. */
export function describeSamples(held: HeldStore, it: Test): void {
  describe('a panel', () => {
    it('has the series that were asked for, in their order, with gaps where nothing is', async () => {
      const startMs = held.nowMs - HOUR;
      await held.store.writeSamples([
        sample(CPU, startMs, 1),
        sample(CPU, startMs + 2 * MINUTE, 3),
        sample(HITS, startMs + MINUTE, 5),
      ]);
      const unknown = serverSeries('nobody');
      const series = [HITS, unknown, CPU, HITS];
      const panel = await held.store.readPanel({ series, startMs, stepMs: MINUTE, steps: 3 });
      expect(panel.series).toEqual(series);
      expect(panel.grid).toEqual({ startMs, stepMs: MINUTE, steps: 3 });
      expect([...panel.values]).toEqual([NaN, 5, NaN, NaN, NaN, NaN, 1, NaN, 3, NaN, 5, NaN]);
    });

    it('has the mean of the samples of each step, its first moment included and its last not', async () => {
      const startMs = held.nowMs - HOUR;
      await held.store.writeSamples([
        sample(CPU, startMs - 1, 1000),
        sample(CPU, startMs, 1),
        sample(CPU, startMs + 30 * SECOND, 2),
        sample(CPU, startMs + MINUTE - 1, 6),
        sample(CPU, startMs + MINUTE, 10),
        sample(CPU, startMs + 2 * MINUTE, 1000),
      ]);
      expect(await readRow(held.store, CPU, { startMs, stepMs: MINUTE, steps: 2 })).toEqual([
        3, 10,
      ]);
    });

    it('has steps of a tenth of a second', async () => {
      const startMs = held.nowMs - MINUTE;
      await held.store.writeSamples([
        sample(CPU, startMs + 100, 1),
        sample(CPU, startMs + 150, 2),
        sample(CPU, startMs + 300, 4),
      ]);
      const row = await readRow(held.store, CPU, { startMs, stepMs: 100, steps: 4 });
      expect(row).toEqual([null, 1.5, null, 4]);
    });

    it('goes on over midnight, also within a step', async () => {
      await held.store.writeSamples([
        sample(CPU, held.nowMs - DAY - 2 * MINUTE, 1),
        sample(CPU, held.nowMs - DAY - MINUTE, 2),
        sample(CPU, held.nowMs - DAY + MINUTE, 4),
        sample(CPU, held.nowMs - DAY + 4 * MINUTE, 8),
      ]);
      const startMs = held.nowMs - DAY - 5 * MINUTE;
      expect(await readRow(held.store, CPU, { startMs, stepMs: 3 * MINUTE, steps: 4 })).toEqual([
        null,
        1.5,
        4,
        8,
      ]);
      expect(await readRow(held.store, CPU, { startMs, stepMs: 7 * MINUTE, steps: 1 })).toEqual(
        [7 / 3].map(Math.fround),
      );
    });

    it('has what was just written', async () => {
      const startMs = held.nowMs - HOUR;
      for (let at = 0; at < 5; at++) {
        await held.store.writeSamples([sample(CPU, startMs + at * MINUTE, at)]);
        const row = await readRow(held.store, CPU, { startMs, stepMs: MINUTE, steps: 5 });
        expect(row[at]).toBe(at);
      }
    });

    it('is refused if it is too large', async () => {
      const query = { series: [CPU], startMs: 0, stepMs: 1, steps: 2 ** 40 };
      await expect(held.store.readPanel(query)).rejects.toMatchObject({
        code: 'ERR_LIMIT_REACHED',
      });
    });
  });

  describe('samples', () => {
    it('may be written again, and nothing changes', async () => {
      const startMs = held.nowMs - HOUR;
      const first = [sample(CPU, startMs, 1), sample(CPU, startMs + SECOND, 5)];
      await held.store.writeSamples(first);
      await held.store.writeSamples(first);
      await held.store.writeSamples([sample(CPU, startMs + 2 * SECOND, 6)]);
      await held.store.writeSamples(first.slice(0, 1));
      expect(await readRow(held.store, CPU, { startMs, stepMs: MINUTE, steps: 1 })).toEqual([4]);
    });

    it('count as last written if two have one time', async () => {
      const startMs = held.nowMs - HOUR;
      await held.store.writeSamples([sample(CPU, startMs, 1)]);
      await held.store.writeSamples([sample(CPU, startMs, 2), sample(CPU, startMs + SECOND, 8)]);
      expect(await readRow(held.store, CPU, { startMs, stepMs: MINUTE, steps: 1 })).toEqual([5]);
      await held.store.writeSamples([sample(CPU, startMs, 1), sample(CPU, startMs, 4)]);
      expect(await readRow(held.store, CPU, { startMs, stepMs: MINUTE, steps: 1 })).toEqual([6]);
    });

    for (const seed of [1, 2, 3]) {
      it(`may come in any order, in any batches, more than once (seed ${seed})`, async () => {
        const rng = new SeededRng(seed);
        const model = new PlainSamples();
        const spanMs = Math.min(held.world.rawRetentionMs, 2 * DAY) - HOUR;
        for (const batch of messyBatches(rng, { startMs: held.nowMs - spanMs, spanMs })) {
          await held.store.writeSamples(batch);
          model.write(batch);
        }
        for (let reading = 0; reading < 10; reading++) {
          const grid = {
            startMs: held.nowMs - integerBelow(rng, spanMs),
            stepMs: pick(rng, [SECOND, 7 * MINUTE, 5 * MINUTE, 90 * MINUTE]),
            steps: 1 + integerBelow(rng, 60),
          };
          const panel = await held.store.readPanel({ series: MESSY, ...grid });
          expectClose(panel.values, model.means(MESSY, grid));
        }
      });
    }

    it('of weeks of history may come one series after the other', async () => {
      const days = Math.min(21, Math.floor(held.world.rollupRetentionMs / DAY) - 1);
      const series = [CPU, HITS, resourceSeries('vol-8')];
      const startMs = held.nowMs - days * DAY;
      const steps = (days * DAY) / HOUR;
      for (const [at, key] of series.entries()) {
        const samples = Array.from({ length: steps }, (_, step) =>
          sample(key, startMs + step * HOUR, at * 1000 + step),
        );
        await held.store.writeSamples(samples);
      }
      const panel = await held.store.readPanel({ series, startMs, stepMs: HOUR, steps });
      expect([...panel.values]).toEqual(
        series.flatMap((_key, at) => Array.from({ length: steps }, (_, step) => at * 1000 + step)),
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
        const startMs = held.nowMs - HOUR;
        const batch = [sample(CPU, startMs, 1), { ...sample(CPU, startMs + MINUTE, 1), ...wrong }];
        await expect(held.store.writeSamples(batch)).rejects.toMatchObject({
          code: 'ERR_SAMPLE_INVALID',
        });
        expect(await readRow(held.store, CPU, { startMs, stepMs: MINUTE, steps: 2 })).toEqual([
          null,
          null,
        ]);
      });
    }
  });

  describe('the list of series', () => {
    it('has those with samples since then, sorted', async () => {
      const names = ['vol-b', 'vol-a', 'a:b.c_d-1'].map((name) => resourceSeries(name));
      await held.store.writeSamples([
        sample(names[0]!, held.nowMs - HOUR, 1),
        sample(names[1]!, held.nowMs - HOUR, 1),
        sample(names[2]!, held.nowMs - 2 * HOUR, 1),
        sample(CPU, held.nowMs - DAY - HOUR, 1),
      ]);
      expect(await held.store.listSeries(held.nowMs - HOUR)).toEqual([names[1], names[0]]);
      expect(await held.store.listSeries(held.nowMs - HOUR + 1)).toEqual([]);
      expect(await held.store.listSeries(held.nowMs - 2 * DAY)).toEqual([
        names[2],
        names[1],
        names[0],
        CPU,
      ]);
    });

    it('is empty at first', async () => {
      expect(await held.store.listSeries(0)).toEqual([]);
    });
  });
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
