import { describe, expect, it } from '@jest/globals';
import { panelIn } from '../../../../core/trace/trace.js';
import { backtest } from '../../../../forecaster/backtest/backtest.js';
import type { BacktestOptions } from '../../../../forecaster/backtest/backtest.js';
import { overallOf } from '../../../../forecaster/backtest/series-score.js';
import { madeTrace } from '../../../support/made-trace.js';

const OPTIONS: BacktestOptions = {
  horizonSteps: 6,
  everySteps: 6,
  warmSteps: 60,
  seasonSteps: 12,
  seasonsMs: [3_600_000],
  seed: 1,
};

function panel(resources: number, steps: number, load: (row: number, step: number) => number) {
  return panelIn(madeTrace(resources, steps, load), 'cpu')!;
}

/** A cheap noise that is the same each time. */
const noise = (step: number): number => Math.abs(Math.sin(step * 12.9898) * 43_758.5453) % 1;

describe('backtest', () => {
  it('judges each series at each origin, the last horizon at the end', () => {
    const load = panel(2, 120, (row, step) => 10 + row + noise(step + row));
    const scores = backtest(load, OPTIONS);
    expect(scores.map(({ key }) => key)).toEqual(load.series);
    for (const { origins } of scores) {
      expect(origins).toEqual([60, 66, 72, 78, 84, 90, 96, 102, 108, 114]);
    }
  });

  it('beats seasonal naive on a season with noise, and P90 holds about nine of ten', () => {
    const wave = (step: number): number => 10 + 4 * Math.sin((2 * Math.PI * step) / 12);
    const load = panel(4, 400, (row, step) => wave(step + row) + 3 * noise(step + 1000 * row));
    const overall = overallOf(backtest(load, { ...OPTIONS, warmSteps: 120 }));
    expect(overall.error).toBeLessThan(0.95 * overall.naiveError);
    expect(overall.coverage90).toBeGreaterThan(0.8);
    expect(overall.coverage90).toBeLessThan(0.99);
  });

  it('knows nothing of what comes: a sudden step is missed when it comes, and said once it is there', () => {
    const load = panel(1, 180, (_, step) => (step < 120 ? 10 : 100) + noise(step));
    const [score] = backtest(load, { ...OPTIONS, limit: 50 });
    expect(score?.breaches).toMatchObject({ called: 0, missed: 1, false: 0 });
  });

  it('calls what comes every time, ahead of it', () => {
    const load = panel(
      1,
      300,
      (_, step) => (step % 12 > 3 && step % 12 < 6 ? 100 : 10) + noise(step),
    );
    const [score] = backtest(load, { ...OPTIONS, limit: 50 });
    const { called = 0, missed = 0 } = score?.breaches ?? {};
    expect(called).toBeGreaterThan(0.8 * (called + missed));
    expect(score?.breaches.leadMs).toBeGreaterThan(300_000);
  });

  it('judges nothing by a constant, nor by too little', () => {
    const load = panel(3, 120, (row, step) => {
      if (row === 0) return 7;
      if (row === 1) return step < 100 ? NaN : noise(step);
      return noise(step);
    });
    const scores = backtest(load, OPTIONS);
    expect(scores.map(({ origins }) => origins.length)).toEqual([0, 0, 10]);
    expect(scores[0]?.error).toBeNaN();
    expect(overallOf(scores).windows).toBe(10);
    expect(overallOf(scores).error).toBe(scores[2]?.error);
  });

  it('tells how far it is', () => {
    const done: number[] = [];
    backtest(panel(70, 72, noise), OPTIONS, (share) => done.push(share));
    expect(done).toEqual([...done].sort((a, b) => a - b));
    expect(done.at(-1)).toBe(1);
  });
});
