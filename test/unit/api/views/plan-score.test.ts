import { beforeEach, describe, expect, it } from '@jest/globals';
import { analysisWithout, planScoreOf } from '../../../../api/views/plan-score.js';
import { configSchema } from '../../../../core/config/schema.js';
import type { Plan } from '../../../../core/plan.js';
import { MemoryMetricStore } from '../../../../core/metric-store/memory.js';
import { Eligibility } from '../../../../core/table-store/eligibility.js';
import { recordPlan } from '../../../../core/table-store/plans.js';
import { ControlPlane } from '../../../support/control-plane.js';
import { r } from '../../../support/names.js';
import { forecastRun, resourceSeries } from '../../../support/series.js';

const options = { planner: configSchema.shape.planner.parse({}), stepMs: 300_000, seed: 1 };

let plane: ControlPlane;
let metricStore: MemoryMetricStore;

beforeEach(async () => {
  plane = await ControlPlane.with(['s1', 's2'], { a: 's1@1.5', b: 's1@1.6' });
  metricStore = new MemoryMetricStore();
});

function planning() {
  const { view, clock } = plane;
  return { parts: { view, clock, metricStore, eligibility: new Eligibility(plane) }, options };
}

/** P50 of a and b is 1.5 and 11.5 of 4 cores. */
async function forecast(): Promise<void> {
  const series = [resourceSeries('a', 'cpu'), resourceSeries('b', 'cpu')];
  const startMs = plane.clock.realtimeMs();
  await metricStore.writeForecast(forecastRun(series, { startMs, steps: 2, base: 1, leads: [1] }));
}

async function bothMove(): Promise<Plan> {
  const { plan } = await recordPlan(
    {
      trigger: { kind: 'forecast', detail: 'test' },
      madeAtMs: plane.clock.realtimeMs(),
      expiresAtMs: plane.clock.realtimeMs() + 60_000,
      base: plane.view.table.generation,
      states: {},
      batches: [{ moves: [plane.move('a', 's2')] }, { moves: [plane.move('b', 's2')] }],
      standbys: {},
      analysis: null,
    },
    undefined,
    plane,
  );
  return plan;
}

const peakOf = (score: Awaited<ReturnType<typeof planScoreOf>>, server: string) =>
  score.analysis.outlook.find((each) => each.server === server)?.plan;

describe('how good a plan is now', () => {
  it('is scored for all of its moves, and for those that are left', async () => {
    await forecast();
    const plan = await bothMove();
    const all = await planScoreOf(plan, [], planning());
    expect(all).toMatchObject({ plan: plan.id, moves: 2, without: [], impossible: [] });
    expect(peakOf(all, 's1')).toBe(0);
    const one = await planScoreOf(plan, [r('a')], planning());
    expect(one).toMatchObject({ moves: 1, without: ['a'] });
    expect(peakOf(one, 's1')).toBeGreaterThan(0.4);
    expect(one.text).toMatch(/^1 move: the fullest server peaks at /);
    expect(one.worlds).toHaveLength(3);
    expect(one.ahead.map(({ server }) => server)).toEqual(['s1', 's2']);
    expect(one.ahead[0]?.plan).toHaveLength(2);
  });

  it('leaves out what has been moved since, and names it', async () => {
    await forecast();
    const plan = await bothMove();
    await plane.applied([plane.move('b', 's2')], plane.clock.realtimeMs());
    expect(await planScoreOf(plan, [], planning())).toMatchObject({ impossible: ['b'] });
  });

  it('changes nothing', async () => {
    await forecast();
    const plan = await bothMove();
    const { revision } = plane.view;
    await planScoreOf(plan, [r('b')], planning());
    await plane.view.sync();
    expect(plane.view.revision).toBe(revision);
  });

  it('cannot be said without a forecast', async () => {
    const plan = await bothMove();
    await expect(planScoreOf(plan, [], planning())).rejects.toMatchObject({
      code: 'ERR_NO_FORECAST',
    });
  });

  it('is what a plan is recorded with whose other moves an operator left out', async () => {
    await forecast();
    const plan = await bothMove();
    const analysis = await analysisWithout(plan, [r('a')], planning());
    const score = await planScoreOf(plan, [r('a')], planning());
    expect(analysis).toEqual({ ...score.analysis, blockers: [], stopped: 'complete' });
  });
});
