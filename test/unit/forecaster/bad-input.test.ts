import { describe, expect, it } from '@jest/globals';
import { resourceId } from '../../../core/domain.js';
import { assertSound, pathOf } from '../../../core/forecast.js';
import type { Panel } from '../../../core/panel.js';
import { panelOf } from '../../../core/panel.js';
import type { SeriesKey } from '../../../core/sample.js';
import { Forecasting } from '../../../forecaster/forecasting.js';
import { describeBadInput } from '../../conformance/bad-input.js';
import type { Workload } from '../../support/workloads.js';
import { DAY, workload } from '../../support/workloads.js';

const STEP_MS = 300_000;
const HORIZON = 12;
const STEPS = 3 * DAY;
const OPTIONS = { stepMs: STEP_MS, horizonSteps: HORIZON, historySteps: STEPS, seed: 1 };
const A: SeriesKey = { subject: 'resource', id: resourceId('a'), metric: 'cpu' };
const B: SeriesKey = { subject: 'resource', id: resourceId('b'), metric: 'cpu' };

function panel(rows: readonly ArrayLike<number>[], startStep = 0, series = [A, B]): Panel {
  const steps = rows[0]?.length ?? 0;
  const values = new Float32Array(rows.length * steps);
  for (const [at, row] of rows.entries()) values.set(row, at * steps);
  const grid = { startMs: startStep * STEP_MS, stepMs: STEP_MS, steps };
  return panelOf(series.slice(0, rows.length), grid, values);
}

function said(forecasting: Forecasting, series: readonly SeriesKey[] = [A]) {
  const { block } = forecasting.forecast(series);
  assertSound(block);
  return block;
}

describe('Forecasting of bad input', () => {
  describeBadInput(STEPS, (values) => {
    const forecasting = new Forecasting(OPTIONS);
    forecasting.observe(panel([values]));
    return said(forecasting);
  });

  for (const factor of [4, 0.25]) {
    for (const kind of ['daily', 'hourly-jobs', 'growing', 'walking', 'constant'] as const) {
      it(`follows a ${kind} load that is ${factor} times as high within six steps`, () => {
        const { before, after } = missesAround(kind, factor);
        expect(before).toBeGreaterThan(1.2);
        expect(after).toBeLessThan(1.2);
      });
    }
  }

  it('takes a series that a panel has twice once', () => {
    const values = workload('daily', 400);
    const twice = new Forecasting(OPTIONS);
    twice.observe(panel([values, values.map(() => 7)], 0, [A, A]));
    const once = new Forecasting(OPTIONS);
    once.observe(panel([values]));
    expect(said(twice, [A, A]).series).toEqual([A, A]);
    expect(pathOf(said(twice, [A, A]), 1, 0.9)).toEqual(pathOf(said(once), 0, 0.9));
  });

  it('takes panels out of order for what is new in them', () => {
    const values = workload('daily', 400);
    const unordered = new Forecasting(OPTIONS);
    unordered.observe(panel([values.subarray(0, 300)]));
    unordered.observe(panel([values.subarray(200, 280).map(() => 1e9)], 200));
    unordered.observe(panel([values.subarray(250)], 250));
    unordered.observe(panel([values.subarray(100, 399).map(() => 0)], 100));
    const ordered = new Forecasting(OPTIONS);
    ordered.observe(panel([values]));
    expect(said(unordered).paths).toEqual(said(ordered).paths);
  });

  it('goes on after a clock that jumps ahead', () => {
    const values = workload('daily', 400);
    for (const aheadSteps of [1, 500, STEPS, 50 * STEPS]) {
      const forecasting = new Forecasting(OPTIONS);
      forecasting.observe(panel([values]));
      said(forecasting);
      forecasting.observe(panel([values.subarray(0, 12)], 400 + aheadSteps));
      const { grid } = said(forecasting);
      expect(grid.startMs).toBe((412 + aheadSteps) * STEP_MS);
    }
  });

  it('begins anew with the history of a clock that is set back', () => {
    const values = workload('daily', STEPS);
    const forecasting = new Forecasting(OPTIONS);
    forecasting.observe(panel([values], 0));
    forecasting.observe(panel([[5]], 100 * STEPS));
    forecasting.observe(panel([values], 0));
    const fresh = new Forecasting(OPTIONS);
    fresh.observe(panel([values], 0));
    expect(said(forecasting)).toEqual(said(fresh));
  });
});

/**
 * Mean misses of the median over the horizon, right before a load is multiplied and six steps after, relative to those
 * of the same load that had always been as high.
 */
function missesAround(kind: Workload, factor: number): { before: number; after: number } {
  const shiftAt = STEPS + 40;
  const seeds = [1, 2, 3];
  const loads = seeds.map((seed) => workload(kind, shiftAt + 6 + HORIZON, seed));
  const keys = loads.flatMap((_, at) =>
    ['always', 'shifted'].map((name): SeriesKey => ({
      ...A,
      id: resourceId(`${name}-${at}`),
      subject: 'resource',
    })),
  );
  const rows = loads.flatMap((load) => [
    load,
    load.map((value, step) => (step < shiftAt ? value / factor : value)),
  ]);
  const forecasting = new Forecasting(OPTIONS);
  const seen = (from: number, to: number): void => {
    forecasting.observe(
      panel(
        rows.map((row) => row.subarray(from, to)),
        from,
        keys,
      ),
    );
  };
  const ratioAt = (origin: number): number => {
    const block = said(forecasting, keys);
    const misses = [0, 0];
    let level = 0;
    for (const [row, came] of rows.entries()) {
      for (const [h, median] of pathOf(block, row, 0.5).entries()) {
        misses[row % 2]! += Math.abs(came[origin + h]! - median) / rows.length;
        level += came[origin + h]! / rows.length;
      }
    }
    // A load that is forecast without any miss is followed well enough to a hundredth.
    const floor = 0.01 * level;
    return (misses[1]! + floor) / (misses[0]! + floor);
  };
  seen(0, shiftAt);
  const before = ratioAt(shiftAt);
  for (let step = shiftAt; step < shiftAt + 6; step++) {
    seen(step, step + 1);
    said(forecasting, keys);
  }
  return { before, after: ratioAt(shiftAt + 6) };
}
