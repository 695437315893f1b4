import { beforeEach, describe, expect, it } from '@jest/globals';
import { Draft } from '../../../../core/table-store/draft.js';
import { recordPlan } from '../../../../core/table-store/plans.js';
import { PLAN } from '../../../../core/table-store/records/plan.js';
import type { SwitchRecord } from '../../../../core/table-store/records/switch.js';
import { SWITCH } from '../../../../core/table-store/records/switch.js';
import { LoneMember } from '../../../../replay/foreshift/stand-ins.js';
import { CoordinatorLease } from '../../../../redirector/switch/coordinator-lease.js';
import { SwitchLedger } from '../../../../redirector/switch/ledger.js';
import { PLAN_QUEUE_DEFAULTS, nextWork } from '../../../../redirector/switch/plan-queue.js';
import { ControlPlane } from '../../../support/control-plane.js';
import { g, p, r, s } from '../../../support/names.js';

let plane: ControlPlane;
let ledger: SwitchLedger;

beforeEach(async () => {
  plane = await ControlPlane.with(['s1', 's2', 's3'], {
    'vol-1': 's1@1.1',
    'vol-2': 's1@1.2',
    'vol-3': 's2@1.3',
  });
  const { store, view, clock } = plane;
  const lease = new CoordinatorLease({ store, view, membership: new LoneMember() });
  await lease.acquire();
  ledger = new SwitchLedger({ store, view, clock, lease });
  await ledger.setStandbys({ [r('vol-1')]: s('s2'), [r('vol-2')]: s('s3') });
});

/** Before its end: vol-1 goes from s1 to s2. */
async function attached(standbys: Readonly<Record<string, string | null>>): Promise<SwitchRecord> {
  const record: SwitchRecord = {
    plan: p('7'),
    batch: 0,
    state: 'attached',
    generation: g('1.301'),
    returnGeneration: g('1.302'),
    moves: [{ resource: r('vol-1'), source: s('s1'), target: s('s2'), since: g('1.1') }],
    lost: [],
    standbys: standbys as SwitchRecord['standbys'],
    fault: null,
    enteredAtMs: {},
  };
  await plane.write(new Draft().put(SWITCH, 'open', record));
  return record;
}

function standbyOf(resource: string): string | null | undefined {
  return plane.view.table.placementOf(r(resource))?.standby;
}

describe('a batch for which its coordinator is woken twice', () => {
  it('is opened once, under one generation, and not again once it was switched', async () => {
    const { view, clock } = plane;
    const madeAtMs = clock.realtimeMs();
    const moves = [plane.move('vol-1', 's2')];
    const { plan } = await recordPlan(
      {
        ...{ trigger: { kind: 'operator', detail: 'test' }, madeAtMs, states: {}, standbys: {} },
        ...{ expiresAtMs: madeAtMs + 60_000, base: view.table.generation, analysis: null },
        batches: [{ moves }],
      },
      { by: 'ann', reason: '' },
      plane,
    );
    const record = view.get(PLAN, plan.id)!.value;
    const batch = { plan: plan.id, batch: 0, moves, lost: [], standbys: {} };
    // Both looked before either wrote.
    expect(await Promise.all([ledger.open(batch, record), ledger.open(batch, record)])).toEqual([
      true,
      false,
    ]);
    const open = view.get(SWITCH, 'open')!.value;
    expect([open.generation, view.reserved]).toEqual([g('1.201'), g('1.201')]);

    expect(await ledger.commit(open, 'target')).toBe(true);
    const outcome = {
      ...{ batch: 0, result: 'applied' as const, why: '', attempts: 1, resources: [r('vol-1')] },
      ...{ generation: open.generation, atMs: madeAtMs, drainMs: 0, holdMs: 0 },
      ...{ heldRequests: 0, failedRequests: 0 },
    };
    expect(await ledger.close(view.get(SWITCH, 'open')!.value, outcome)).toBe(true);
    expect(nextWork(view, madeAtMs, PLAN_QUEUE_DEFAULTS).kind).toBe('finish');
  });
});

describe('standbys', () => {
  it('are set alone, but never to the server itself, nor of what nobody knows', async () => {
    await ledger.setStandbys({
      [r('vol-1')]: s('s1'),
      [r('vol-2')]: s('s2'),
      [r('vol-9')]: s('s1'),
    });
    expect([standbyOf('vol-1'), standbyOf('vol-2')]).toEqual(['s2', 's2']);
    expect(standbyOf('vol-9')).toBeUndefined();
  });

  it('are taken back where the plan says that there is none, with a commit and alone', async () => {
    const record = await attached({ 'vol-1': null, 'vol-2': null });
    expect(await ledger.commit(record, 'target')).toBe(true);
    expect([standbyOf('vol-1'), standbyOf('vol-2')]).toEqual([null, null]);
    await ledger.setStandbys({ [r('vol-2')]: s('s3'), [r('vol-3')]: s('s1') });
    await ledger.setStandbys({ [r('vol-2')]: null, [r('vol-9')]: null });
    expect([standbyOf('vol-2'), standbyOf('vol-3')]).toEqual([null, 's1']);
    expect(standbyOf('vol-9')).toBeUndefined();
  });

  it('come with a commit, also of what is not moved', async () => {
    const record = await attached({ 'vol-1': 's3', 'vol-3': 's1' });
    expect(await ledger.commit(record, 'target')).toBe(true);
    expect(plane.view.table.placementOf(r('vol-1'))?.server).toBe('s2');
    expect([standbyOf('vol-1'), standbyOf('vol-2'), standbyOf('vol-3')]).toEqual([
      's3',
      's3',
      's1',
    ]);
  });

  it('are none once the resource is on its standby, and no better is known', async () => {
    const record = await attached({});
    await ledger.commit(record, 'target');
    expect(plane.view.table.placementOf(r('vol-1'))?.server).toBe('s2');
    expect(standbyOf('vol-1')).toBeNull();
  });

  it('stay as they were by a give-back, if the plan meant the source itself', async () => {
    const record = await attached({ 'vol-1': 's1', 'vol-3': 's1' });
    await ledger.commit(record, 'source');
    expect(plane.view.table.placementOf(r('vol-1'))).toMatchObject({
      server: 's1',
      since: g('1.302'),
      standby: 's2',
    });
    expect(standbyOf('vol-3')).toBeNull();
  });
});
