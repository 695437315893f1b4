import { describe, expect, it } from '@jest/globals';
import { Coverage } from '../../../../api/views/coverage.js';
import { MemoryMetricStore } from '../../../../core/metric-store/memory.js';
import type { Score } from '../../../../core/metric-store/port.js';
import { forecastRun, resourceSeries } from '../../../support/series.js';

const HITS = resourceSeries('vol-1');
const MADE_AT_MS = 1_000_000;

class CountingStore extends MemoryMetricStore {
  reads = 0;

  override readScores(fromMs: number, toMs: number): Promise<readonly Score[]> {
    this.reads += 1;
    return super.readScores(fromMs, toMs);
  }
}

function scores(count: number, inBand: (at: number) => 0 | 1): Score[] {
  return Array.from({ length: count }, (_, at) => ({
    series: HITS,
    timeMs: MADE_AT_MS - 1000 * (at + 1),
    leadMs: 1000,
    inBand: inBand(at),
    absoluteError: 0,
    pinball: 0,
  }));
}

describe('coverage', () => {
  it('is the share of steps within the band, read once a forecast', async () => {
    const store = new CountingStore();
    const coverage = new Coverage(store);
    await store.writeScores(scores(40, (at) => (at % 4 === 0 ? 0 : 1)));
    const run = forecastRun([HITS], { startMs: MADE_AT_MS });
    expect(await coverage.before(run, 60_000)).toBe(0.75);
    expect(await coverage.before(run, 60_000)).toBe(0.75);
    expect(store.reads).toBe(1);
    await store.writeScores(scores(40, () => 1));
    const next = forecastRun([HITS], { startMs: MADE_AT_MS, madeAtMs: MADE_AT_MS + 1 });
    expect(await coverage.before(next, 60_000)).toBe(1);
    expect(store.reads).toBe(2);
  });

  it('is not told of few steps', async () => {
    const store = new MemoryMetricStore();
    await store.writeScores(scores(19, () => 1));
    const run = forecastRun([HITS], { startMs: MADE_AT_MS });
    expect(await new Coverage(store).before(run, 60_000)).toBeNull();
  });
});
