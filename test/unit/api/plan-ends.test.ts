import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Status } from '../../../api/contract/status.js';
import { Draft } from '../../../core/table-store/draft.js';
import { recordPlan } from '../../../core/table-store/plans.js';
import { PLAN, PLAN_ENDS, ROUND } from '../../../core/table-store/records/plan.js';
import { ApiFront } from '../../support/api-front.js';

describe('the balancer, once the plan of the last round', () => {
  let front: ApiFront;

  beforeEach(async () => {
    front = await ApiFront.start();
  });

  afterEach(() => front.stop());

  it.each(PLAN_ENDS)(
    'is %s, says that, and only of one that was that it was carried out',
    async (end) => {
      const { plane } = front;
      const nowMs = plane.clock.realtimeMs();
      const { plan } = await recordPlan(
        {
          trigger: { kind: 'forecast', detail: 'test' },
          madeAtMs: nowMs,
          expiresAtMs: nowMs + 60_000,
          base: plane.view.table.generation,
          states: {},
          batches: [{ moves: [plane.move('a', 's2')] }],
          standbys: {},
          analysis: null,
        },
        undefined,
        plane,
      );
      const record = plane.view.get(PLAN, plan.id)!.value;
      const draft = new Draft()
        .put(PLAN, plan.id, { ...record, status: end, finishedAtMs: nowMs })
        .put(ROUND, 'last', { atMs: nowMs, trigger: plan.trigger, plan: plan.id, none: null });
      await plane.store.transact(draft.transaction);
      await plane.view.sync();
      const { balancer } = JSON.parse((await front.ask('GET', '/v1/status')).text) as Status;
      expect(balancer.kind === 'balanced').toBe(end === 'applied');
      expect(balancer.text.endsWith('was carried out')).toBe(end === 'applied');
      expect(balancer.text).toMatch(/^Plan 1 (was|failed|became)/);
    },
  );
});
