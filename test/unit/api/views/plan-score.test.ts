import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Memory } from '../../../../api/views/kept/memory.js';
import { PlanScores } from '../../../../api/views/plan-score.js';
import type { PlanScoreView } from '../../../../api/contract/plan-score.js';
import { configSchema } from '../../../../core/config/schema.js';
import { ForeshiftError } from '../../../../core/errors.js';
import type { Plan } from '../../../../core/plan.js';
import { MemoryMetricStore } from '../../../../core/metric-store/memory.js';
import { Eligibility } from '../../../../core/table-store/eligibility.js';
import { Draft } from '../../../../core/table-store/draft.js';
import { recordPlan } from '../../../../core/table-store/plans.js';
import { PLAN } from '../../../../core/table-store/records/plan.js';
import { ELIGIBLE, SERVER_STATE } from '../../../../core/table-store/records/server.js';
import { InlineAdviser } from '../../../../forecaster/planner/adviser.js';
import { ControlPlane } from '../../../support/control-plane.js';
import { r, s } from '../../../support/names.js';
import { forecastRun, resourceSeries, sample } from '../../../support/series.js';

const options = { planner: configSchema.shape.planner.parse({}), stepMs: 300_000, seed: 1 };

let plane: ControlPlane;
let metricStore: MemoryMetricStore;
let scores: PlanScores;

beforeEach(async () => {
  plane = await ControlPlane.with(['s1', 's2'], { a: 's1@1.5', b: 's1@1.6' });
  metricStore = new MemoryMetricStore();
  scores = newScores();
});

function planning() {
  const { view, clock } = plane;
  return { view, clock, metricStore, eligibility: new Eligibility(plane) };
}

/** That have kept nothing. */
function newScores(): PlanScores {
  const parts = planning();
  const advised = { ...parts, memory: new Memory(parts), adviser: new InlineAdviser() };
  return new PlanScores(advised, { planning: options });
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

const peakOf = (score: PlanScoreView, server: string) =>
  score.analysis.outlook.find((each) => each.server === server)?.plan;

describe('how good a plan is now', () => {
  it('is scored for all of its moves, and for those that are left', async () => {
    await forecast();
    const plan = await bothMove();
    const all = await scores.scoreOf(plan, []);
    expect(all).toMatchObject({ plan: plan.id, moves: 2, without: [], impossible: [] });
    expect(peakOf(all, 's1')).toBe(0);
    const one = await scores.scoreOf(plan, [r('a')]);
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
    expect(await scores.scoreOf(plan, [])).toMatchObject({ impossible: ['b'] });
  });

  it('changes nothing', async () => {
    await forecast();
    const plan = await bothMove();
    const { revision } = plane.view;
    await scores.scoreOf(plan, [r('b')]);
    await plane.view.sync();
    expect(plane.view.revision).toBe(revision);
  });

  it('cannot be said without a forecast', async () => {
    const plan = await bothMove();
    await expect(scores.scoreOf(plan, [])).rejects.toMatchObject({
      code: 'ERR_NO_FORECAST',
    });
  });

  it('is what a plan is recorded with whose other moves an operator left out', async () => {
    await forecast();
    const plan = await bothMove();
    const analysis = await scores.analysisWithout(plan, [r('a')]);
    const score = await scores.scoreOf(plan, [r('a')]);
    expect(analysis).toEqual({ ...score.analysis, blockers: [], stopped: 'complete' });
  });

  it('follows forecasts, moves, drains and announcements, whatever was kept', async () => {
    await forecast();
    const plan = await bothMove();
    const asBefore = async (without: readonly string[]): Promise<void> => {
      const names = without.map(r);
      expect(await scores.scoreOf(plan, names)).toEqual(await newScores().scoreOf(plan, names));
    };
    await asBefore([]);
    await asBefore(['a']);
    const startMs = plane.clock.realtimeMs();
    const series = [resourceSeries('a', 'cpu'), resourceSeries('b', 'cpu')];
    await metricStore.writeForecast(
      forecastRun(series, { startMs, steps: 2, base: 2, madeAtMs: startMs + 1, leads: [1] }),
    );
    await asBefore(['a']);
    await plane.applied([plane.move('b', 's2')], plane.clock.realtimeMs());
    await asBefore([]);
    await plane.write(new Draft().put(ELIGIBLE, s('s2'), { resources: [r('a')] }));
    await asBefore([]);
    const record = { state: 'draining', by: 'ann', reason: '', sinceMs: startMs } as const;
    await plane.write(new Draft().put(SERVER_STATE, s('s2'), record));
    await asBefore(['b']);
    await metricStore.writeSamples([sample(series[0]!, startMs, 3)]);
    await plane.clock.advance(300_000);
    await asBefore([]);
  });

  it('is made ready once for all who ask, and again after the store was away', async () => {
    const plan = await bothMove();
    await expect(scores.scoreOf(plan, [])).rejects.toMatchObject({ code: 'ERR_NO_FORECAST' });
    await forecast();
    const reads = jest.spyOn(metricStore, 'readPanel');
    reads.mockRejectedValueOnce(new ForeshiftError('ERR_STORE_UNAVAILABLE', { store: 'x' }));
    await expect(scores.scoreOf(plan, [])).rejects.toMatchObject({
      code: 'ERR_STORE_UNAVAILABLE',
    });
    await Promise.all([scores.scoreOf(plan, []), scores.scoreOf(plan, [r('a')])]);
    await scores.scoreOf(plan, [r('b')]);
    expect(reads).toHaveBeenCalledTimes(2);
  });

  it('is made ready before it is asked for, as long as a plan waits', async () => {
    await forecast();
    const reads = jest.spyOn(metricStore, 'readPanel');
    await scores.prepare();
    expect(reads).not.toHaveBeenCalled();
    const plan = await bothMove();
    await scores.prepare();
    await scores.prepare();
    await scores.scoreOf(plan, []);
    expect(reads).toHaveBeenCalledTimes(1);
    const record = plane.view.get(PLAN, plan.id)!.value;
    await plane.write(new Draft().put(PLAN, plan.id, { ...record, status: 'rejected' }));
    await scores.prepare();
    expect(reads).toHaveBeenCalledTimes(1);
  });

  it('knows of all that was done before it was asked for, also while the former is made ready', async () => {
    await forecast();
    const plan = await bothMove();
    const begun = scores.scoreOf(plan, []);
    await plane.applied([plane.move('b', 's2')], plane.clock.realtimeMs());
    expect(await scores.scoreOf(plan, [])).toMatchObject({ impossible: ['b'] });
    await begun;
  });
});
