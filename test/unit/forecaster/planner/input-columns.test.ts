import { describe, expect, it } from '@jest/globals';
import { atOnce } from '../../../../core/threads/slices.js';
import { columnSlices, inputsIn } from '../../../../forecaster/planner/input-columns.js';
import type { PlanningInputs } from '../../../../forecaster/planner/inputs.js';
import { planFor } from '../../../../forecaster/planner/planner.js';
import { inputsOf } from '../../../support/planner/inputs.js';
import { randomInputs } from '../../../support/planner/random-inputs.js';

/** As they come out in another thread. */
const sent = (inputs: PlanningInputs): PlanningInputs =>
  inputsIn(structuredClone(atOnce(columnSlices(inputs))));

describe('planning inputs as columns', () => {
  it('are the same on the other side, whatever is in them', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const inputs = randomInputs(seed);
      expect(sent(inputs)).toEqual(inputs);
    }
  });

  it('say of each resource what there is to say', () => {
    const inputs = inputsOf({
      servers: { s1: { capacity: { cpu: 4 } }, s2: { capacity: { cpu: 4 }, zone: 'z' } },
      resources: {
        a: { on: 's1', needs: { cpu: 1 }, pinned: 's2', wanted: 's2', inFlight: 0 },
        b: { needs: { cpu: 1, memory: 2 }, movingTo: 's2', movedAtMs: 0, eligible: [] },
        c: { on: 's2', needs: {}, standby: 's1', eligible: ['s2'] },
      },
      restraint: { why: 'paused' },
    });
    expect(sent(inputs)).toEqual(inputs);
  });

  it('have lists in common as before, which the planner tells apart fastest', () => {
    const inputs = inputsOf({
      servers: { s1: { capacity: { cpu: 4 } } },
      resources: { a: { on: 's1', needs: { cpu: 1 } }, b: { on: 's1', needs: { cpu: 1 } } },
    });
    const [eligible] = inputs.resources.map((resource) => resource.eligible);
    const shared = {
      ...inputs,
      resources: inputs.resources.map((resource) => ({ ...resource, eligible: eligible! })),
    };
    const [a, b] = sent(shared).resources;
    expect(a?.eligible).toBe(b?.eligible);
  });

  it('are not taken for others where a name has what stands between names', () => {
    const inputs = inputsOf({
      servers: { s1: { capacity: { cpu: 4 } } },
      resources: { 'a\nb': { on: 's1', needs: { cpu: 1 } } },
    });
    expect(() => sent(inputs)).toThrow('no name has what stands between names');
  });

  it('do not say again what the reader has of an expected load, whatever else changed', () => {
    const inputs = randomInputs(7);
    const known = structuredClone(inputs);
    const later = { ...inputs, resources: inputs.resources.slice(1), nowMs: inputs.nowMs + 1 };
    const columns = structuredClone(atOnce(columnSlices(later, inputs)));
    expect(columns.outlooks).toBeNull();
    const read = inputsIn(columns, known);
    expect(read).toEqual(later);
    expect(read.forecast).toBe(known.forecast);
    const renewed = { ...later, last: later.last.slice() };
    expect(atOnce(columnSlices(renewed, inputs)).outlooks).not.toBeNull();
  });

  it('are planned with to the same bytes', () => {
    const inputs = randomInputs(7);
    expect(JSON.stringify(planFor(sent(inputs)))).toBe(JSON.stringify(planFor(inputs)));
  });
});
