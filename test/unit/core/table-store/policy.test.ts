import { describe, expect, it } from '@jest/globals';
import { configSchema } from '../../../../core/config/schema.js';
import { Draft } from '../../../../core/table-store/draft.js';
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

async function told(record: Partial<TuningRecord> | undefined, quantile?: number) {
  const plane = new ControlPlane();
  if (record !== undefined) {
    await plane.write(new Draft().put(TUNING, 'planner', { ...RECORD, ...record }));
  }
  const { planner } = configSchema.parse({ planner: quantile === undefined ? {} : { quantile } });
  return {
    planned: plannerOptions(planner, plane.view).quantile,
    words: policyWords(policyOf(planner, plane.view)),
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
    expect(plannerOptions(planner, plane.view)).toEqual({ ...planner, quantile: 0.85 });
  });
});
