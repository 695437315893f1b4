import { describe, expect, it } from '@jest/globals';
import { MemoryMetricStore } from '../../../core/metric-store/memory.js';
import type { SeriesKey } from '../../../core/sample.js';
import { formatSeries } from '../../../core/sample.js';
import { tenuresOf } from '../../../core/table-store/tenures.js';
import { BreachTally } from '../../../forecaster/breach-tally.js';
import { ScoreTally } from '../../../forecaster/score-tally.js';
import { scoreWhatWasSaid } from '../../../forecaster/scoring.js';
import { ControlPlane } from '../../support/control-plane.js';
import { forecastRun, resourceSeries, sample, serverSeries } from '../../support/series.js';

const STEP_MS = 1000;
const SERIES = [resourceSeries('a', 'cpu'), serverSeries('s1', 'cpu')];

/** What was said of steps 1 to 6 at the start, and what came: the same, for both. */
async function scored({ moveAtStep = NaN, measured = [1, 2, 3, 4, 5, 6] } = {}) {
  const plane = await ControlPlane.with(['s1', 's2'], { a: 's2@1.5', b: 's1@1.6' });
  const startMs = Math.ceil(plane.clock.realtimeMs() / STEP_MS) * STEP_MS + STEP_MS;
  const run = forecastRun(SERIES, { startMs, stepMs: STEP_MS, steps: 6, leads: [1, 6] });
  const metricStore = new MemoryMetricStore();
  await metricStore.writeForecast(run);
  for (const step of measured) {
    const timeMs = startMs + (step - 1) * STEP_MS;
    for (const [row, series] of SERIES.entries()) {
      await metricStore.writeSamples([sample(series, timeMs, 100 + 10 * row + step - 1)]);
    }
  }
  if (Number.isFinite(moveAtStep)) {
    await plane.applied([plane.move('b', 's2')], startMs + moveAtStep * STEP_MS);
  }
  const grid = { startMs, stepMs: STEP_MS, steps: 6 };
  const [tally, breaches] = [new ScoreTally(), new BreachTally({ windowMs: 86_400_000 })];
  const tenures = tenuresOf(plane.view);
  await scoreWhatWasSaid(run, grid, { metricStore, tenures, tally, breaches });
  const scores = await metricStore.readScores(startMs, startMs + 6 * STEP_MS);
  const names = (series: readonly SeriesKey[]) => new Set(series.map(formatSeries));
  const count = (leadMs: number, series: readonly SeriesKey[] = SERIES) =>
    scores.filter(
      (score) => score.leadMs === leadMs && names(series).has(formatSeries(score.series)),
    ).length;
  return { count };
}

describe('what was said', () => {
  it('is scored at each lead that is kept', async () => {
    const { count } = await scored();
    expect(count(1 * STEP_MS)).toBe(2);
    expect(count(6 * STEP_MS)).toBe(2);
  });

  it('is not scored where nothing was measured', async () => {
    const { count } = await scored({ measured: [1, 2, 3] });
    expect(count(6 * STEP_MS)).toBe(0);
  });

  it('is no error of the forecast where the server has changed since', async () => {
    const { count } = await scored({ moveAtStep: 3.5 });
    expect(count(6 * STEP_MS, SERIES.slice(0, 1))).toBe(1);
    expect(count(6 * STEP_MS, SERIES.slice(1))).toBe(0);
    expect(count(1 * STEP_MS, SERIES.slice(1))).toBe(1);
  });

  it('is read of all series together where it is little, of some after the others where it is much', async () => {
    const plane = await ControlPlane.with(['s1'], { a: 's1@1.5' });
    const startMs = Math.ceil(plane.clock.realtimeMs() / STEP_MS) * STEP_MS;
    const series = Array.from({ length: 100 }, (_, at) => resourceSeries(`r${at}`, 'cpu'));
    const run = forecastRun(series, { startMs, stepMs: STEP_MS, steps: 6, leads: [1, 6] });
    const metricStore = new MemoryMetricStore();
    await metricStore.writeForecast(run);
    await metricStore.writeSamples(series.map((key) => sample(key, startMs, 100)));
    const read: number[] = [];
    const readSaid = metricStore.readSaidOfMany.bind(metricStore);
    metricStore.readSaidOfMany = (query) => {
      read.push(query.series.length);
      return readSaid(query);
    };
    const [tally, breaches] = [new ScoreTally(), new BreachTally({ windowMs: 86_400_000 })];
    const parts = { metricStore, tenures: tenuresOf(plane.view), tally, breaches };
    await scoreWhatWasSaid(run, { startMs, stepMs: STEP_MS, steps: 1 }, parts);
    expect(read).toEqual([100]);
    const scores = await metricStore.readScores(startMs, startMs + STEP_MS);
    expect(new Set(scores.map(({ series: key }) => formatSeries(key))).size).toBe(100);
    await scoreWhatWasSaid(run, { startMs, stepMs: STEP_MS, steps: 2000 }, parts);
    expect(read.slice(1)).toEqual([25, 25, 25, 25]);
  });

  it('is tallied of how full servers are, against who says that all stays as it is', async () => {
    const plane = await ControlPlane.with(['s1'], { a: 's1@1.5' });
    const startMs = Math.ceil(plane.clock.realtimeMs() / STEP_MS) * STEP_MS + 10 * STEP_MS;
    const series = [serverSeries('s1', 'cpu'), serverSeries('s1', 'utilization')];
    const run = forecastRun(series, { startMs, stepMs: STEP_MS, steps: 6, leads: [1, 6] });
    const metricStore = new MemoryMetricStore();
    await metricStore.writeForecast(run);
    // It rises by 2 a step, and is 111 in the first that is scored: as was said.
    for (let step = -6; step < 6; step++) {
      for (const key of series) {
        const value = sample(key, startMs + step * STEP_MS, 111 + 2 * step);
        await metricStore.writeSamples([value]);
      }
    }
    const [tally, breaches] = [new ScoreTally(), new BreachTally({ windowMs: 86_400_000 })];
    const tenures = tenuresOf(plane.view);
    const parts = { metricStore, tenures, tally, breaches };
    await scoreWhatWasSaid(run, { startMs, stepMs: STEP_MS, steps: 6 }, parts);
    const [near, far] = tally.sums;
    expect(near).toMatchObject({ leadMs: STEP_MS, count: 1, naivePinball: 2 });
    expect(far).toMatchObject({ leadMs: 6 * STEP_MS, count: 1, naivePinball: 12 });
    expect(near?.pinball).toBeLessThan(2);
    // All of it is above 1, and both what came and what was said.
    expect(breaches.score()).toMatchObject({ called: 1, missed: 0, false: 0, answered: 0 });
  });
});
