import { describe, expect, it } from '@jest/globals';
import { configSchema } from '../../../../core/config/schema.js';
import { forecastBlock } from '../../../../core/forecast.js';
import { MemoryMetricStore } from '../../../../core/metric-store/memory.js';
import { readRecent } from '../../../../core/metric-store/recent.js';
import type { Metric, SeriesKey } from '../../../../core/sample.js';
import { Draft } from '../../../../core/table-store/draft.js';
import { Eligibility } from '../../../../core/table-store/eligibility.js';
import { recordPlan } from '../../../../core/table-store/plans.js';
import { plannerOptions } from '../../../../core/table-store/policy.js';
import { ELIGIBLE, SERVER } from '../../../../core/table-store/records/server.js';
import { atOnce, inSlices } from '../../../../core/threads/slices.js';
import type { RecordedFacts } from '../../../../forecaster/planner/from-records.js';
import {
  believedSlices,
  inputSlices,
  inputsFromRecords,
} from '../../../../forecaster/planner/from-records.js';
import type { PlanningInputs } from '../../../../forecaster/planner/inputs.js';
import { ControlPlane } from '../../../support/control-plane.js';
import { s } from '../../../support/names.js';
import { resourceSeries, sample } from '../../../support/series.js';

const STEP_MS = 1000;

type Measured = Readonly<Record<string, Partial<Record<Metric, number>>>>;

/** What the planner is told of a, b on s1 and c on s2. */
async function inputsOf(plane: ControlPlane, measured: Measured = {}): Promise<PlanningInputs> {
  return inputsFromRecords(await factsOf(plane, measured));
}

async function factsOf(
  plane: ControlPlane,
  measured: Measured = {},
  series: readonly SeriesKey[] = [],
): Promise<RecordedFacts> {
  const metricStore = new MemoryMetricStore();
  const timeMs = plane.clock.realtimeMs();
  for (const [id, values] of Object.entries(measured)) {
    for (const [metric, value] of Object.entries(values)) {
      await metricStore.writeSamples([sample(resourceSeries(id, metric as Metric), timeMs, value)]);
    }
  }
  const window = { nowMs: timeMs + STEP_MS, stepMs: STEP_MS, steps: 4 };
  const loads = await readRecent(metricStore, plane.view, window);
  const forecast = forecastBlock(series, { startMs: timeMs, stepMs: STEP_MS, steps: 1 });
  forecast.paths.fill(10);
  return {
    view: plane.view,
    eligibility: new Eligibility(plane),
    believed: atOnce(believedSlices(forecast, loads, timeMs)),
    loads,
    nowMs: timeMs,
    options: plannerOptions(configSchema.shape.planner.parse({}), plane.view, { stepMs: 300_000 }),
    seed: 1,
    restraint: null,
  };
}

const fleet = () =>
  ControlPlane.with(['s1', 's2', 's3'], { a: 's1@1.5', b: 's1@1.6', c: 's2@1.7' });

describe('what the planner is told', () => {
  it('is what is under way for each resource, where the redirectors said so', async () => {
    const { resources } = await inputsOf(await fleet(), { a: { inflight: 7 }, b: { inflight: 0 } });
    expect(resources.map(({ inFlight }) => inFlight)).toEqual([7, 0, undefined]);
  });

  it('is how long each server takes, by what is asked of it most', async () => {
    const { servers } = await inputsOf(await fleet(), {
      a: { hits: 90, latency: 0.002 },
      b: { hits: 10, latency: 0.012 },
      c: { hits: 0, latency: 5 },
    });
    expect(servers.map(({ responseMs }) => responseMs)).toEqual([
      expect.closeTo(3),
      undefined,
      undefined,
    ]);
  });

  it('is no forecast that what is measured disproves', async () => {
    const names = Array.from({ length: 20 }, (_hole, at) => `r${at}`);
    const served = Object.fromEntries(names.map((name, at) => [name, `s1@1.${at + 1}`]));
    const plane = await ControlPlane.with(['s1'], served);
    const series = names.map((name) => resourceSeries(name, 'cpu'));
    const measured = Object.fromEntries(names.map((name) => [name, { cpu: 15 }]));
    const inputs = inputsFromRecords(await factsOf(plane, measured, series));
    expect([...inputs.last]).toEqual(names.map(() => 15));
    expect(new Set(inputs.forecast.paths)).toEqual(new Set([15]));
  });

  it('is the fleet of one moment, whatever is written while it is put together', async () => {
    const plane = await fleet();
    const before = await inputsOf(plane);
    const facts = await factsOf(plane);
    const slices = inSlices(inputSlices(facts));
    await plane.applied([plane.move('a', 's2'), plane.move('c', 's3')], facts.nowMs);
    await plane.write(new Draft().remove(SERVER, s('s3')).remove(ELIGIBLE, s('s1')));
    expect(await slices).toEqual(before);
    const after = await inputsOf(plane);
    expect(after.resources.map(({ server }) => server)).toEqual(['s2', 's1', 's3']);
    expect(after.servers).toHaveLength(2);
  });

  it.each([
    ['foreshift', { movingTo: null, wanted: 's2' }],
    ['ann', { movingTo: 's2' }],
  ])('is a plan that %s approved for later', async (by, told) => {
    const plane = await fleet();
    const nowMs = plane.clock.realtimeMs();
    const plan = {
      trigger: { kind: 'forecast', detail: 'test' },
      madeAtMs: nowMs,
      expiresAtMs: nowMs + 60_000,
      base: plane.view.table.generation,
      states: { [s('s1')]: 'ready', [s('s2')]: 'ready' },
      standbys: {},
      analysis: null,
    } as const;
    await recordPlan(
      { ...plan, batches: [{ moves: [plane.move('a', 's2')] }] },
      { by, reason: '', startAtMs: nowMs + 5000 },
      plane,
    );
    const [a] = (await inputsOf(plane)).resources;
    expect(a).toMatchObject(told);
    expect(a?.wanted === undefined).toBe(by === 'ann');
    await plane.clock.advance(5000);
    expect((await inputsOf(plane)).resources[0]).toMatchObject({ movingTo: 's2' });
  });
});
