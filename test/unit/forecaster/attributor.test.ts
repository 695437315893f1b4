import { describe, expect, it } from '@jest/globals';
import { MemoryMetricStore } from '../../../core/metric-store/memory.js';
import type { Grid } from '../../../core/panel.js';
import { SeededRng } from '../../../core/rng.js';
import { Draft } from '../../../core/table-store/draft.js';
import { SERVER } from '../../../core/table-store/records/server.js';
import { CpuAttributor } from '../../../forecaster/attributor.js';
import { Attribution } from '../../../models/attribution.js';
import { ControlPlane } from '../../support/control-plane.js';
import { s } from '../../support/names.js';
import { readRow, resourceSeries, sample, serverSeries } from '../../support/series.js';

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

describe('attributed cpu', () => {
  it('gives each resource what its hits cost', async () => {
    const { plane, metricStore, grid } = await measured();
    await new CpuAttributor(metricStore).attribute(grid, plane.view);
    const hits = await readRow(metricStore, resourceSeries('b', 'hits'), grid);
    const cpu = await readRow(metricStore, resourceSeries('b', 'cpu'), grid);
    const perHit = cpu.map((value, step) => (value ?? NaN) / (hits[step] ?? NaN));
    for (const value of perHit) expect(value).toBeCloseTo(0.005, 3);
  });

  it('learns from both servers of one that moved', async () => {
    const { plane, metricStore, grid } = await measured({ moveAt: 30 });
    await new CpuAttributor(metricStore).attribute(grid, plane.view);
    const hits = await readRow(metricStore, resourceSeries('a', 'hits'), grid);
    const cpu = await readRow(metricStore, resourceSeries('a', 'cpu'), grid);
    expect((cpu[40] ?? NaN) / (hits[40] ?? NaN)).toBeCloseTo(0.001, 3);
  });

  it('forgets a server that is gone, and no other', async () => {
    const { plane, metricStore, grid } = await measured({ moveAt: 30 });
    const attribution = new Attribution();
    const attributor = new CpuAttributor(metricStore, attribution);
    await attributor.attribute(grid, plane.view);
    const servers = () => [...attribution.solve().idle.keys()];
    expect(servers()).toEqual(['s1', 's2']);
    await plane.applied([plane.move('b', 's1')], plane.clock.realtimeMs());
    await plane.write(new Draft().remove(SERVER, s('s2')));
    await attributor.attribute(grid, plane.view);
    expect(servers()).toEqual(['s1']);
  });

  it('leaves alone what is measured', async () => {
    const { plane, metricStore, grid } = await measured();
    await metricStore.writeSamples([sample(resourceSeries('b', 'cpu'), grid.startMs, 42)]);
    await new CpuAttributor(metricStore).attribute(grid, plane.view);
    expect((await readRow(metricStore, resourceSeries('b', 'cpu'), grid))[0]).toBe(42);
  });

  it('says nothing of a step in which the hits are missing', async () => {
    const { plane, metricStore, grid } = await measured({ steps: 30 });
    const longer = { ...grid, steps: 31 };
    await new CpuAttributor(metricStore).attribute(longer, plane.view);
    expect((await readRow(metricStore, resourceSeries('b', 'cpu'), longer))[30]).toBeNull();
  });
});
