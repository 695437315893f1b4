import { describe, expect, it } from '@jest/globals';
import type { Metric, SeriesKey } from '../../../../core/sample.js';
import { MemoryMetricStore } from '../../../../core/metric-store/memory.js';
import type { RecentLoads } from '../../../../core/metric-store/recent.js';
import {
  overallOf,
  readRecent,
  readRecentInTurns,
  sharesInUse,
} from '../../../../core/metric-store/recent.js';
import { ControlPlane } from '../../../support/control-plane.js';
import { s } from '../../../support/names.js';
import { resourceSeries, sample, serverSeries } from '../../../support/series.js';

const STEP_MS = 1000;
const STEPS = 12;

/** A server whose system takes 0.5 cores, with resources of 1 and 2 cores; `b` leaves it after step 3. */
async function recentLoads({ noise = 0 } = {}): Promise<RecentLoads> {
  const plane = await ControlPlane.with(['s1', 's2'], { a: 's1@1.5', b: 's1@1.6', c: 's2@1.7' });
  const metricStore = new MemoryMetricStore();
  const startMs = plane.clock.realtimeMs() + STEP_MS;
  const movedMs = startMs + 3.5 * STEP_MS;
  for (let step = 0; step < STEPS; step++) {
    const timeMs = startMs + step * STEP_MS;
    const burst = step % 2 === 0 ? noise : 0;
    const put = (series: SeriesKey, value: number) =>
      metricStore.writeSamples([sample(series, timeMs, value)]);
    await put(resourceSeries('a', 'cpu'), 1);
    await put(resourceSeries('b', 'cpu'), 2);
    await put(serverSeries('s1', 'cpu'), (timeMs < movedMs ? 3.5 : 1.5) + burst);
    await put(serverSeries('s2', 'network'), 7);
  }
  await plane.applied([plane.move('b', 's2')], movedMs);
  const nowMs = startMs + STEPS * STEP_MS;
  return readRecent(metricStore, plane.view, { nowMs, stepMs: STEP_MS, steps: STEPS });
}

const base = (loads: RecentLoads, server: string, metric: Metric) =>
  loads.baseOf(s(server), metric as 'cpu');

describe('recent loads', () => {
  it('tell what a server carries besides those that it had at each time', async () => {
    expect(base(await recentLoads(), 's1', 'cpu')).toBeCloseTo(0.5);
  });

  it('do not take a burst for the system', async () => {
    expect(base(await recentLoads({ noise: 2 }), 's1', 'cpu')).toBeCloseTo(0.5);
  });

  it('know nothing of a server whose resources are not measured in the dimension', async () => {
    expect(base(await recentLoads(), 's2', 'network')).toBe(0);
    expect(base(await recentLoads(), 's2', 'cpu')).toBe(0);
  });

  it('have the last value, NaN where there is none', async () => {
    const loads = await recentLoads();
    expect(loads.lastOf(serverSeries('s1', 'cpu'))).toBeCloseTo(1.5);
    expect(loads.lastOf(resourceSeries('c', 'cpu'))).toBeNaN();
  });

  it('are shares of a capacity where it is bounded and measured, the largest of them overall', async () => {
    const loads = await recentLoads();
    expect(sharesInUse(loads, s('s1'), { cpu: 3, memory: 1 })).toEqual({ cpu: 0.5 });
    expect(sharesInUse(loads, s('s2'), { cpu: 3 })).toEqual({});
    expect(overallOf({ cpu: 0.5, network: 0.7 })).toBe(0.7);
    expect(overallOf({})).toBeUndefined();
  });

  it('are the same when they are read in several turns', async () => {
    const names = Array.from({ length: 1000 }, (_hole, at) => `r${at}`);
    const served = Object.fromEntries(names.map((name) => [name, 's1@1.5']));
    const plane = await ControlPlane.with(['s1'], served);
    const metricStore = new MemoryMetricStore();
    const startMs = plane.clock.realtimeMs() + STEP_MS;
    const measured = names.flatMap((name) => [
      resourceSeries(name, 'cpu'),
      resourceSeries(name, 'latency'),
    ]);
    await metricStore.writeSamples(measured.map((series, at) => sample(series, startMs, at + 1)));
    const window = { nowMs: startMs + STEPS * STEP_MS, stepMs: STEP_MS, steps: STEPS };
    const loads = await readRecentInTurns(metricStore, plane.view, window);
    expect(measured.map((series) => loads.lastOf(series))).toEqual(measured.map((_, at) => at + 1));
  });
});
