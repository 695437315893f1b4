import { beforeEach, describe, expect, it } from '@jest/globals';
import type { JobView } from '../../../core/bus/port.js';
import { ForeshiftError } from '../../../core/errors.js';
import { forecastBlock } from '../../../core/forecast.js';
import type { ForecastRun } from '../../../core/metric-store/port.js';
import { Draft } from '../../../core/table-store/draft.js';
import { MODE, PAUSE, PLAN, ROUND } from '../../../core/table-store/records/plan.js';
import { SERVER, SERVER_STATE } from '../../../core/table-store/records/server.js';
import { BreachTally } from '../../../forecaster/breach-tally.js';
import { forecasterMetrics } from '../../../forecaster/metrics.js';
import { PlanTally } from '../../../forecaster/plan-tally.js';
import { ScoreTally } from '../../../forecaster/score-tally.js';
import { ControlPlane, SERVER_RECORD } from '../../support/control-plane.js';
import { p, r, s } from '../../support/names.js';
import { pageOf } from '../../support/page.js';
import { serverSeries } from '../../support/series.js';

const STEP_MS = 300_000;

/** The utilization of s1 is expected to rise by a tenth a step from 0.5; P90 is 0.2 above that. */
function risingRun(startMs: number): ForecastRun {
  const series = [serverSeries('s1', 'utilization')];
  const block = forecastBlock(series, { startMs, stepMs: STEP_MS, steps: 12 });
  for (const [quantile, offset] of [-0.2, 0, 0.2].entries()) {
    for (let step = 0; step < 12; step++) {
      block.paths[quantile * 12 + step] = 0.5 + 0.1 * step + offset;
    }
  }
  return { madeAtMs: startMs, models: ['a test'], block, leads: [1] };
}

describe('what a forecaster shows', () => {
  let plane: ControlPlane;
  let nowMs: number;
  let jobs: () => Promise<readonly JobView[]>;
  let lastForecast: ForecastRun | undefined;
  let tally: ScoreTally;
  let plans: PlanTally;

  beforeEach(async () => {
    plane = await ControlPlane.with(['s1', 's2'], { a: 's1@1.5', b: 's1@1.6' });
    nowMs = plane.clock.realtimeMs();
    jobs = () => Promise.resolve([]);
    lastForecast = undefined;
    tally = new ScoreTally();
    plans = new PlanTally(plane.view);
  });

  function page(): Promise<Map<string, number>> {
    const round = {
      lastForecast,
      lastMs: 1500,
      tally,
      score: () => new BreachTally({ windowMs: 86_400_000 }).score(),
    };
    const { view, clock } = plane;
    const bus = { jobs: () => jobs() };
    return pageOf(
      forecasterMetrics(
        { view, clock, bus, round, plans, analysis: { seriesDue: 7 } },
        { mode: 'auto', everyMs: 300_000 },
      ),
    );
  }

  it('is how much each server serves, in no more passes over all resources the more servers there are', async () => {
    const passes = async (): Promise<number> => {
      const { table } = plane.view;
      let count = 0;
      const entries = table.entries.bind(table);
      table.entries = () => {
        count += 1;
        return entries();
      };
      const shown = await page();
      const served = ['s1', 's2'].map((id) =>
        shown.get(`foreshift_server_resources{server="${id}"}`),
      );
      expect(served).toEqual([2, 0]);
      return count;
    };
    const ofTwo = await passes();
    const drain = { state: 'draining', by: 'ann', reason: '', sinceMs: nowMs } as const;
    const draft = new Draft().put(SERVER_STATE, s('s1'), drain);
    await plane.write(draft);
    const ofOneDrain = await passes();
    for (const id of ['s3', 's4', 's5'].map(s)) {
      draft.put(SERVER, id, SERVER_RECORD).put(SERVER_STATE, id, drain);
    }
    await plane.write(draft);
    expect(ofTwo).toBeGreaterThan(0);
    expect(await passes()).toBe(ofOneDrain);
  });

  it('is what is expected within half an hour, and when it is too much', async () => {
    expect((await page()).has('foreshift_forecast_timestamp_seconds')).toBe(false);
    lastForecast = risingRun(nowMs);
    const shown = await page();
    const at = (quantile: string, horizon: string) =>
      shown.get(
        `foreshift_forecast_utilization_ratio{server="s1",quantile="${quantile}",horizon="${horizon}"}`,
      );
    expect(at('0.5', '30m')).toBeCloseTo(1);
    expect(at('0.9', '30m')).toBeCloseTo(1.2);
    expect(at('0.9', 'all')).toBeCloseTo(1.8);
    // P90 is 1.1 in the fifth step.
    const overload = shown.get('foreshift_forecast_overload_timestamp_seconds{server="s1"}');
    expect(overload).toBe((nowMs + 4 * STEP_MS) / 1000);
  });

  it('forgets steps that are over', async () => {
    lastForecast = risingRun(nowMs);
    await plane.clock.advance(13 * STEP_MS);
    const shown = [...(await page()).keys()];
    expect(shown.filter((name) => name.includes('forecast_utilization'))).toEqual([]);
  });

  it('is how good forecasts were, as counters by lead', async () => {
    const series = serverSeries('s1', 'utilization');
    const score = { series, timeMs: 0, leadMs: STEP_MS, absoluteError: 1, pinball: 0.5 } as const;
    tally.add({ ...score, inBand: 1 }, 2);
    tally.add({ ...score, inBand: 0 }, 3);
    const shown = await page();
    const of = (name: string) => shown.get(`foreshift_forecast_${name}{lead_seconds="300"}`);
    expect([of('scored_total'), of('in_band_total')]).toEqual([2, 1]);
    expect([of('pinball_total'), of('naive_pinball_total')]).toEqual([1, 5]);
  });

  it('is how plans ended since it began, not before', async () => {
    await plane.applied([plane.move('a', 's2')], nowMs);
    await plans.start();
    await plane.applied([plane.move('b', 's2')], nowMs);
    await plane.applied([plane.move('b', 's1')], nowMs);
    const shown = await page();
    expect(shown.get('foreshift_plans_total{status="applied"}')).toBe(2);
    expect(shown.get('foreshift_plans_total{status="failed"}')).toBe(0);
    await plans.stop();
  });

  it('names resources that are moved again and again', async () => {
    await plane.applied([plane.move('a', 's2')], nowMs - 3_700_000);
    for (const target of ['s1', 's2', 's1']) {
      await plane.applied([plane.move('b', target)], nowMs - 60_000);
    }
    await plane.applied([plane.move('a', 's2')], nowMs - 60_000);
    const shown = [...(await page())].filter(([name]) => name.includes('moves_last_hour'));
    expect(shown).toEqual([['foreshift_resource_moves_last_hour{resource="b"}', 3]]);
  });

  it('is the plan that waits, and a pause', async () => {
    const id = await plane.applied([plane.move('a', 's2')], nowMs);
    const record = plane.view.get(PLAN, id)?.value;
    if (record === undefined) throw new Error('the plan is there');
    const before = await page();
    expect(before.has('foreshift_plan_pending_since_timestamp_seconds')).toBe(false);
    expect(before.has('foreshift_paused_since_timestamp_seconds')).toBe(false);
    await plane.write(
      new Draft()
        .put(PLAN, id, { ...record, status: 'proposed', finishedAtMs: null, outcomes: [] })
        .put(PAUSE, 'current', { by: 'ann', reason: '', sinceMs: nowMs - 1000 }),
    );
    const shown = await page();
    expect(shown.get('foreshift_plan_pending_since_timestamp_seconds')).toBe(nowMs / 1000);
    expect(shown.get('foreshift_plan_pending_expires_timestamp_seconds')).toBe(nowMs / 1000 + 60);
    expect(shown.get('foreshift_paused_since_timestamp_seconds')).toBe(nowMs / 1000 - 1);
    expect(shown.has('foreshift_plan_starts_timestamp_seconds')).toBe(false);
    const startAtMs = nowMs + 60_000;
    const scheduled = { ...record, status: 'approved', startAtMs, finishedAtMs: null } as const;
    await plane.write(new Draft().put(PLAN, id, { ...scheduled, outcomes: [] }));
    const later = await page();
    expect(later.get('foreshift_plan_starts_timestamp_seconds')).toBe(startAtMs / 1000);
  });

  it('is when the mode fell back, and nothing of it where somebody set it', async () => {
    const name = 'foreshift_mode_fell_back_timestamp_seconds';
    const record = { mode: 'propose', by: 'foreshift', sinceMs: 60_000 } as const;
    await plane.write(new Draft().put(MODE, 'current', { ...record, fellBack: 'it was bad' }));
    const fellBack = await page();
    expect(fellBack.get(name)).toBe(60);
    expect(fellBack.get('foreshift_mode_info{mode="propose"}')).toBe(1);
    await plane.write(new Draft().put(MODE, 'current', { ...record, fellBack: null }));
    expect((await page()).has(name)).toBe(false);
  });

  it('is what the last round came to, and how many servers are missing', async () => {
    const blocker = {
      kind: 'capacity',
      resource: null,
      server: null,
      zone: null,
      dimension: 'cpu',
    } as const;
    await plane.write(
      new Draft().put(ROUND, 'last', {
        atMs: nowMs,
        trigger: { kind: 'schedule', detail: '' },
        plan: null,
        none: {
          why: 'blocked',
          blockers: [{ ...blocker, amount: 2 }],
          score: null,
          gain: null,
          gainMin: null,
          steps: null,
          stepsMin: null,
        },
      }),
    );
    const shown = await page();
    expect(shown.get('foreshift_round_result{result="blocked"}')).toBe(1);
    expect(shown.get('foreshift_round_result{result="balanced"}')).toBe(0);
    expect(shown.get('foreshift_capacity_missing_servers')).toBe(2);
    expect(shown.get('foreshift_round_seconds')).toBe(1.5);
    expect(shown.get('foreshift_forecast_learning_due')).toBe(7);
  });

  it('is what a draining server still has, and what stood in the way', async () => {
    const draining = { state: 'draining', by: 'ann', reason: '', sinceMs: nowMs - 5000 } as const;
    await plane.write(new Draft().put(SERVER_STATE, s('s1'), draining));
    const remaining = 'foreshift_drain_remaining_resources{server="s1"}';
    const isBlocker = (name: string) => name.includes('drain_blocker');
    const before = await page();
    expect(before.get(remaining)).toBe(2);
    expect(before.get('foreshift_server_state{server="s1",state="draining"}')).toBe(1);
    expect([...before.keys()].filter(isBlocker)).toEqual([]);
    const id = await plane.applied([plane.move('a', 's2')], nowMs);
    const record = plane.view.get(PLAN, id)?.value;
    if (record === undefined) throw new Error('the plan is there');
    const outcomes = record.outcomes.map((outcome) => ({
      ...outcome,
      result: 'left-out' as const,
      resources: [r('b')],
      why: '1 open upload',
    }));
    await plane.write(new Draft().put(PLAN, p(id), { ...record, outcomes }));
    const after = await page();
    expect(after.get(remaining)).toBe(1);
    expect([...after.keys()].filter(isBlocker)).toEqual([
      'foreshift_drain_blocker_info{server="s1",resource="b",why="1 open upload"}',
    ]);
  });

  it('is the jobs of the bus, and nothing of them while that is away', async () => {
    const job = { id: '1', attempt: 1, queuedAtMs: 1000, progress: null, failure: null };
    jobs = () =>
      Promise.resolve([
        { ...job, kind: 'round', state: 'waiting', finishedAtMs: null },
        { ...job, kind: 'round', state: 'done', finishedAtMs: 3500 },
        { ...job, kind: 'round', state: 'done', finishedAtMs: 9000 },
      ]);
    const shown = await page();
    expect(shown.get('foreshift_bus_jobs{kind="round",state="done"}')).toBe(2);
    expect(shown.get('foreshift_bus_job_seconds{kind="round"}')).toBe(2.5);
    jobs = () => Promise.reject(new ForeshiftError('ERR_STORE_UNAVAILABLE', { store: 'bus' }));
    const without = [...(await page()).keys()];
    expect(without.filter((name) => name.includes('_bus_'))).toEqual([]);
    expect(without).toContain('foreshift_mode_info{mode="auto"}');
  });
});
