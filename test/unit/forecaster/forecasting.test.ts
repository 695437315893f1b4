import { describe, expect, it, jest } from '@jest/globals';
import { codeOf } from '../../../core/errors.js';
import type { ForecastBlock } from '../../../core/forecast.js';
import { assertSound, meansIn, pathOf } from '../../../core/forecast.js';
import type { Panel } from '../../../core/panel.js';
import { panelOf } from '../../../core/panel.js';
import { gaussian, SeededRng } from '../../../core/rng.js';
import type { SeriesKey } from '../../../core/sample.js';
import { resourceId } from '../../../core/domain.js';
import { Forecasting } from '../../../forecaster/forecasting.js';
import { SeriesDirectory } from '../../../forecaster/known-series.js';
import { Blend } from '../../../models/blend.js';
import { DAY, workload, WORKLOADS } from '../../support/workloads.js';

const STEP_MS = 300_000;
const HORIZON = 12;
const OPTIONS = { stepMs: STEP_MS, horizonSteps: HORIZON, historySteps: 3 * DAY, seed: 1 };

function keyOf(name: string): SeriesKey {
  return { subject: 'resource', id: resourceId(name), metric: 'cpu' };
}

/** Loads by name as a panel that begins at a step. */
function panel(loads: Readonly<Record<string, ArrayLike<number>>>, startStep = 0): Panel {
  const names = Object.keys(loads);
  const steps = loads[names[0] ?? '']?.length ?? 0;
  const values = new Float32Array(names.length * steps);
  for (const [at, name] of names.entries()) values.set(loads[name] ?? [], at * steps);
  return panelOf(
    names.map(keyOf),
    { startMs: startStep * STEP_MS, stepMs: STEP_MS, steps },
    values,
  );
}

function forecastOf(forecasting: Forecasting, ...names: string[]): ForecastBlock {
  return forecasting.forecast(names.map(keyOf)).block;
}

describe('Forecasting', () => {
  it('begins where what was observed ends', () => {
    const forecasting = new Forecasting(OPTIONS);
    expect(forecasting.endMs).toBeUndefined();
    forecasting.observe(panel({ a: workload('daily', 500) }, 7));
    const { grid, series } = forecastOf(forecasting, 'a');
    expect(grid).toEqual({ startMs: 507 * STEP_MS, stepMs: STEP_MS, steps: HORIZON });
    expect(series).toEqual([keyOf('a')]);
    expect(forecasting.endMs).toBe(507 * STEP_MS);
  });

  it('leaves out what it never saw', () => {
    const forecasting = new Forecasting(OPTIONS);
    expect(forecastOf(forecasting, 'a').series).toEqual([]);
    forecasting.observe(panel({ a: [1, 2, 3] }));
    const { block, models } = forecasting.forecast([keyOf('b'), keyOf('a')]);
    expect(block.series).toEqual([keyOf('a')]);
    expect(models).toHaveLength(1);
  });

  it('is sound on every load from the first sample on', () => {
    const forecasting = new Forecasting(OPTIONS);
    const loads = Object.fromEntries(WORKLOADS.map((kind) => [kind, workload(kind, 60)]));
    for (let step = 0; step < 60; step++) {
      const now = Object.entries(loads).map(([kind, values]) => [kind, [values[step] ?? NaN]]);
      forecasting.observe(panel(Object.fromEntries(now) as Record<string, number[]>, step));
      assertSound(forecastOf(forecasting, ...WORKLOADS));
    }
  });

  it('says the same whether the history came at once or step by step', () => {
    const values = workload('daily', 400);
    const atOnce = new Forecasting(OPTIONS);
    atOnce.observe(panel({ a: values }));
    const byStep = new Forecasting(OPTIONS);
    for (let step = 0; step < 400; step++) {
      byStep.observe(panel({ a: values.subarray(step, step + 1) }, step));
    }
    expect(forecastOf(byStep, 'a').paths).toEqual(forecastOf(atOnce, 'a').paths);
  });

  it('takes a panel that comes twice once', () => {
    const values = workload('daily', 400);
    const once = new Forecasting(OPTIONS);
    const twice = new Forecasting(OPTIONS);
    once.observe(panel({ a: values }));
    twice.observe(panel({ a: values.subarray(0, 300) }));
    twice.observe(panel({ a: values.subarray(0, 300) }));
    twice.observe(panel({ a: values.subarray(200) }, 200));
    expect(twice.stepsKnown(keyOf('a'))).toBe(400);
    expect(forecastOf(twice, 'a').paths).toEqual(forecastOf(once, 'a').paths);
  });

  it('takes steps left out for a gap', () => {
    const values = workload('daily', 400);
    const gappy = values.map((value, step) => (step >= 100 && step < 130 ? NaN : value));
    const whole = new Forecasting(OPTIONS);
    whole.observe(panel({ a: gappy }));
    const parts = new Forecasting(OPTIONS);
    parts.observe(panel({ a: values.subarray(0, 100) }));
    parts.observe(panel({ a: values.subarray(130) }, 130));
    expect(forecastOf(parts, 'a').paths).toEqual(forecastOf(whole, 'a').paths);
  });

  it('says the same of a series in any company', () => {
    const loads = Object.fromEntries(WORKLOADS.map((kind) => [kind, workload(kind, 500)]));
    const many = new Forecasting(OPTIONS);
    many.observe(panel(loads));
    const alone = new Forecasting(OPTIONS);
    alone.observe(panel({ bursty: workload('bursty', 500) }));
    expect(pathOf(forecastOf(many, 'gappy', 'bursty'), 1, 0.9)).toEqual(
      pathOf(forecastOf(alone, 'bursty'), 0, 0.9),
    );
  });

  it('lets series join and vanish, and forgets those that stay away', () => {
    const forecasting = new Forecasting(OPTIONS);
    forecasting.observe(panel({ a: workload('daily', 300) }));
    forecasting.observe(panel({ b: workload('daily', 300) }, 300));
    expect(forecastOf(forecasting, 'a', 'b').series).toHaveLength(2);
    expect(forecasting.stepsKnown(keyOf('a'))).toBe(300);
    forecasting.observe(panel({ b: workload('daily', 3 * DAY) }, 600));
    expect(forecastOf(forecasting, 'a', 'b').series).toEqual([keyOf('b')]);
    expect(forecasting.stepsKnown(keyOf('a'))).toBe(0);
  });

  it('learns more as a young series grows', () => {
    const forecasting = new Forecasting(OPTIONS);
    const values = workload('daily', 3 * DAY, 4);
    const models = new Set<string>();
    for (let step = 0; step < values.length; step += 24) {
      forecasting.observe(panel({ a: values.subarray(step, step + 24) }, step));
      for (const name of forecasting.forecast([keyOf('a')]).models) models.add(name);
    }
    expect([...models].some((name) => name.includes('1d'))).toBe(true);
    expect([...models][0]).not.toContain('1d');
  });

  it('goes on after being restored as if nothing had been', () => {
    const forecasting = new Forecasting(OPTIONS);
    const values = workload('hourly-jobs', 600);
    forecasting.observe(panel({ a: values.subarray(0, 500), b: workload('idle', 500) }));
    forecastOf(forecasting, 'a', 'b');
    const restored = Forecasting.restore(forecasting.save(), OPTIONS);
    for (const one of [forecasting, restored]) {
      one.observe(panel({ a: values.subarray(500), c: workload('idle', 100) }, 500));
    }
    expect(restored.forecast(['a', 'b', 'c'].map(keyOf))).toEqual(
      forecasting.forecast(['a', 'b', 'c'].map(keyOf)),
    );
  });

  it('learns in small pieces what it learns at once, and looks for what is due once', () => {
    const names = Array.from({ length: 16 }, (_hole, at) => `r${at}`);
    const values = Object.fromEntries(names.map((name) => [name, workload('daily', 400)]));
    const [atOnce, inPieces] = [new Forecasting(OPTIONS), new Forecasting(OPTIONS)];
    for (const one of [atOnce, inPieces]) one.observe(panel(values));
    expect(atOnce.learn()).toBe(0);
    const all = jest.spyOn(SeriesDirectory.prototype, 'all');
    const left = names.map(() => inPieces.learn(1));
    expect(left).toEqual([...names.keys()].reverse());
    expect(all.mock.calls.length).toBeLessThan(names.length);
    all.mockRestore();
    expect(forecastOf(inPieces, ...names)).toEqual(forecastOf(atOnce, ...names));
    // What a forecast learnt meanwhile is not learnt again; what is new is.
    const more = { ...values, late: workload('daily', 400), last: workload('daily', 400) };
    const joined = Object.fromEntries(
      Object.entries(more).map(([name, row]) => [name, row.subarray(0, 200)]),
    );
    inPieces.observe(panel(joined, 400));
    expect(inPieces.learn(0)).toBeGreaterThan(1);
    inPieces.forecast(Object.keys(more).map(keyOf));
    const fit = jest.spyOn(Blend.prototype, 'fit');
    inPieces.learn();
    expect(fit).not.toHaveBeenCalled();
    fit.mockRestore();
  });

  it('takes up what came since it was saved from a whole history, and learns nothing twice', () => {
    const whole = OPTIONS.historySteps;
    const values = workload('hourly-jobs', whole + 20);
    const forecasting = new Forecasting(OPTIONS);
    forecasting.observe(panel({ a: values.subarray(0, whole) }));
    forecasting.learn();
    const restored = Forecasting.restore(forecasting.save(), OPTIONS);
    forecasting.observe(panel({ a: values.subarray(whole) }, whole));
    restored.observe(panel({ a: values.subarray(20) }, 20));
    const { block } = forecasting.forecast([keyOf('a')], { learns: 'new' });
    expect(restored.forecast([keyOf('a')], { learns: 'new' }).block).toEqual(block);
    const anew = new Forecasting(OPTIONS);
    anew.observe(panel({ a: values.subarray(20) }, 20));
    expect(anew.forecast([keyOf('a')]).block).not.toEqual(block);
  });

  it('begins anew with a history that was brought in while nobody observed', () => {
    const whole = OPTIONS.historySteps;
    const values = workload('daily', whole + 20);
    const late = values.map((value, step) => (step < whole - 50 ? NaN : value));
    const forecasting = new Forecasting(OPTIONS);
    forecasting.observe(panel({ a: late.subarray(0, whole), b: values.subarray(0, whole) }));
    forecasting.learn();
    const brought = { a: values.subarray(20), b: values.subarray(20), c: values.subarray(20) };
    forecasting.observe(panel(brought, 20));
    const fresh = new Forecasting(OPTIONS);
    fresh.observe(panel(brought, 20));
    for (const name of ['a', 'c']) {
      expect(forecasting.stepsKnown(keyOf(name))).toBe(whole);
      expect(forecastOf(forecasting, name).paths).toEqual(forecastOf(fresh, name).paths);
    }
    expect(forecasting.stepsKnown(keyOf('b'))).toBe(whole + 20);
  });

  it('refuses saved bytes that are damaged or of other settings', () => {
    const forecasting = new Forecasting(OPTIONS);
    forecasting.observe(panel({ a: workload('daily', 500) }));
    const bytes = forecasting.save();
    const restoring = (saved: Uint8Array, options = OPTIONS) => {
      try {
        Forecasting.restore(saved, options);
        return undefined;
      } catch (error) {
        return codeOf(error);
      }
    };
    expect(restoring(bytes)).toBeUndefined();
    for (const at of [0, 9, 200, bytes.length >> 1, bytes.length - 1]) {
      const damaged = bytes.slice();
      damaged[at]! ^= 0x10;
      expect(restoring(damaged)).toBe('ERR_FORECASTS_UNUSABLE');
    }
    expect(restoring(bytes.subarray(0, bytes.length - 1))).toBe('ERR_FORECASTS_UNUSABLE');
    expect(restoring(new Uint8Array(0))).toBe('ERR_FORECASTS_UNUSABLE');
    expect(restoring(bytes, { ...OPTIONS, horizonSteps: 24 })).toBe('ERR_FORECASTS_UNUSABLE');
  });

  it('keeps less than 8 KiB a series of a week of five minutes', () => {
    const forecasting = new Forecasting({ stepMs: STEP_MS, horizonSteps: 24, seed: 1 });
    const names = Array.from({ length: 64 }, (_, at) => `vol-${at}`);
    forecasting.observe(panel(Object.fromEntries(names.map((name) => [name, [1, 2, 3]]))));
    expect(forecasting.save().byteLength / names.length).toBeLessThan(8192);
  });

  it('knows how much errors move together, so that quantiles of sums are honest', () => {
    const rng = new SeededRng(9);
    const names = Array.from({ length: 24 }, (_, at) => `vol-${at}`);
    const steps = 5 * DAY;
    const common = autoregressive(rng, steps);
    const loads = Object.fromEntries(
      names.map((name) => {
        const own = autoregressive(rng, steps);
        return [name, common.map((value, step) => Math.exp(0.3 * value + 0.2 * own[step]!))];
      }),
    );
    const forecasting = new Forecasting(OPTIONS);
    let covered = 0;
    let coveredAlone = 0;
    let count = 0;
    for (let step = 3 * DAY; step + HORIZON <= steps; step += HORIZON) {
      const from = count === 0 ? 0 : step - HORIZON;
      const seen = names.map((name) => [name, loads[name]!.slice(from, step)] as const);
      forecasting.observe(panel(Object.fromEntries(seen), from));
      const block = forecastOf(forecasting, ...names);
      const h = HORIZON - 1;
      const came = names.reduce((sum, name) => sum + loads[name]![step + h]!, 0);
      if (came <= sumQuantile(block, h, true)) covered++;
      if (came <= sumQuantile(block, h, false)) coveredAlone++;
      count++;
    }
    expect(covered / count).toBeGreaterThan(0.8);
    expect(coveredAlone).toBeLessThan(covered);
  });
});

function autoregressive(rng: SeededRng, steps: number): number[] {
  let value = 0;
  return Array.from({ length: steps }, () => {
    value = 0.8 * value + 0.6 * gaussian(rng);
    return value;
  });
}

/** P90 of the sum by the rule of core/forecast.ts, or as if all errors were independent. */
function sumQuantile(block: ForecastBlock, h: number, isLoaded: boolean): number {
  const meanOf = meansIn(block);
  let mean = 0;
  let common = 0;
  let own = 0;
  for (const [s] of block.series.entries()) {
    const loading = isLoaded ? block.loadings[s]! : 0;
    const spread = pathOf(block, s, 0.9)[h]! - meanOf(s, h);
    mean += meanOf(s, h);
    common += loading * spread;
    own += (1 - loading ** 2) * spread ** 2;
  }
  return mean + Math.sqrt(common ** 2 + own);
}
