import { describe, expect, it } from '@jest/globals';
import { startWords } from '../../../../forecaster/planner/words.js';
import { planFor } from '../../../../forecaster/planner/planner.js';
import type { TestFleet } from '../../../support/planner/inputs.js';
import { START_MS, STEP_MS, inputsOf } from '../../../support/planner/inputs.js';
import { movesOf, planned } from '../../../support/planner/planned.js';

const SERVER = { capacity: { hits: 1000 } };
const step = (count: number): number => START_MS + count * STEP_MS;

/** s1 passes its capacity at the last of these steps, and `a` is what leaves it. */
function rising(a: readonly number[], rest: readonly number[]): TestFleet {
  return {
    steps: a.length,
    servers: { s1: SERVER, s2: SERVER },
    resources: {
      a: { on: 's1', needs: { hits: a } },
      b: { on: 's1', needs: { hits: rest }, pinned: 's1' },
      c: { on: 's2', needs: { hits: 10 } },
    },
  };
}

const windowOf = (fleet: TestFleet) => movesOf(planned(fleet))[0]?.window;

describe('the start window of a move', () => {
  it('ends when the source would pass its limit, and names the moment before when it needs least', () => {
    const fleet = rising([300, 250, 200, 300, 350], [400, 400, 400, 400, 700]);
    expect(windowOf(fleet)).toEqual({
      fromMs: START_MS,
      untilMs: step(4),
      cheapestMs: step(2),
    });
    expect(startWords(movesOf(planned(fleet))[0]!, START_MS)).toBe(
      'starts best at 09:10 UTC, before 09:20 UTC',
    );
  });

  it('is not put off for a moment that is hardly cheaper', () => {
    const fleet = rising([300, 300, 280, 300, 350], [400, 400, 400, 400, 700]);
    expect(windowOf(fleet)?.cheapestMs).toBe(START_MS);
    expect(startWords(movesOf(planned(fleet))[0]!, START_MS)).toBeNull();
  });

  it('never names the step of the breach itself, however cheap that is', () => {
    const fleet = rising([300, 300, 300, 300, 100], [400, 400, 400, 400, 920]);
    expect(windowOf(fleet)).toMatchObject({ untilMs: step(4), cheapestMs: START_MS });
  });

  it('is over at once where the limit is passed already', () => {
    const fleet = rising([300, 10], [900, 900]);
    expect(windowOf(fleet)).toEqual({ fromMs: START_MS, untilMs: START_MS, cheapestMs: START_MS });
  });

  it('lasts as long as the horizon where no limit is in danger', () => {
    const fleet: TestFleet = {
      steps: 4,
      servers: { s1: SERVER, s2: SERVER },
      resources: {
        a: { on: 's1', needs: { hits: [350, 350, 350, 200] } },
        b: { on: 's1', needs: { hits: [350, 350, 200, 350] } },
      },
    };
    expect(windowOf(fleet)).toMatchObject({ untilMs: step(3) });
  });

  it('is now for what must leave its server or has none', () => {
    const drained = rising([300, 100], [100, 100]);
    const servers = { ...drained.servers, s1: { ...SERVER, state: 'draining' as const } };
    const resources = { ...drained.resources, b: { on: 's2', needs: { hits: 100 } } };
    expect(windowOf({ ...drained, servers, resources })).toEqual({
      fromMs: START_MS,
      untilMs: START_MS,
      cheapestMs: START_MS,
    });
  });

  it('begins now, where the forecast began before', () => {
    const nowMs = step(1) + 60_000;
    const later = (a: readonly number[]) => {
      const inputs = inputsOf(rising(a, [400, 400, 400, 400, 700]));
      return planFor({ ...inputs, nowMs }).plan?.batches[0]?.moves[0]?.window;
    };
    const untilMs = step(4);
    // What was cheaper is over.
    expect(later([200, 250, 220, 300, 350])).toEqual({
      fromMs: nowMs,
      untilMs,
      cheapestMs: step(2),
    });
    expect(later([200, 220, 250, 300, 350])).toEqual({
      fromMs: nowMs,
      untilMs,
      cheapestMs: nowMs,
    });
  });
});
