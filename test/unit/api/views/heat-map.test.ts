import { beforeEach, describe, expect, it } from '@jest/globals';
import type { HeatMapWindow } from '../../../../api/views/heat-map.js';
import { HeatMaps } from '../../../../api/views/heat-map.js';
import { Memory } from '../../../../api/views/kept/memory.js';
import { MemoryMetricStore } from '../../../../core/metric-store/memory.js';
import { Draft } from '../../../../core/table-store/draft.js';
import { Eligibility } from '../../../../core/table-store/eligibility.js';
import { SERVER } from '../../../../core/table-store/records/server.js';
import { ControlPlane, SERVER_RECORD } from '../../../support/control-plane.js';
import { s } from '../../../support/names.js';
import { forecastRun, resourceSeries, sample, serverSeries } from '../../../support/series.js';

const STEP = 300_000;
const NOW = 1_700_000_100_000;
/** Of the last whole step. */
const END = Math.floor(NOW / STEP) * STEP;
const WINDOW = { nowMs: NOW, stepMs: STEP, metric: 'cpu', pastSteps: 4, columnsMax: 288 } as const;

let plane: ControlPlane;
let metricStore: MemoryMetricStore;

beforeEach(async () => {
  plane = await ControlPlane.with(['s1', 's2'], { a: 's1@1.5', b: 's2@1.6' });
  metricStore = new MemoryMetricStore();
});

const memoryParts = () => {
  const { view, clock } = plane;
  return { view, clock, metricStore, eligibility: new Eligibility(plane) };
};

const newMaps = () =>
  new HeatMaps({ view: plane.view, metricStore, memory: new Memory(memoryParts()) });
const map = async (given: Partial<HeatMapWindow> = {}) =>
  (await newMaps().of({ ...WINDOW, ...given })).toJSON();

describe('the heat map', () => {
  it('has what was as shares of the capacity, and holes where nobody measured', async () => {
    const cpu = serverSeries('s1');
    await metricStore.writeSamples([
      sample(cpu, END - 3 * STEP, 1),
      sample(cpu, END - 2 * STEP, 1.5),
      sample(cpu, END - 2 * STEP + 1000, 2.5),
      sample(cpu, END - STEP, 4.4),
    ]);
    const { servers, pastFromMs, columnMs } = await map();
    expect({ pastFromMs, columnMs }).toEqual({ pastFromMs: END - 4 * STEP, columnMs: STEP });
    expect(servers.map(({ id, past }) => [id, ...past])).toEqual([
      ['s1', null, 250, 500, 1100],
      ['s2', null, null, null, null],
    ]);
  });

  it('goes on where the past ends with what is to come, also of a forecast that is not fresh', async () => {
    const series = [serverSeries('s1')];
    await metricStore.writeForecast(
      forecastRun(series, { startMs: END - 2 * STEP, steps: 4, base: 1, leads: [1] }),
    );
    const { futureFromMs, servers } = await map();
    expect(futureFromMs).toBe(END);
    // P50 is 1 + step, P90 half more; two steps are over.
    expect(servers[0]).toMatchObject({ p50: [750, 1000], p90: [875, 1125] });
    expect(servers[1]).toMatchObject({ p50: [], p90: [] });
  });

  it('has no future if all of the forecast is over', async () => {
    const startMs = END - 9 * STEP;
    await metricStore.writeForecast(
      forecastRun([serverSeries('s1')], { startMs, steps: 4, leads: [1] }),
    );
    expect(await map()).toMatchObject({ futureFromMs: null, servers: [{ p90: [] }, { p90: [] }] });
  });

  it('takes several steps for a column where there are many, the highest of those to come', async () => {
    const cpu = serverSeries('s1');
    await metricStore.writeForecast(
      forecastRun([cpu], { startMs: END, steps: 5, base: 1, leads: [1] }),
    );
    await metricStore.writeSamples([sample(cpu, END - 2 * STEP, 1), sample(cpu, END - STEP, 3)]);
    const { columnMs, servers } = await map({ pastSteps: 24, columnsMax: 12 });
    expect(columnMs).toBe(2 * STEP);
    expect(servers[0]?.past.slice(-2)).toEqual([null, 500]);
    expect(servers[0]?.p50).toEqual([500, 1000, 1250]);
  });

  it('names the metrics that some server is bounded in, and has nothing of the others', async () => {
    expect((await map()).metrics).toEqual(['utilization', 'cpu']);
    const { servers } = await map({ metric: 'memory' });
    expect(servers[0]).toMatchObject({ past: [null, null, null, null], p50: [], p90: [] });
    await plane.write(
      new Draft().put(SERVER, s('s2'), { ...SERVER_RECORD, capacity: { memory: 100 } }),
    );
    expect((await map()).metrics).toEqual(['utilization', 'cpu', 'memory']);
  });

  it('names the resources that rise most, as shares of their servers', async () => {
    const series = [resourceSeries('a', 'cpu'), resourceSeries('b', 'cpu')];
    const run = forecastRun(series, { startMs: END, steps: 3, base: 1, leads: [1] });
    run.block.peaks[5] = 30;
    await metricStore.writeForecast(run);
    const { movers } = await map();
    expect(movers.map(({ resource, server, peak }) => [resource, server, peak])).toEqual([
      ['b', 's2', 7.5],
      ['a', 's1', 1.125],
    ]);
    expect((await map({ metric: 'memory' })).movers).toEqual([]);
  });

  it('is made anew only when something of it is another, and has its own moment all the same', async () => {
    const maps = newMaps();
    const cpu = serverSeries('s1');
    await metricStore.writeSamples([sample(cpu, END - 2 * STEP, 1)]);
    const first = await maps.of(WINDOW);
    const later = await maps.of({ ...WINDOW, nowMs: NOW + 3000 });
    expect(later.rest).toBe(first.rest);
    expect([first.nowMs, later.nowMs]).toEqual([NOW, NOW + 3000]);
    // What came late is seen, and so is another capacity, and another forecast.
    await metricStore.writeSamples([sample(cpu, END - 3 * STEP, 2)]);
    const mended = await maps.of(WINDOW);
    expect(mended.rest.servers[0]?.past).toEqual([null, 500, 250, null]);
    await plane.write(new Draft().put(SERVER, s('s1'), { ...SERVER_RECORD, capacity: { cpu: 2 } }));
    const smaller = await maps.of(WINDOW);
    expect(smaller.rest.servers[0]?.past).toEqual([null, 1000, 500, null]);
    await metricStore.writeForecast(
      forecastRun([cpu], { startMs: END, steps: 4, base: 1, leads: [1] }),
    );
    expect((await maps.of(WINDOW)).rest.servers[0]?.p50).toHaveLength(4);
  });
});
