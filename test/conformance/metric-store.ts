import { afterEach, beforeEach, describe, expect } from '@jest/globals';
import type { LeftOut } from '../support/conformance.js';
import { suiteTest } from '../support/conformance.js';
import type { MetricStoreWorld } from '../support/held-store.js';
import { HeldStore } from '../support/held-store.js';
import { CPU, HITS, forecastRun, readRow, sample } from '../support/series.js';
import { eventsOfEachKind, scoreAt } from '../support/stored.js';
import { describeCompaction } from './metric-store-compaction.js';
import { describeSaid } from './metric-store-said.js';
import { describeSamples } from './metric-store-samples.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** What every metric store must do; each engine's test calls this. */
export function describeMetricStore(
  name: string,
  make: () => Promise<MetricStoreWorld>,
  leftOut: readonly LeftOut[] = [],
): void {
  describe(name, () => {
    const it = suiteTest(leftOut);
    const held = new HeldStore();
    beforeEach(async () => {
      held.open(await make());
    });
    afterEach(() => held.close());

    describeSamples(held, it);
    describeCompaction(held, it);
    describeSaid(held, it);

    it('has everything after it was closed and opened again', async () => {
      const startMs = held.nowMs - HOUR;
      const run = { ...forecastRun([CPU, HITS], { startMs }), stepsKnown: 2016 };
      const events = eventsOfEachKind(startMs);
      await held.store.writeSamples([sample(CPU, startMs, 3), sample(HITS, startMs + MINUTE, 4)]);
      await held.store.writeForecast(run);
      await held.store.writeScores([scoreAt(startMs)]);
      for (const event of events) await held.store.writeEvent(event);
      await held.reopen();
      expect(await readRow(held.store, CPU, { startMs, stepMs: MINUTE, steps: 2 })).toEqual([
        3,
        null,
      ]);
      expect(await held.store.listSeries(startMs)).toEqual([HITS, CPU]);
      expect(await held.store.latestForecast()).toEqual(run);
      const query = { series: CPU, leadMs: 5 * MINUTE, fromMs: startMs, toMs: held.nowMs };
      expect(await held.store.readSaid(query)).toHaveLength(1);
      expect(await held.store.readScores(0, held.nowMs)).toEqual([scoreAt(startMs)]);
      expect(await held.store.readEvents(0, held.nowMs)).toEqual(events);
      await held.store.writeSamples([sample(CPU, startMs + MINUTE, 5), sample(CPU, startMs, 3)]);
      await held.reopen();
      expect(await readRow(held.store, CPU, { startMs, stepMs: MINUTE, steps: 2 })).toEqual([3, 5]);
    });
  });
}
