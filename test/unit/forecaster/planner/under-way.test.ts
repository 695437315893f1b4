import { describe, expect, it } from '@jest/globals';
import { Draft } from '../../../../core/table-store/draft.js';
import { recordPlan } from '../../../../core/table-store/plans.js';
import { PAUSE, PLAN } from '../../../../core/table-store/records/plan.js';
import { LOST } from '../../../../core/table-store/records/server.js';
import type { SwitchRecord } from '../../../../core/table-store/records/switch.js';
import { SWITCH } from '../../../../core/table-store/records/switch.js';
import { isPlanUnderWay, movesUnderWay } from '../../../../forecaster/planner/under-way.js';
import { ControlPlane } from '../../../support/control-plane.js';
import { g, s } from '../../../support/names.js';

const HOUR_MS = 3_600_000;

/** Ann approved, for so many hours from now, that `a` goes from s1 to s2 and then `c` from s2 to s3. */
async function approved(startHours: number | null) {
  const plane = await ControlPlane.with(['s1', 's2', 's3', 's4'], { a: 's1@1.5', c: 's2@1.7' });
  const nowMs = plane.clock.realtimeMs();
  const startAtMs = startHours === null ? null : nowMs + startHours * HOUR_MS;
  const { plan } = await recordPlan(
    {
      trigger: { kind: 'forecast', detail: 'test' },
      madeAtMs: nowMs,
      expiresAtMs: (startAtMs ?? nowMs) + HOUR_MS,
      base: plane.view.table.generation,
      states: { [s('s1')]: 'ready', [s('s2')]: 'ready', [s('s3')]: 'ready' },
      batches: [{ moves: [plane.move('a', 's2')] }, { moves: [plane.move('c', 's3')] }],
      standbys: {},
      analysis: null,
    },
    { by: 'ann', reason: 'tonight', startAtMs },
    plane,
  );
  return { plane, plan };
}

async function lose(plane: ControlPlane, ...names: readonly string[]): Promise<void> {
  const loss = { loss: '1', evidence: 'dead', how: 'a test', sinceMs: 0 } as const;
  const draft = new Draft();
  for (const name of names) draft.put(LOST, s(name), loss);
  await plane.write(draft);
}

function pause(plane: ControlPlane): Promise<void> {
  const paused = { by: 'ann', reason: '', sinceMs: plane.clock.realtimeMs() };
  return plane.write(new Draft().put(PAUSE, 'current', paused));
}

function underWay({ view, clock }: ControlPlane): [string[], boolean] {
  const nowMs = clock.realtimeMs();
  const moves = [...movesUnderWay(view, nowMs)].map(([id, target]) => `${id}>${target}`);
  return [moves, isPlanUnderWay(view, nowMs)];
}

describe('what is under way', () => {
  it('is what a plan that was approved for later still can move', async () => {
    const { plane } = await approved(8);
    expect(underWay(plane)).toEqual([['a>s2', 'c>s3'], true]);
    await lose(plane, 's4');
    expect(underWay(plane)).toEqual([['a>s2', 'c>s3'], true]);
    await lose(plane, 's1');
    expect(underWay(plane)).toEqual([['c>s3'], true]);
  });

  it.each([
    ['its time has not come', 8],
    ['a pause holds it', null],
  ])('is nothing of a plan that has become stale while %s', async (_why, startHours) => {
    const { plane } = await approved(startHours);
    if (startHours === null) await pause(plane);
    await lose(plane, 's2');
    expect(underWay(plane)).toEqual([[], false]);
  });

  it('is nothing of a plan that is too old to be begun once a pause is over', async () => {
    const { plane } = await approved(null);
    await pause(plane);
    await plane.clock.advance(HOUR_MS);
    expect(underWay(plane)).toEqual([['a>s2', 'c>s3'], true]);
    await plane.clock.advance(1);
    expect(underWay(plane)).toEqual([[], false]);
  });

  it('is a due plan, whatever became of its servers, until the coordinator says what becomes of it', async () => {
    const { plane } = await approved(8);
    await lose(plane, 's2');
    await plane.clock.advance(8 * HOUR_MS);
    expect(underWay(plane)).toEqual([['a>s2', 'c>s3'], true]);
  });

  it('is a batch whose switch is open, whatever became of its servers', async () => {
    const { plane, plan } = await approved(null);
    await pause(plane);
    const record = plane.view.get(PLAN, plan.id)!.value;
    const opened = {
      plan: plan.id,
      batch: 0,
      state: 'held',
      generation: g('1.201'),
      returnGeneration: null,
      moves: [plane.move('a', 's2')],
      lost: [],
      standbys: {},
      fault: null,
      enteredAtMs: {},
    } satisfies SwitchRecord;
    await plane.write(
      new Draft().put(PLAN, plan.id, { ...record, status: 'applying' }).put(SWITCH, 'open', opened),
    );
    await lose(plane, 's1', 's2');
    expect(underWay(plane)).toEqual([['a>s2'], true]);
  });
});
