import { describe, expect, it } from '@jest/globals';
import { QUANTILES } from '../../../../core/forecast.js';
import { Blend } from '../../../../models/blend.js';
import { LastValue } from '../../../../models/last-value.js';
import type { Shape } from '../../../../models/model.js';
import { STEP_QUANTILES } from '../../../../models/neural/layers.js';
import { Neural } from '../../../../models/neural/neural.js';
import { openNeural } from '../../../../models/neural/open.js';
import { stepsLookedAt } from '../../../../models/targets.js';
import { describeModel } from '../../../conformance/model.js';
import { rowFrom } from '../../../support/rows.js';
import { shippedWeights } from '../../../support/shipped.js';
import { DAY, workload, WORKLOADS } from '../../../support/workloads.js';

const HOUR_MS = 3_600_000;
const CALENDAR = { stepMs: 300_000, seasonsMs: [HOUR_MS, 24 * HOUR_MS, 168 * HOUR_MS] };
const { network } = await openNeural(shippedWeights(), 'auto');

function neural(shape: Shape): Neural {
  const model = new Neural({ ...shape, ...CALENDAR });
  model.use(network);
  return model;
}

describeModel('Neural', neural);

const HORIZON = 12;
const STEPS = 2 * DAY;
const SHAPE = { horizonSteps: HORIZON, historySteps: STEPS };

function said(model: Neural, values: Float32Array): Float32Array {
  const into = new Float32Array(model.paths * model.horizonSteps);
  model.predict([rowFrom(values, { historySteps: STEPS })], new Float32Array(0), into);
  return into;
}

describe('Neural', () => {
  it('says the same of a load in any unit', () => {
    for (const kind of WORKLOADS) {
      const values = workload(kind, STEPS);
      const plain = said(neural(SHAPE), values);
      const scaled = said(
        neural(SHAPE),
        values.map((value) => 1000 * value),
      );
      const most = Math.max(...plain, 1e-9);
      const apart = plain.map((value, at) => Math.abs(scaled[at]! / 1000 - value) / most);
      expect(Math.max(...apart)).toBeLessThan(2e-3);
    }
  });

  it('rehearses the steps that are judged and the peak, as it would have forecast them', () => {
    const horizonSteps = 24;
    const shape = { horizonSteps, historySteps: STEPS };
    const values = workload('daily', STEPS);
    const origin = STEPS - 2 * horizonSteps;
    const model = neural(shape);
    const stride = model.paths * horizonSteps;
    const rehearsed = new Float32Array(stride);
    const row = rowFrom(values, { historySteps: STEPS, origins: [origin] });
    model.fit([row], new Float32Array(0), rehearsed);
    const forecast = new Float32Array(stride);
    const known = values.subarray(0, origin);
    model.predict([rowFrom(known, { historySteps: origin })], new Float32Array(0), forecast);
    const lookedAt = stepsLookedAt(horizonSteps);
    expect(lookedAt).toEqual([0, 1, 2, 3, 5, 7, 9, 11, 12, 14, 16, 18, 20, 22]);
    for (let path = 0; path < model.paths; path++) {
      const isPeak = path >= STEP_QUANTILES.length;
      for (let h = 0; h < horizonSteps; h++) {
        const at = path * horizonSteps + h;
        const speaker = isPeak || h === 23 ? h : lookedAt.findLast((step) => step <= h)!;
        expect(rehearsed[at]! / forecast[path * horizonSteps + speaker]!).toBeCloseTo(1, 2);
      }
    }
  });

  it('says the same of the first steps at any horizon', () => {
    const values = workload('daily', STEPS);
    const near = said(neural(SHAPE), values);
    const far = said(neural({ ...SHAPE, horizonSteps: 96 }), values);
    for (let h = 0; h < HORIZON; h++) expect(far[96 + h]! / near[HORIZON + h]!).toBeCloseTo(1, 3);
  });

  it('has nothing to say without a network, and the others go on', () => {
    const silent = new Neural({ ...SHAPE, ...CALENDAR });
    expect(said(silent, workload('daily', STEPS)).every(Number.isNaN)).toBe(true);
    const blend = new Blend([new LastValue(SHAPE), silent], { ...SHAPE, quantiles: QUANTILES });
    const state = blend.stateOf(1);
    for (const value of workload('daily', STEPS)) state.append(0, value);
    blend.fit(state, [0], STEPS);
    expect(blend.namesOf(state, 0)).toBe('last');
    const paths = new Float32Array(3 * HORIZON);
    blend.predict(state, [0], { paths, peaks: new Float32Array(3) });
    expect(paths.every(Number.isFinite)).toBe(true);
  });

  it('speaks for a series only where it would have been better than the others', () => {
    const model = neural(SHAPE);
    const blend = new Blend([new LastValue(SHAPE), model], { ...SHAPE, quantiles: QUANTILES });
    const kinds = ['hourly-jobs', 'constant'] as const;
    const state = blend.stateOf(kinds.length);
    for (const [slot, kind] of kinds.entries()) {
      for (const value of workload(kind, STEPS)) state.append(slot, value);
    }
    blend.fit(state, [0, 1], STEPS);
    expect(blend.namesOf(state, 0)).toMatch(/^neural/);
    expect(blend.namesOf(state, 1)).toMatch(/^last/);
  });
});
