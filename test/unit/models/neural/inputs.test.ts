import { describe, expect, it } from '@jest/globals';
import { SeededRng } from '../../../../core/rng.js';
import type { Gauge } from '../../../../models/neural/inputs.js';
import {
  CONTEXT_INPUTS,
  Inputs,
  scale,
  STEP_INPUTS,
  unscale,
} from '../../../../models/neural/inputs.js';
import { DAY, HOUR, workload, WORKLOADS } from '../../../support/workloads.js';

const STEPS = 2 * DAY;
const HORIZON = 24;
const SHAPE = {
  historySteps: STEPS,
  seasons: [HOUR, DAY],
  steps: Array.from({ length: HORIZON }, (_, h) => h + 1),
};

interface Seen {
  readonly context: Float32Array;
  readonly steps: Float32Array;
  readonly gauge: Gauge;
}

function seen(roots: Float32Array, origin = roots.length, start = 0, earliest = origin): Seen {
  const inputs = new Inputs(SHAPE);
  const context = new Float32Array(CONTEXT_INPUTS + 2).fill(-99);
  const steps = new Float32Array(HORIZON * STEP_INPUTS + 2).fill(-99);
  inputs.take({ roots, start }, earliest);
  const gauge = inputs.write(origin, context, 1, { values: steps, at: 1 });
  expect([context[0], context.at(-1), steps[0], steps.at(-1)]).toEqual([-99, -99, -99, -99]);
  return { context: context.slice(1, -1), steps: steps.slice(1, -1), gauge };
}

function rootsOf(kind: (typeof WORKLOADS)[number]): Float32Array {
  return workload(kind, STEPS).map((value) => Math.sqrt(Number.isNaN(value) ? 0 : value));
}

describe('Inputs', () => {
  it('know no unit: a load times any factor looks the same', () => {
    for (const kind of WORKLOADS) {
      const roots = rootsOf(kind);
      const plain = seen(roots);
      for (const factor of [1e-3, 1e3]) {
        const scaled = seen(roots.map((root) => factor * root));
        for (const part of ['context', 'steps'] as const) {
          const apart = plain[part].map((value, at) => Math.abs(scaled[part][at]! - value));
          expect(Math.max(...apart)).toBeLessThan(2e-3);
        }
        expect(scaled.gauge.centre).toBeCloseTo(factor * plain.gauge.centre, 3);
      }
    }
  });

  it('are finite and of bounded size, on every load and after any history', () => {
    for (const kind of WORKLOADS) {
      const roots = rootsOf(kind);
      for (const start of [0, STEPS - DAY - 1, STEPS - 30, STEPS - 2, STEPS - 1]) {
        const { context, steps } = seen(roots, STEPS, start);
        const sizes = [...context, ...steps].map(Math.abs);
        expect(Math.max(...sizes)).toBeLessThanOrEqual(10);
      }
    }
  });

  it('show nothing from the origin on', () => {
    const origin = STEPS - 40;
    const roots = rootsOf('hourly-jobs');
    const changed = roots.map((root, step) => (step >= origin ? 7 * root + 1 : root));
    expect(seen(changed, origin)).toEqual(seen(roots, origin));
  });

  it('are the same whichever origins are asked before', () => {
    for (const start of [0, 40, STEPS - DAY - 20]) {
      const roots = rootsOf('walking');
      expect(seen(roots, STEPS, start, start)).toEqual(seen(roots, STEPS, start));
    }
  });

  it('do not depend on what came before the start', () => {
    const roots = rootsOf('bursty');
    const start = 100;
    const other = roots.map((root, step) => (step < start ? 1000 : root));
    const there = seen(roots, STEPS, start);
    const here = seen(other, STEPS, start);
    for (const part of ['context', 'steps'] as const) expect(here[part]).toEqual(there[part]);
  });

  it('show each step the same slot of the hour and of the day before', () => {
    const roots = new Float32Array(STEPS).map((_, step) => 1 + (step % DAY));
    const { steps, gauge } = seen(roots);
    for (let h = 1; h <= HORIZON; h++) {
      const step = STEPS + h - 1;
      const at = (h - 1) * STEP_INPUTS;
      const hourBefore = step - HOUR * Math.ceil(h / HOUR);
      expect(steps[at]).toBeCloseTo(scale(roots[hourBefore]!, gauge), 5);
      expect(steps[at + 10]).toBeCloseTo(scale(roots[step - DAY]!, gauge), 5);
    }
  });

  it('are undone by the gauge', () => {
    const gauge = { centre: 5, spread: 2, perSpread: 0.5, unrest: 1 };
    expect(unscale(scale(4.2, gauge), gauge)).toBeCloseTo(4.2, 9);
    expect(unscale(-10, gauge)).toBe(0);
    expect(unscale(3, { centre: 0, spread: 0 })).toBe(0);
  });

  it('leave out seasons that there is no place for', () => {
    const rng = new SeededRng(3);
    const roots = Float32Array.from({ length: STEPS }, () => rng.next());
    const inputs = new Inputs({ ...SHAPE, seasons: [4, HOUR, 30, DAY, 2 * DAY] });
    const context = new Float32Array(CONTEXT_INPUTS);
    inputs.take({ roots, start: 0 }, STEPS);
    inputs.write(STEPS, context, 0, { values: new Float32Array(HORIZON * STEP_INPUTS), at: 0 });
    expect(context.every(Number.isFinite)).toBe(true);
  });
});
