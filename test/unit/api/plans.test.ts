import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { PlanView } from '../../../api/contract/plans.js';
import { planText } from '../../../cli/plan-text.js';
import { styleOf } from '../../../cli/terminal.js';
import type { PlannedMove } from '../../../core/plan.js';
import type { Decision } from '../../../core/table-store/plans.js';
import { recordPlan } from '../../../core/table-store/plans.js';
import { ApiFront } from '../../support/api-front.js';

let front: ApiFront;

beforeEach(async () => {
  front = await ApiFront.start();
});

afterEach(() => front.stop());

const MINUTE_MS = 60_000;

async function record(decision: Decision | undefined): Promise<void> {
  const { plane } = front;
  const fromMs = plane.clock.realtimeMs();
  const window = { fromMs, untilMs: fromMs + 50 * MINUTE_MS, cheapestMs: fromMs + 40 * MINUTE_MS };
  const move: PlannedMove = { ...plane.move('a', 's2'), window };
  await recordPlan(
    {
      trigger: { kind: 'forecast', detail: 'test' },
      madeAtMs: fromMs,
      expiresAtMs: fromMs + 60 * MINUTE_MS,
      base: plane.view.table.generation,
      states: {},
      batches: [{ moves: [move] }],
      standbys: {},
      analysis: null,
    },
    decision,
    plane,
  );
}

async function waiting(): Promise<PlanView[]> {
  const { text } = await front.ask('GET', '/v1/plans');
  return (JSON.parse(text) as { plans: PlanView[] }).plans;
}

describe('the plans that wait', () => {
  it('say of each move when it starts best, at the command line as in the API', async () => {
    await record(undefined);
    const [plan] = await waiting();
    const [move] = plan?.moves ?? [];
    const fromMs = front.plane.clock.realtimeMs();
    expect(move?.window?.cheapestMs).toBe(fromMs + 40 * MINUTE_MS);
    expect(move?.start).toMatch(/^starts best at .* UTC, before .* UTC$/);
    const style = styleOf(false);
    const text = planText(plan!, { style, nowMs: fromMs, isVerbose: false });
    expect(text).toContain(`; ${move?.start ?? ''}]`);
    await front.plane.clock.advance(40 * MINUTE_MS);
    expect((await waiting())[0]?.moves[0]?.start).toBeNull();
  });

  it('are also those that wait for their time, until it has come', async () => {
    const { clock } = front.plane;
    const startAtMs = clock.realtimeMs() + 5000;
    await record({ by: 'foreshift', reason: 'mode auto, when it is cheapest', startAtMs });
    const [plan] = await waiting();
    expect(plan).toMatchObject({ status: 'approved', startAtMs });
    const options = { style: styleOf(false), nowMs: clock.realtimeMs(), isVerbose: false };
    expect(planText(plan!, options)).toContain('next: foreshift apply 1 (now), foreshift reject 1');
    const status = JSON.parse((await front.ask('GET', '/v1/status')).text) as {
      balancer: { text: string };
    };
    expect(status.balancer.text).toMatch(/is approved for .*; foreshift apply 1 makes them now$/);
    await clock.advance(5000);
    expect(await waiting()).toEqual([]);
  });
});
