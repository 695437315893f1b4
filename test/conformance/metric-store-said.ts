import { describe, expect } from '@jest/globals';
import type { StoredEvent } from '../../core/metric-store/port.js';
import type { Test } from '../support/conformance.js';
import type { HeldStore } from '../support/held-store.js';
import { s } from '../support/names.js';
import { CPU, HITS, forecastRun } from '../support/series.js';
import { eventsOfEachKind, noteAt, scoreAt } from '../support/stored.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** What Foreshift itself said: forecasts, how good they were, and what happened. */
export function describeSaid(held: HeldStore, it: Test): void {
  describe('a forecast', () => {
    it('is absent at first, and then the one that was made last', async () => {
      expect(await held.store.latestForecast()).toBeUndefined();
      const first = forecastRun([CPU, HITS], { startMs: held.nowMs - HOUR });
      const second = forecastRun([HITS], { startMs: held.nowMs, base: 500 });
      await held.store.writeForecast(first);
      expect(await held.store.latestForecast()).toEqual(first);
      await held.store.writeForecast(second);
      expect(await held.store.latestForecast()).toEqual(second);
      await held.store.writeForecast(first);
      expect(await held.store.latestForecast()).toEqual(second);
    });

    it('gives way to the next one if it was made while a clock was ahead', async () => {
      const nowMs = Math.floor(held.world.clock.realtimeMs());
      const rounds = [0, 1, 2].map((round) => round * 5 * MINUTE);
      const before = forecastRun([CPU], { startMs: nowMs - HOUR, base: 1 });
      await held.store.writeForecast(before);
      for (const ms of rounds) {
        const ahead = forecastRun([CPU], { startMs: nowMs + 7 * DAY + ms, base: 2 });
        await held.store.writeForecast(ahead);
        expect(await held.store.latestForecast()).toEqual(ahead);
      }
      for (const ms of rounds) {
        const right = forecastRun([CPU], { startMs: nowMs - 20 * MINUTE + ms, base: 3 });
        await held.store.writeForecast(right);
        expect(await held.store.latestForecast()).toEqual(right);
        await held.store.writeForecast(before);
        expect(await held.store.latestForecast()).toEqual(right);
      }
    });

    it('stays the latest if its clock was ahead by less than a step', async () => {
      const nowMs = Math.floor(held.world.clock.realtimeMs());
      const first = forecastRun([CPU], { startMs: nowMs - MINUTE });
      const second = forecastRun([CPU], { startMs: nowMs + 4 * MINUTE, base: 500 });
      for (const run of [second, first]) await held.store.writeForecast(run);
      expect(await held.store.latestForecast()).toEqual(second);
    });

    it('is kept, at its leads, as what was said', async () => {
      const startMs = held.nowMs - HOUR;
      const stepMs = 5 * MINUTE;
      for (let round = 0; round < 3; round++) {
        const run = forecastRun([CPU, HITS], {
          startMs: startMs + round * stepMs,
          base: 100 * round,
        });
        await held.store.writeForecast(run);
      }
      const range = { fromMs: startMs, toMs: held.nowMs };
      expect(await held.store.readSaid({ series: HITS, leadMs: stepMs, ...range })).toEqual([
        { timeMs: startMs, p10: 9.75, p50: 10, p90: 10.5 },
        { timeMs: startMs + stepMs, p10: 109.75, p50: 110, p90: 110.5 },
        { timeMs: startMs + 2 * stepMs, p10: 209.75, p50: 210, p90: 210.5 },
      ]);
      expect(await held.store.readSaid({ series: CPU, leadMs: 6 * stepMs, ...range })).toEqual([
        { timeMs: startMs + 5 * stepMs, p10: 4.75, p50: 5, p90: 5.5 },
        { timeMs: startMs + 6 * stepMs, p10: 104.75, p50: 105, p90: 105.5 },
        { timeMs: startMs + 7 * stepMs, p10: 204.75, p50: 205, p90: 205.5 },
      ]);
      expect(await held.store.readSaid({ series: CPU, leadMs: 2 * stepMs, ...range })).toEqual([]);
    });

    it('is read of many series and leads at once as of each alone', async () => {
      const startMs = held.nowMs - HOUR;
      const stepMs = 5 * MINUTE;
      const unknown = { ...CPU, metric: 'memory' } as const;
      for (let round = 0; round < 3; round++) {
        const given = { startMs: startMs + round * stepMs, base: 100 * round };
        // Of another order, and of one series less: other layouts of rows.
        const series = round === 1 ? [HITS] : round === 0 ? [CPU, HITS] : [HITS, CPU];
        await held.store.writeForecast(forecastRun(series, given));
      }
      const range = { fromMs: startMs, toMs: startMs + 8 * stepMs };
      const series = [HITS, unknown, CPU];
      const leadsMs = [6, 2, 1].map((lead) => lead * stepMs);
      const alone = series.map((one) =>
        Promise.all(
          leadsMs.map((leadMs) => held.store.readSaid({ series: one, leadMs, ...range })),
        ),
      );
      const expected = await Promise.all(alone);
      expect(expected.map((said) => said.map(({ length }) => length))).toEqual([
        [3, 0, 3],
        [0, 0, 0],
        [2, 0, 2],
      ]);
      expect(await held.store.readSaidOfMany({ series, leadsMs, ...range })).toEqual(expected);
    });

    it('said for a step is read from the first moment of a range to before its last', async () => {
      const startMs = held.nowMs - HOUR;
      for (const offset of [0, 1, 2]) {
        await held.store.writeForecast(
          forecastRun([CPU], { startMs: startMs + offset * 5 * MINUTE }),
        );
      }
      const said = await held.store.readSaid({
        series: CPU,
        leadMs: 5 * MINUTE,
        fromMs: startMs + 5 * MINUTE,
        toMs: startMs + 10 * MINUTE,
      });
      expect(said.map(({ timeMs }) => timeMs)).toEqual([startMs + 5 * MINUTE]);
    });

    it('takes the place of what an earlier one said for the same step and lead', async () => {
      const startMs = held.nowMs - HOUR;
      const run = forecastRun([CPU], { startMs });
      const again = forecastRun([CPU], { startMs, base: 200, madeAtMs: startMs + 1 });
      for (const one of [run, again, again]) await held.store.writeForecast(one);
      const query = { series: CPU, leadMs: 5 * MINUTE, fromMs: startMs, toMs: held.nowMs };
      expect(await held.store.readSaid(query)).toEqual([
        { timeMs: startMs, p10: 199.75, p50: 200, p90: 200.5 },
      ]);
    });
  });

  describe('scores', () => {
    it('are read by time, each once, the later of two', async () => {
      const startMs = held.nowMs - 3 * DAY;
      const scores = [0, 1, 2, 3].map((at) => scoreAt(startMs + at * DAY, { pinball: at }));
      const other = scoreAt(startMs, { leadMs: HOUR, inBand: 0 });
      await held.store.writeScores([scores[2]!, scores[0]!, other]);
      await held.store.writeScores([scores[1]!, scores[3]!, scores[2]!]);
      await held.store.writeScores([scoreAt(startMs + DAY, { pinball: 9 })]);
      const read = await held.store.readScores(startMs, startMs + 3 * DAY);
      expect(read.map(({ timeMs }) => timeMs)).toEqual(
        [0, 0, 1, 2].map((day) => startMs + day * DAY),
      );
      expect(read).toHaveLength(4);
      expect(read).toEqual(expect.arrayContaining([scores[0], other, scores[2]]));
      expect(read[2]).toEqual(scoreAt(startMs + DAY, { pinball: 9 }));
    });

    it('are refused if one is not finite', async () => {
      const wrong = scoreAt(held.nowMs - HOUR, { absoluteError: NaN });
      await expect(
        held.store.writeScores([scoreAt(held.nowMs - HOUR), wrong]),
      ).rejects.toMatchObject({
        code: 'ERR_SAMPLE_INVALID',
      });
      expect(await held.store.readScores(0, held.nowMs)).toEqual([]);
    });
  });

  describe('events', () => {
    it('are read by time, whatever the order they came in, each once', async () => {
      const events = eventsOfEachKind(held.nowMs - 2 * DAY);
      for (const event of [...events].reverse()) await held.store.writeEvent(event);
      for (const event of events) await held.store.writeEvent(event);
      expect(await held.store.readEvents(0, held.nowMs)).toEqual(events);
      const second = events[1]!.timeMs;
      expect(await held.store.readEvents(second, second + 1)).toEqual([events[1]]);
      expect(await held.store.readEvents(0, second)).toEqual([events[0]]);
    });

    it('may say the same of different times', async () => {
      await held.store.writeEvent(noteAt(held.nowMs - 2, 'again'));
      await held.store.writeEvent(noteAt(held.nowMs - 1, 'again'));
      expect(await held.store.readEvents(0, held.nowMs)).toHaveLength(2);
    });

    it('are refused if they cannot be kept as they are', async () => {
      const event: StoredEvent = {
        kind: 'breach',
        timeMs: held.nowMs,
        server: s('s1'),
        dimension: 'cpu',
        utilization: NaN,
      };
      await expect(held.store.writeEvent(event)).rejects.toMatchObject({
        code: 'ERR_EVENT_INVALID',
      });
      await expect(held.store.writeEvent(noteAt(1e300, ''))).rejects.toMatchObject({
        code: 'ERR_EVENT_INVALID',
      });
      expect(await held.store.readEvents(0, held.nowMs + 1)).toEqual([]);
    });
  });
}
