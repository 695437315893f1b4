import { describe, expect, it } from '@jest/globals';
import { MemoryMetricStore } from '../../../core/metric-store/memory.js';
import { refuseSeries } from '../../../core/metric-store/refusals.js';
import type { Grid } from '../../../core/panel.js';
import { SeededRng } from '../../../core/rng.js';
import { Draft } from '../../../core/table-store/draft.js';
import { SERVER } from '../../../core/table-store/records/server.js';
import { CpuAttributor } from '../../../forecaster/attributor.js';
import { Attribution } from '../../../models/attribution.js';
import { ControlPlane } from '../../support/control-plane.js';
import { s } from '../../support/names.js';
import { readRow, resourceSeries, sample, serverSeries } from '../../support/series.js';
import { stepUntil } from '../../support/step-until.js';

const STEP_MS = 1000;

/** Two resources on one server: a hit of `a` costs 1 ms, one of `b` 5 ms; 0.2 cores go to the system. */
async function measured({ steps = 60, moveAt = Infinity } = {}) {
  const plane = await ControlPlane.with(['s1', 's2'], { a: 's1@1.5', b: 's1@1.6' });
  const metricStore = new MemoryMetricStore();
  const startMs = Math.ceil(plane.clock.realtimeMs() / STEP_MS) * STEP_MS;
  const rng = new SeededRng(7);
  for (let step = 0; step < steps; step++) {
    const timeMs = startMs + step * STEP_MS;
    const hits = { a: 100 + 200 * rng.next(), b: 20 + 60 * rng.next() };
    const cost = { a: 0.001 * hits.a, b: 0.005 * hits.b };
    const isMoved = step >= moveAt;
    const put = (series: Parameters<typeof sample>[0], value: number) =>
      metricStore.writeSamples([sample(series, timeMs, value)]);
    await put(resourceSeries('a', 'hits'), hits.a);
    await put(resourceSeries('b', 'hits'), hits.b);
    await put(resourceSeries('a', 'network'), 0);
    await put(resourceSeries('b', 'network'), 0);
    await put(serverSeries('s1', 'cpu'), 0.2 + cost.a + (isMoved ? 0 : cost.b));
    await put(serverSeries('s2', 'cpu'), 0.2 + (isMoved ? cost.b : 0));
  }
  if (moveAt < Infinity) {
    await plane.applied([plane.move('b', 's2')], startMs + moveAt * STEP_MS);
  }
  const grid: Grid = { startMs, stepMs: STEP_MS, steps };
  return { plane, metricStore, grid };
}

type Measured = Awaited<ReturnType<typeof measured>>;

function attribute({ plane, metricStore, grid }: Measured, other = grid): Promise<void> {
  const attributor = new CpuAttributor({ metricStore, clock: plane.clock });
  return stepUntil(plane.clock, attributor.attribute(other, plane.view));
}

describe('attributed cpu', () => {
  it('gives each resource what its hits cost', async () => {
    const world = await measured();
    const { metricStore, grid } = world;
    await attribute(world);
    const hits = await readRow(metricStore, resourceSeries('b', 'hits'), grid);
    const cpu = await readRow(metricStore, resourceSeries('b', 'cpu'), grid);
    const perHit = cpu.map((value, step) => (value ?? NaN) / (hits[step] ?? NaN));
    for (const value of perHit) expect(value).toBeCloseTo(0.005, 3);
  });

  it('learns from both servers of one that moved', async () => {
    const world = await measured({ moveAt: 30 });
    const { metricStore, grid } = world;
    await attribute(world);
    const hits = await readRow(metricStore, resourceSeries('a', 'hits'), grid);
    const cpu = await readRow(metricStore, resourceSeries('a', 'cpu'), grid);
    expect((cpu[40] ?? NaN) / (hits[40] ?? NaN)).toBeCloseTo(0.001, 3);
  });

  it('forgets a server that is gone, and no other', async () => {
    const { plane, metricStore, grid } = await measured({ moveAt: 30 });
    const attribution = new Attribution();
    const attributor = new CpuAttributor({ metricStore, clock: plane.clock }, attribution);
    const attributed = () => stepUntil(plane.clock, attributor.attribute(grid, plane.view));
    await attributed();
    const servers = () => [...attribution.solve().idle.keys()];
    expect(servers()).toEqual(['s1', 's2']);
    await plane.applied([plane.move('b', 's1')], plane.clock.realtimeMs());
    await plane.write(new Draft().remove(SERVER, s('s2')));
    await attributed();
    expect(servers()).toEqual(['s1']);
  });

  it('leaves alone what is measured', async () => {
    const world = await measured();
    const { metricStore, grid } = world;
    await metricStore.writeSamples([sample(resourceSeries('b', 'cpu'), grid.startMs, 42)]);
    await attribute(world);
    expect((await readRow(metricStore, resourceSeries('b', 'cpu'), grid))[0]).toBe(42);
  });

  it('says nothing of a step in which the hits are missing', async () => {
    const world = await measured({ steps: 30 });
    const { metricStore, grid } = world;
    const longer = { ...grid, steps: 31 };
    await attribute(world, longer);
    expect((await readRow(metricStore, resourceSeries('b', 'cpu'), longer))[30]).toBeNull();
  });

  it('goes on with what there is room for, and says at the end how much there was none for', async () => {
    const world = await measured({ steps: 600 });
    world.metricStore.writeSamples = () =>
      Promise.resolve().then(() => refuseSeries({ limit: 1, what: 'series', refused: 10 }));
    // A write for each 288 steps.
    await expect(attribute(world)).rejects.toMatchObject({ facts: { refused: 30 } });
  });

  it('writes the shares of a long gap of many resources in batches that any store takes', async () => {
    const names = Array.from({ length: 400 }, (_, at) => `r${at}`);
    const plane = await ControlPlane.with(
      ['s1'],
      Object.fromEntries(names.map((id) => [id, 's1@1.5'])),
    );
    const metricStore = new MemoryMetricStore();
    const startMs = Math.ceil(plane.clock.realtimeMs() / STEP_MS) * STEP_MS;
    const grid: Grid = { startMs, stepMs: STEP_MS, steps: 288 };
    const rng = new SeededRng(7);
    for (let step = 0; step < grid.steps; step++) {
      const timeMs = startMs + step * STEP_MS;
      const hits = names.map(() => 100 * rng.next());
      const cpu = hits.reduce((sum, each) => sum + 0.001 * each, 0.2);
      await metricStore.writeSamples([
        ...names.map((id, at) => sample(resourceSeries(id, 'hits'), timeMs, hits[at] ?? NaN)),
        ...names.map((id) => sample(resourceSeries(id, 'network'), timeMs, 0)),
        sample(serverSeries('s1', 'cpu'), timeMs, cpu),
      ]);
    }
    await attribute({ plane, metricStore, grid });
    const last = await readRow(metricStore, resourceSeries('r399', 'cpu'), grid);
    expect(last.filter((value) => value !== null)).toHaveLength(288);
  });
});
