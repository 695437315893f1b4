import { describe, expect, it } from '@jest/globals';
import { backtestWords } from '../../../../core/backtest-score.js';
import { MemoryBus } from '../../../../core/bus/memory.js';
import { configSchema } from '../../../../core/config/schema.js';
import { MemoryMetricStore } from '../../../../core/metric-store/memory.js';
import { BACKTEST } from '../../../../core/table-store/records/backtest.js';
import { BacktestJob } from '../../../../forecaster/backtest/job.js';
import type { BacktestAsked } from '../../../../forecaster/backtest/runner.js';
import { InlineBacktest } from '../../../../forecaster/backtest/runner.js';
import { backtestMetrics } from '../../../../forecaster/backtest/score-metrics.js';
import { ControlPlane } from '../../../support/control-plane.js';
import { pageOf } from '../../../support/page.js';
import { resourceSeries, sample, serverSeries } from '../../../support/series.js';

const STEP_MS = 3_600_000;
const DAY_MS = 24 * STEP_MS;

/** Loads that go up and down each day, of so many resources, known for so many days. */
async function service({ days = 12, resources = 2, backtest = {} } = {}) {
  const plane = await ControlPlane.with(['s1'], { a: 's1@1.5' });
  const metricStore = new MemoryMetricStore();
  const endMs = Math.floor(plane.clock.realtimeMs() / STEP_MS) * STEP_MS;
  for (let at = 0; at < resources; at++) {
    const samples = Array.from({ length: (days * DAY_MS) / STEP_MS }, (_, step) => {
      const timeMs = endMs - (step + 1) * STEP_MS;
      const noise = Math.abs(Math.sin((timeMs / STEP_MS + at) * 12.9898) * 43_758.5453) % 1;
      const value = 10 + 4 * Math.sin((2 * Math.PI * timeMs) / DAY_MS) + noise;
      return sample(resourceSeries(`r${at}`, 'cpu'), timeMs, value);
    });
    await metricStore.writeSamples(samples);
  }
  await metricStore.writeSamples([
    sample(serverSeries('s1', 'cpu'), endMs - STEP_MS, 1),
    sample(resourceSeries('r0', 'inflight'), endMs - STEP_MS, 1),
  ]);
  const config = configSchema.parse({ forecast: { stepMs: STEP_MS }, backtest });
  const asked: BacktestAsked[] = [];
  const inline = new InlineBacktest();
  const bus = new MemoryBus(plane);
  const { store, view, clock, log } = plane;
  const job = new BacktestJob(
    {
      ...{ store, clock, log, bus, metricStore, neural: () => undefined },
      runner: {
        run: (told, watch) => {
          asked.push(told);
          return inline.run(told, watch);
        },
      },
    },
    { backtest: config.backtest, forecast: config.forecast, seed: 1 },
  );
  await job.start();
  const next = async () => {
    await clock.advance(config.backtest.everyMs);
    await view.sync();
    return view.get(BACKTEST, 'last')?.value;
  };
  return { plane, bus, asked, next, endMs };
}

describe('the backtest job', () => {
  it('judges the own history each day, and leaves what it found', async () => {
    const { plane, bus, asked, next } = await service();
    const score = await next();
    const [told] = asked;
    expect(told?.panel.series.map(({ subject, metric }) => `${subject} ${metric}`)).toEqual([
      'resource cpu',
      'resource cpu',
    ]);
    expect(told?.options).toMatchObject({ horizonSteps: 12, everySteps: 6, seasonSteps: 24 });
    expect(score).toMatchObject({ series: 2 });
    expect(score?.forecasts).toBeGreaterThan(10);
    expect(score?.errorRatio).toBeLessThan(1);
    expect(score?.coverage90).toBeGreaterThan(0.7);
    expect((score?.toMs ?? 0) - (score?.fromMs ?? 0)).toBeGreaterThan(3 * DAY_MS);
    expect(backtestWords(score!)).toMatch(
      /^error [0-9]+ % of saying that all is as a season before, [0-9]+ % .* on 2 series over /,
    );
    const [job] = await bus.jobs();
    expect(job).toMatchObject({ kind: 'backtest', state: 'done' });
    await plane.clock.advance(DAY_MS);
    expect(asked).toHaveLength(2);
  });

  it('shows it as metrics, and none before there is one', async () => {
    const { plane, next } = await service();
    const shown = async () => {
      const page = await pageOf(backtestMetrics(plane.view));
      return Object.fromEntries([...page].filter(([name]) => name.includes('backtest')));
    };
    expect(await shown()).toEqual({});
    const score = await next();
    expect(await shown()).toEqual({
      foreshift_backtest_timestamp_seconds: (score?.atMs ?? 0) / 1000,
      foreshift_backtest_series: 2,
      foreshift_backtest_error_ratio: score?.errorRatio,
      foreshift_backtest_below_p90_ratio: score?.coverage90,
    });
  });

  it('judges a young fleet on what is known, and says where that is too little', async () => {
    const { asked, next, endMs } = await service({ days: 3 });
    await next();
    expect(asked[0]?.panel.grid.startMs).toBe(endMs - 3 * DAY_MS);
    const young = await service({ days: 0 });
    const score = await young.next();
    expect(score).toMatchObject({ series: 0, forecasts: 0, fromMs: null, errorRatio: null });
    expect(backtestWords(score!)).toBe('there is too little history to judge by');
    expect(young.asked[0]?.panel.series ?? []).toHaveLength(0);
  });

  it('makes no more forecasts than it may, and takes other resources the next time', async () => {
    const { asked, next } = await service({ resources: 30, backtest: { forecastsMax: 140 } });
    const [first, second] = [await next(), await next()];
    expect(first?.forecasts).toBeLessThanOrEqual(140);
    expect(first?.series).toBeGreaterThan(1);
    expect(second?.series).toBe(first?.series);
    const judged = asked.map(({ panel }) =>
      panel.series
        .map(({ id }) => id)
        .sort()
        .join(),
    );
    expect(judged[0]).not.toBe(judged[1]);
  });

  it('is not held where the config turns it off', async () => {
    const { bus, asked, next } = await service({ backtest: { run: 'off' } });
    expect(await next()).toBeUndefined();
    expect([asked, await bus.jobs()]).toEqual([[], []]);
  });
});
