import { describe, expect, it } from '@jest/globals';
import { QUANTILES } from '../../core/forecast.js';
import { Blend } from '../../models/blend.js';
import type { BlendState } from '../../models/blend-state.js';
import type { Model, Shape } from '../../models/model.js';
import { SeasonalNaive } from '../../models/seasonal-naive.js';
import { rowFrom } from '../support/rows.js';
import { describeBadInput } from './bad-input.js';
import type { Workload } from '../support/workloads.js';
import { DAY, workload, WORKLOADS } from '../support/workloads.js';

const HORIZON = 24;
/** Four days of five minutes. */
const STEPS = 4 * DAY;
const SHAPE: Shape = { horizonSteps: HORIZON, historySteps: STEPS };
const ORIGINS = [STEPS - HORIZON, STEPS - 100, STEPS - 333, DAY + 40];

export const MODEL_TESTS = {
  horizon: 'says every step of the horizon, on every load',
  untouched: 'leaves the history as it was',
  repeats: 'says the same again for the same history',
  company: 'says the same of a series in any company',
  constant: 'says of a constant load that it stays',
  scale: 'follows the scale of a load',
  shift: 'follows a load that is lifted',
  hidden: 'hardly depends on what is hidden from it',
  refused: 'says nothing with less history than it needs',
  young: 'says something as soon as it has the history it needs',
  restored: 'says the same after its parameters were saved and restored',
  scores: 'is scored against the seasonal naive forecast',
} as const;

/** What every model must do; each model's test calls this. What one cannot do is listed with its reason. */
export function describeModel(
  name: string,
  make: (shape: Shape) => Model,
  { skip = [] }: { skip?: readonly { test: keyof typeof MODEL_TESTS; reason: string }[] } = {},
): void {
  describe(name, () => {
    const check = (test: keyof typeof MODEL_TESTS, body: () => void): void => {
      const skipped = skip.find((entry) => entry.test === test);
      if (skipped === undefined) it(MODEL_TESTS[test], body);
      else it(`does not: ${MODEL_TESTS[test]} (${skipped.reason})`, () => undefined);
    };

    check('horizon', () => {
      for (const kind of WORKLOADS) {
        const said = predicted(make(SHAPE), workload(kind, STEPS));
        expect(said.length % HORIZON).toBe(0);
        expect(said.length).toBeGreaterThan(0);
        expect([kind, ...said].slice(1).every(Number.isFinite)).toBe(true);
      }
    });

    describeBadInput(STEPS, (values) => blended(make, [values]));

    check('untouched', () => {
      const model = make(SHAPE);
      const row = rowFrom(workload('gappy', STEPS), { origins: ORIGINS });
      const before = [row.values, row.roots, row.isKnown, row.origins].map((part) => [...part]);
      const params = new Float32Array(model.params);
      model.fit([row], params, rehearsal(model));
      const learnt = params.slice();
      model.predict([row], params, new Float32Array(model.paths * HORIZON));
      const after = [row.values, row.roots, row.isKnown, row.origins].map((part) => [...part]);
      expect(after).toEqual(before);
      expect(params).toEqual(learnt);
    });

    check('repeats', () => {
      const values = workload('bursty', STEPS);
      const model = make(SHAPE);
      const first = predicted(model, values);
      expect(predicted(model, values)).toEqual(first);
      expect(predicted(make(SHAPE), values)).toEqual(first);
    });

    check('company', () => {
      const loads = WORKLOADS.map((kind) => workload(kind, STEPS));
      const together = blended(make, loads);
      for (const [at, values] of loads.entries()) {
        const size = QUANTILES.length * HORIZON;
        const alone = blended(make, [values]);
        expect(together.paths.subarray(at * size, (at + 1) * size)).toEqual(alone.paths);
      }
    });

    check('constant', () => {
      const [value = 0] = workload('constant', 1);
      const { paths, peaks } = blended(make, [workload('constant', STEPS)]);
      for (const said of [...paths, ...peaks]) expect(said / value).toBeCloseTo(1, 3);
    });

    check('scale', () => {
      const values = workload('daily', STEPS);
      const plain = blended(make, [values]).paths;
      const scaled = blended(make, [values.map((value) => 7 * value)]).paths;
      for (const [at, said] of plain.entries()) expect(scaled[at]! / said / 7).toBeCloseTo(1, 2);
    });

    check('shift', () => {
      const values = workload('daily', STEPS);
      const lift = 3 * Math.max(...values);
      const plain = blended(make, [values]).paths;
      const lifted = blended(make, [values.map((value) => value + lift)]).paths;
      for (const [at, said] of plain.entries()) {
        expect(Math.abs((lifted[at]! - said) / lift - 1)).toBeLessThan(0.1);
      }
    });

    check('hidden', () => {
      const values = workload('daily', STEPS);
      const origin = ORIGINS[1]!;
      const seen = rehearsed(make(SHAPE), values, origin);
      const changed = values.map((value, step) =>
        step >= origin && step < origin + HORIZON ? 1.5 * value : value,
      );
      const unseen = rehearsed(make(SHAPE), changed, origin);
      // Who copied what is hidden would be off by a half.
      for (const [at, said] of seen.entries()) {
        expect(Math.abs(unseen[at]! / said - 1)).toBeLessThan(0.1);
      }
    });

    check('refused', () => {
      const { minHistory } = make(SHAPE);
      const said = predicted(make(SHAPE), workload('daily', minHistory - 1), STEPS);
      expect([...said].every(Number.isNaN)).toBe(true);
    });

    check('young', () => {
      const { minHistory } = make(SHAPE);
      expect(minHistory).toBeLessThanOrEqual(STEPS);
      const said = predicted(make(SHAPE), workload('daily', minHistory), STEPS);
      expect([...said].every(Number.isFinite)).toBe(true);
    });

    check('restored', () => {
      const values = workload('hourly-jobs', STEPS);
      const { blend, state, ...before } = blended(make, [values]);
      const restored = blend.stateOf(1);
      for (const [at, array] of state.arrays.entries()) restored.arrays[at]!.set(array);
      const after = spoken(new Blend([make(SHAPE)], OPTIONS), restored, 1);
      expect(after.paths).toEqual(before.paths);
      expect(after.peaks).toEqual(before.peaks);
    });

    check('scores', () => {
      const ours = WORKLOADS.map((kind) => missOf(make, kind));
      const naive = WORKLOADS.map((kind) => missOf(seasonalNaive, kind));
      const lines = WORKLOADS.flatMap((kind, at) =>
        naive[at]! > 1e-3 * ours[at]! ? [`${kind} ${(ours[at]! / naive[at]!).toFixed(2)}`] : [],
      );
      process.stdout.write(`${name}: error ÷ seasonal naive's: ${lines.join(', ')}\n`);
      expect(ours.every(Number.isFinite)).toBe(true);
    });
  });
}

/** Fewer origins than usual: quicker, and the checks do not depend on it. */
const OPTIONS = { ...SHAPE, quantiles: QUANTILES, originsMax: 16 };

function seasonalNaive(shape: Shape): Model {
  return new SeasonalNaive({ ...shape, season: { name: '1d', steps: DAY } });
}

function rehearsal(model: Model): Float32Array {
  return new Float32Array(model.paths * ORIGINS.length * HORIZON);
}

/** What a model by itself says after learning from these values. */
function predicted(model: Model, values: Float32Array, historySteps = values.length): Float32Array {
  const row = rowFrom(values, { historySteps, origins: ORIGINS.map(() => -1) });
  const params = new Float32Array(model.params);
  model.fit([row], params, rehearsal(model));
  const said = new Float32Array(model.paths * HORIZON);
  model.predict([row], params, said);
  return said;
}

/** What it would have said at an origin. */
function rehearsed(model: Model, values: Float32Array, origin: number): Float32Array {
  const row = rowFrom(values, { origins: [origin] });
  const said = new Float32Array(model.paths * HORIZON);
  model.fit([row], new Float32Array(model.params), said);
  return said;
}

interface Spoken {
  readonly paths: Float32Array;
  readonly peaks: Float32Array;
}

/** The model as a forecaster: a blend of one. */
function blended(
  make: (shape: Shape) => Model,
  loads: readonly Float32Array[],
): Spoken & { readonly blend: Blend; readonly state: BlendState } {
  const blend = new Blend([make(SHAPE)], OPTIONS);
  const state = blend.stateOf(loads.length);
  for (const [slot, values] of loads.entries()) {
    for (const value of values) state.append(slot, value);
  }
  blend.fit(state, [...loads.keys()], STEPS);
  return { blend, state, ...spoken(blend, state, loads.length) };
}

function spoken(blend: Blend, state: BlendState, series: number): Spoken {
  const paths = new Float32Array(series * QUANTILES.length * HORIZON);
  const peaks = new Float32Array(series * QUANTILES.length);
  blend.predict(state, [...new Array<void>(series).keys()], { paths, peaks });
  return { paths, peaks };
}

/** Mean absolute error of the median over a few origins of the last day. */
function missOf(make: (shape: Shape) => Model, kind: Workload): number {
  const values = workload(kind, STEPS + 3 * HORIZON, 5);
  let miss = 0;
  let count = 0;
  for (let shift = 0; shift < 3 * HORIZON; shift += HORIZON) {
    const { paths } = blended(make, [values.subarray(shift, shift + STEPS)]);
    for (let h = 0; h < HORIZON; h++) {
      const came = values[shift + STEPS + h]!;
      if (Number.isNaN(came)) continue;
      miss += Math.abs(came - paths[HORIZON + h]!);
      count++;
    }
  }
  return miss / count;
}
