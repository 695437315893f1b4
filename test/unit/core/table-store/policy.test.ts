import { describe, expect, it } from '@jest/globals';
import { configSchema } from '../../../../core/config/schema.js';
import { Draft } from '../../../../core/table-store/draft.js';
import type { History } from '../../../../core/table-store/policy.js';
import { plannerOptions, policyOf, policyWords } from '../../../../core/table-store/policy.js';
import type { TuningRecord } from '../../../../core/table-store/records/tuning.js';
import { TUNING } from '../../../../core/table-store/records/tuning.js';
import { ControlPlane } from '../../../support/control-plane.js';

const DAY_MS = 86_400_000;
const figures = (minutes: number, moves: number) => ({
  overloadMinutesPerServerDay: minutes,
  movesPerResourceDay: moves,
});
const RECORD: TuningRecord = {
  quantile: 0.95,
  sinceMs: 14 * DAY_MS,
  atMs: 14 * DAY_MS,
  verdict: 'changed',
  before: 0.85,
  chosen: 0.95,
  history: {
    dimension: 'cpu',
    servers: 6,
    resources: 89,
    fromMs: 7 * DAY_MS,
    judgedFromMs: 10.5 * DAY_MS,
    toMs: 14 * DAY_MS,
  },
  trials: [
    { quantile: 0.85, choosing: figures(9, 0.1), judging: figures(12.345, 0.1234) },
    { quantile: 0.95, choosing: figures(5, 0.2), judging: figures(7.7, 0.17) },
  ],
};

/** Nobody wrote down for how long: for long enough. */
const HISTORY = { stepMs: 300_000 };

async function told(
  record: Partial<TuningRecord> | undefined,
  quantile?: number,
  history: History = HISTORY,
) {
  const plane = new ControlPlane();
  if (record !== undefined) {
    await plane.write(new Draft().put(TUNING, 'planner', { ...RECORD, ...record }));
  }
  const { planner } = configSchema.parse({ planner: quantile === undefined ? {} : { quantile } });
  return {
    planned: plannerOptions(planner, plane.view, history).quantile,
    words: policyWords(policyOf(planner, plane.view, history)),
  };
}

describe('the policy of the planner', () => {
  it('is the safe quantile until something was found', async () => {
    expect(await told(undefined)).toEqual({
      planned: 0.85,
      words: 'plans for P85, the safe default: nothing was tried yet',
    });
    const verdict = 'learning' as const;
    const learning = { verdict, sinceMs: null, history: null, trials: [] };
    expect(await told({ ...learning, quantile: 0.85, chosen: 0.85 })).toEqual({
      planned: 0.85,
      words: 'plans for P85, the safe default: there is too little history to try others on',
    });
  });

  it('is careful while no day is known twice, unless something was pinned or found', async () => {
    const young = { ...HISTORY, stepsKnown: 575 };
    expect(await told(undefined, undefined, young)).toEqual({
      planned: 0.95,
      words:
        'plans for P95, and the tail beyond it, while no day is known twice: nothing was tried yet',
    });
    expect((await told(undefined, undefined, { ...young, stepsKnown: 576 })).planned).toBe(0.85);
    expect((await told(undefined, 0.7, young)).planned).toBe(0.7);
    expect((await told({ quantile: 0.9 }, undefined, young)).planned).toBe(0.9);
    const { planner } = configSchema.parse({});
    const { view } = new ControlPlane();
    expect(plannerOptions(planner, view, young)).toMatchObject({ countsTail: true });
    const pinned = plannerOptions({ ...planner, quantile: 0.9 }, view, young);
    expect(pinned).toMatchObject({ countsTail: false });
  });

  it('is what was tuned, with what it gains where it had no say', async () => {
    expect(await told({})).toEqual({
      planned: 0.95,
      words:
        'plans for P95, tuned: P95 has 7.7 overload minutes a server and day, 0.17 moves a resource and day on the last ' +
        '3.5 days of history, P85 12.3 overload minutes a server and day, 0.12 moves a resource and day',
    });
  });

  it("is the config's own where it is pinned there", async () => {
    const { planned, words } = await told({ verdict: 'advised', before: 0.7 }, 0.7);
    expect(planned).toBe(0.7);
    expect(words).toMatch(/^plans for P70, pinned by the config: P95 has 7.7 /);
  });

  it('says when none was better', async () => {
    const { words } = await told({ verdict: 'kept', before: 0.95 });
    expect(words).toMatch(/^plans for P95, tuned: none was clearly better on the last 3.5 days/);
  });

  it('keeps every other option of the config', () => {
    const plane = new ControlPlane();
    const { planner } = configSchema.parse({ planner: { target: 0.6, movesMax: 3 } });
    const options = plannerOptions(planner, plane.view, HISTORY);
    expect(options).toEqual({ ...planner, quantile: 0.85, countsTail: false });
  });
});
