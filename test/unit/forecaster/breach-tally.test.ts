import { describe, expect, it } from '@jest/globals';
import { BreachTally } from '../../../forecaster/breach-tally.js';
import { s } from '../../support/names.js';

const STEP_MS = 300_000;
const DAY_STEPS = 288;

/** One step: what came, and what was said of it. */
function note(
  tally: BreachTally,
  step: number,
  came: number,
  said: number,
  { isOvertaken = false, p90 = 9 } = {},
): void {
  const timeMs = step * STEP_MS;
  const spoken = [{ leadMs: STEP_MS, said: [{ timeMs, p10: 0, p50: said, p90 }] }];
  const none = [{ leadMs: STEP_MS, said: [] }];
  tally.note(s('s1'), {
    stepMs: STEP_MS,
    came: [{ timeMs, value: came }],
    ahead: isOvertaken ? none : spoken,
    overtaken: isOvertaken ? spoken : none,
  });
}

describe('the tally of overloads', () => {
  it('tells what was called, missed, and called but did not come', () => {
    const tally = new BreachTally({ windowMs: DAY_STEPS * STEP_MS });
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
    expect(tally.score()).toMatchObject({ called: 1, missed: 1, false: 1, answered: 0 });
  });

  it('takes a load that fills a server for an overload: more than all of it cannot be measured', () => {
    const tally = new BreachTally({ windowMs: DAY_STEPS * STEP_MS });
    for (const [step, came] of [0.5, 0.99, 0.5].entries()) note(tally, step, came, 1.3 * came);
    expect(tally.score()).toMatchObject({ called: 1, missed: 0, false: 0 });
  });

  it('takes a spell over several rounds for one', () => {
    const tally = new BreachTally({ windowMs: DAY_STEPS * STEP_MS });
    for (const [step, came] of [0.5, 1.2, 1.3, 1.2, 0.5].entries()) note(tally, step, came, came);
    expect(tally.score()).toMatchObject({ called: 1, missed: 0, false: 0, answered: 0 });
  });

  it('forgets what is older than a day', () => {
    const tally = new BreachTally({ windowMs: DAY_STEPS * STEP_MS });
    note(tally, 0, 1.2, 0.5);
    expect(tally.score().missed).toBe(1);
    for (let step = 1; step <= DAY_STEPS; step++) note(tally, step, 0.5, 0.5);
    expect(tally.score()).toMatchObject({ called: 0, missed: 0, false: 0, answered: 0 });
  });

  it('holds a call against nobody that was answered by a move', () => {
    const tally = new BreachTally({ windowMs: DAY_STEPS * STEP_MS });
    for (let step = 0; step < 6; step++) {
      note(tally, step, 0.8, step === 3 ? 1.2 : 0.8, { isOvertaken: step > 1 });
    }
    expect(tally.score()).toMatchObject({ called: 0, missed: 0, false: 0, answered: 1 });
  });

  it('says how much came out within its band, or so near to it that no plan would differ', () => {
    const tally = new BreachTally({ windowMs: DAY_STEPS * STEP_MS });
    for (const [step, came] of [0.5, 0.505, 0.52, 0.4].entries()) {
      note(tally, step, came, 0.5, { p90: 0.5 });
    }
    expect(tally.score()).toMatchObject({ compared: 4, coverage: 0.75, leadMs: null });
  });

  it('says how long before overloads were called, and forgets what came before a given time', () => {
    const tally = new BreachTally({ windowMs: DAY_STEPS * STEP_MS });
    for (const [step, came] of [0.5, 1.2, 0.5, 0.5, 1.2].entries()) {
      note(tally, step, came, step === 1 ? 1.2 : 0.5);
    }
    expect(tally.score()).toMatchObject({ called: 1, missed: 1, leadMs: STEP_MS, compared: 5 });
    expect(tally.score(3 * STEP_MS)).toMatchObject({ called: 0, missed: 1, compared: 2 });
  });
});
