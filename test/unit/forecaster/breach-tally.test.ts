import { describe, expect, it } from '@jest/globals';
import { BreachTally } from '../../../forecaster/breach-tally.js';
import { s } from '../../support/names.js';

const STEP_MS = 300_000;
const DAY_STEPS = 288;

/** One step: what came, and what was said of it. */
function note(tally: BreachTally, step: number, came: number, said: number): void {
  const timeMs = step * STEP_MS;
  tally.note(s('s1'), {
    stepMs: STEP_MS,
    came: [{ timeMs, value: came }],
    ahead: [{ leadMs: STEP_MS, said: [{ timeMs, p10: 0, p50: said, p90: 9 }] }],
  });
}

describe('the tally of overloads', () => {
  it('tells what was called, missed, and called but did not come', () => {
    const tally = new BreachTally();
    const steps = [
      [0.5, 0.5],
      [1.2, 1.1],
      [0.5, 0.5],
      [0.5, 0.5],
      [1.2, 0.5],
      [0.5, 0.5],
      [0.5, 0.5],
      [0.5, 1.4],
      [0.5, 0.5],
    ] as const;
    for (const [step, [came, said]] of steps.entries()) note(tally, step, came, said);
    expect(tally.summary()).toEqual({ called: 1, missed: 1, false: 1 });
  });

  it('takes a spell over several rounds for one', () => {
    const tally = new BreachTally();
    for (const [step, came] of [0.5, 1.2, 1.3, 1.2, 0.5].entries()) note(tally, step, came, came);
    expect(tally.summary()).toEqual({ called: 1, missed: 0, false: 0 });
  });

  it('forgets what is older than a day', () => {
    const tally = new BreachTally();
    note(tally, 0, 1.2, 0.5);
    expect(tally.summary().missed).toBe(1);
    for (let step = 1; step <= DAY_STEPS; step++) note(tally, step, 0.5, 0.5);
    expect(tally.summary()).toEqual({ called: 0, missed: 0, false: 0 });
  });
});
