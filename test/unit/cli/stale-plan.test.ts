import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Draft } from '../../../core/table-store/draft.js';
import { recordPlan } from '../../../core/table-store/plans.js';
import { PLACEMENT } from '../../../core/table-store/records/table.js';
import { ApiFront, problemIn } from '../../support/api-front.js';
import { g, r } from '../../support/names.js';
import { runRecorded } from '../../support/recorder.js';

describe('a plan whose facts have changed since it was made', () => {
  let front: ApiFront;

  beforeEach(async () => {
    front = await ApiFront.start();
    const { plane } = front;
    const madeAtMs = plane.clock.realtimeMs();
    await recordPlan(
      {
        ...{ madeAtMs, expiresAtMs: madeAtMs + 60_000, base: plane.view.table.generation },
        trigger: { kind: 'forecast', detail: 'test' },
        batches: [{ moves: [plane.move('a', 's2')] }],
        ...{ states: {}, standbys: {}, analysis: null },
      },
      undefined,
      plane,
    );
    // It was moved meanwhile, and came back.
    const placement = plane.view.get(PLACEMENT, r('a'))?.value;
    if (placement === undefined) throw new Error('a is placed');
    await plane.write(new Draft().put(PLACEMENT, r('a'), { ...placement, since: g('1.50') }));
  });

  afterEach(() => front.stop());

  it('is refused with 409, as a problem that says what to do, and exit code 4', async () => {
    const refused = await front.post('/v1/plans/1/approve', { by: 'ann' });
    expect(refused.status).toBe(409);
    const { code, type, remedy } = problemIn(refused);
    expect({ code, type }).toEqual({ code: 'ERR_PLAN_STALE', type: '/problems/plan-stale' });
    const api = `http://127.0.0.1:${front.server.address.port}`;
    const { exit, said, printed } = await runRecorded('apply', '1', '--yes', '--api', api);
    expect({ exit, printed }).toEqual({ exit: 4, printed: '' });
    expect(said).toContain('ERR_PLAN_STALE');
    expect(said).toContain(remedy);
    const { text } = await front.ask('GET', '/v1/plans/1');
    expect(JSON.parse(text)).toMatchObject({ status: 'proposed', outcomes: [] });
  });
});
