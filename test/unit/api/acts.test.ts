import { describe, expect, it } from '@jest/globals';
import { approvePlan, rejectPlan, rollbackPlan } from '../../../api/acts/plans.js';
import { pinResource, setServerState } from '../../../api/acts/servers.js';
import { pause, resume, setMode } from '../../../api/acts/mode.js';
import type { PlanId } from '../../../core/domain.js';
import { auditTrail } from '../../../core/table-store/audit.js';
import { Draft } from '../../../core/table-store/draft.js';
import { Eligibility } from '../../../core/table-store/eligibility.js';
import { recordPlan } from '../../../core/table-store/plans.js';
import { MODE, PAUSE, PLAN } from '../../../core/table-store/records/plan.js';
import { ELIGIBLE, PIN, SERVER_STATE } from '../../../core/table-store/records/server.js';
import { PLACEMENT } from '../../../core/table-store/records/table.js';
import { ControlPlane } from '../../support/control-plane.js';
import { PLAN_QUEUE_DEFAULTS, nextWork } from '../../../redirector/switch/plan-queue.js';
import { g, p, r, s } from '../../support/names.js';

const ANN = { by: 'ann', reason: 'since I say so' };

async function proposed(plane: ControlPlane, life = 60_000): Promise<PlanId> {
  const { plan } = await recordPlan(
    {
      trigger: { kind: 'forecast', detail: 'test' },
      madeAtMs: plane.clock.realtimeMs(),
      expiresAtMs: plane.clock.realtimeMs() + life,
      base: plane.view.table.generation,
      states: { [s('s1')]: 'ready', [s('s2')]: 'ready' },
      batches: [{ moves: [plane.move('a', 's2')] }, { moves: [plane.move('b', 's2')] }],
      standbys: {},
      analysis: null,
    },
    undefined,
    plane,
  );
  return plan.id;
}

const pinning = ({ store, view, clock, log }: ControlPlane, shared: readonly string[] = []) => ({
  ...{ store, view, clock, log },
  eligibility: new Eligibility({ view, clock, isShared: (id) => shared.includes(id) }),
});

const fleet = () => ControlPlane.with(['s1', 's2'], { a: 's1@1.5', b: 's1@1.6' });

describe('a decision on a plan', () => {
  it('approves one that waits, says who did, and leaves a trace', async () => {
    const plane = await fleet();
    const id = await proposed(plane);
    await approvePlan(id, ANN, { startAtMs: null }, plane);
    expect(plane.view.get(PLAN, id)?.value).toMatchObject({ status: 'approved', ...ANN });
    expect(auditTrail(plane.view)[0]).toMatchObject({
      who: 'ann',
      what: 'approve',
      detail: `plan ${id}: since I say so`,
    });
  });

  it('is the same when it is said twice', async () => {
    const plane = await fleet();
    const id = await proposed(plane);
    await approvePlan(id, ANN, { startAtMs: null }, plane);
    await approvePlan(id, { by: 'bob', reason: '' }, { startAtMs: null }, plane);
    expect(plane.view.get(PLAN, id)?.value.by).toBe('ann');
    expect(auditTrail(plane.view)).toHaveLength(1);
  });

  it('refuses a plan whose resource has been moved since', async () => {
    const plane = await fleet();
    const id = await proposed(plane);
    const placement = plane.view.get(PLACEMENT, r('b'))?.value;
    if (placement === undefined) throw new Error('b is placed');
    await plane.write(new Draft().put(PLACEMENT, r('b'), { ...placement, since: g('1.50') }));
    await expect(approvePlan(id, ANN, { startAtMs: null }, plane)).rejects.toMatchObject({
      code: 'ERR_PLAN_STALE',
      facts: { why: 'b has been moved since' },
    });
    expect(plane.view.get(PLAN, id)?.value.status).toBe('proposed');
  });

  it('refuses a plan when the state of a server in it has changed', async () => {
    const plane = await fleet();
    const id = await proposed(plane);
    await setServerState(s('s2'), 'draining', ANN, plane);
    await expect(approvePlan(id, ANN, { startAtMs: null }, plane)).rejects.toMatchObject({
      facts: { why: 'server s2 was ready, is draining' },
    });
  });

  it('refuses a plan that has expired', async () => {
    const plane = await fleet();
    const id = await proposed(plane, 1000);
    await plane.clock.advance(1001);
    await expect(approvePlan(id, ANN, { startAtMs: null }, plane)).rejects.toMatchObject({
      facts: { why: 'it has expired' },
    });
  });

  it('rejects one that waits, after which it cannot be approved', async () => {
    const plane = await fleet();
    const id = await proposed(plane);
    await rejectPlan(id, ANN, plane);
    await expect(approvePlan(id, ANN, { startAtMs: null }, plane)).rejects.toMatchObject({
      code: 'ERR_PLAN_DECIDED',
    });
  });

  it('approves what stays when moves are left out, and says which those were', async () => {
    const plane = await fleet();
    const id = await proposed(plane);
    const leftOut = { resources: [r('a')], analysis: null };
    await approvePlan(id, ANN, { startAtMs: null, leftOut }, plane);
    const record = plane.view.get(PLAN, id)?.value;
    expect(record?.plan.batches.map(({ moves }) => moves.map(({ resource }) => resource))).toEqual([
      ['b'],
    ]);
    expect(auditTrail(plane.view)[0]?.detail).toBe(`plan ${id} without a: since I say so`);
  });

  it('refuses one of which nothing is left', async () => {
    const plane = await fleet();
    const id = await proposed(plane);
    const leftOut = { resources: [r('a'), r('b')], analysis: null };
    await expect(approvePlan(id, ANN, { startAtMs: null, leftOut }, plane)).rejects.toMatchObject({
      code: 'ERR_PLAN_EMPTY',
    });
    expect(plane.view.get(PLAN, id)?.value.status).toBe('proposed');
  });

  it('takes a scheduled one back', async () => {
    const plane = await fleet();
    const id = await proposed(plane);
    await approvePlan(id, ANN, { startAtMs: plane.clock.realtimeMs() + 5000 }, plane);
    await rejectPlan(id, ANN, plane);
    expect(plane.view.get(PLAN, id)?.value.status).toBe('rejected');
  });

  it('is carried out at its time, also where that is later than it would have lived', async () => {
    const plane = await fleet();
    const id = await proposed(plane);
    await approvePlan(id, ANN, { startAtMs: plane.clock.realtimeMs() + 3_600_000 }, plane);
    const next = () => nextWork(plane.view, plane.clock.realtimeMs(), PLAN_QUEUE_DEFAULTS);
    expect(next()).toEqual({ kind: 'none' });
    await plane.clock.advance(3_600_000);
    expect(next()).toMatchObject({ kind: 'batch', batch: 0 });
    await plane.clock.advance(60_001);
    expect(next()).toMatchObject({ kind: 'void', why: 'the plan is too old' });
  });

  it('may be brought forward, or put off, until it has begun', async () => {
    const plane = await fleet();
    const id = await proposed(plane);
    const record = () => plane.view.get(PLAN, id)?.value;
    const atMs = plane.clock.realtimeMs();
    await approvePlan(id, ANN, { startAtMs: atMs + 5000 }, plane);
    await approvePlan(id, { by: 'bob', reason: '' }, { startAtMs: atMs + 9000 }, plane);
    expect(record()).toMatchObject({ by: 'bob', startAtMs: atMs + 9000 });
    expect(record()?.plan.expiresAtMs).toBe(atMs + 69_000);
    await approvePlan(id, ANN, { startAtMs: null }, plane);
    expect(record()).toMatchObject({ status: 'approved', by: 'ann', startAtMs: null });
    await approvePlan(id, ANN, { startAtMs: atMs + 5000 }, plane);
    expect(record()?.startAtMs).toBeNull();
  });

  it('knows no plan that is not there', async () => {
    const plane = await fleet();
    await expect(approvePlan(p('77'), ANN, { startAtMs: null }, plane)).rejects.toMatchObject({
      code: 'ERR_PLAN_UNKNOWN',
    });
  });
});

describe('a rollback', () => {
  async function applied(plane: ControlPlane): Promise<PlanId> {
    const id = await proposed(plane);
    const record = plane.view.get(PLAN, id)?.value;
    if (record === undefined) throw new Error('the plan is there');
    const outcome = (batch: number, resource: string, generation: string) => ({
      batch,
      result: 'applied' as const,
      why: '',
      attempts: 1,
      resources: [r(resource)],
      generation: g(generation),
      atMs: 0,
      drainMs: 0,
      holdMs: 0,
      heldRequests: 0,
      failedRequests: 0,
    });
    const placement = (since: string) => ({
      server: s('s2'),
      since: g(since),
      standby: null,
      movedAtMs: 0,
      by: id,
    });
    await plane.write(
      new Draft()
        .put(PLAN, id, {
          ...record,
          status: 'applied',
          outcomes: [outcome(0, 'a', '1.101'), outcome(1, 'b', '1.102')],
        })
        .put(PLACEMENT, r('a'), placement('1.101'))
        .put(PLACEMENT, r('b'), placement('1.102')),
    );
    return id;
  }

  it('is the inverse plan, last batch first, approved at once', async () => {
    const plane = await fleet();
    const inverse = await rollbackPlan(await applied(plane), ANN, 60_000, plane);
    expect(inverse.status).toBe('approved');
    const moves = inverse.plan.batches.map(({ moves }) =>
      moves.map(({ resource, source, target }) => `${resource} ${source ?? ''} ${target}`),
    );
    expect(moves).toEqual([['b s2 s1'], ['a s2 s1']]);
    expect(auditTrail(plane.view)[0]).toMatchObject({
      what: 'rollback',
      detail: expect.stringMatching(/^plan \d+: since I say so$/),
    });
  });

  it('leaves alone what was moved again since', async () => {
    const plane = await fleet();
    const id = await applied(plane);
    const placement = plane.view.get(PLACEMENT, r('b'))?.value;
    if (placement === undefined) throw new Error('b is placed');
    await plane.write(new Draft().put(PLACEMENT, r('b'), { ...placement, since: g('1.103') }));
    const inverse = await rollbackPlan(id, ANN, 60_000, plane);
    expect(inverse.plan.batches).toHaveLength(1);
  });

  it('has nothing to do for a plan that was never applied', async () => {
    const plane = await fleet();
    const id = await proposed(plane);
    await expect(rollbackPlan(id, ANN, 60_000, plane)).rejects.toMatchObject({
      code: 'ERR_NOTHING_TO_UNDO',
    });
  });
});

describe('other acts', () => {
  it('drain and undrain a server', async () => {
    const plane = await fleet();
    await setServerState(s('s1'), 'draining', ANN, plane);
    expect(plane.view.get(SERVER_STATE, s('s1'))?.value).toMatchObject({
      state: 'draining',
      ...ANN,
    });
    await setServerState(s('s1'), 'ready', ANN, plane);
    expect(plane.view.get(SERVER_STATE, s('s1'))?.value.state).toBe('ready');
    expect(auditTrail(plane.view)).toHaveLength(2);
  });

  it('refuse names that are not known', async () => {
    const plane = await fleet();
    await expect(setServerState(s('s9'), 'ready', ANN, plane)).rejects.toMatchObject({
      code: 'ERR_SERVER_UNKNOWN',
    });
    await expect(pinResource(r('z'), s('s1'), ANN, pinning(plane))).rejects.toMatchObject({
      code: 'ERR_RESOURCE_UNKNOWN',
    });
    await expect(pinResource(r('a'), s('s9'), ANN, pinning(plane))).rejects.toMatchObject({
      code: 'ERR_SERVER_UNKNOWN',
    });
    expect(auditTrail(plane.view)).toEqual([]);
  });

  it('pin a resource and take the pin away', async () => {
    const plane = await fleet();
    await pinResource(r('a'), s('s2'), ANN, pinning(plane));
    expect(plane.view.get(PIN, r('a'))?.value.server).toBe('s2');
    await pinResource(r('a'), null, ANN, pinning(plane));
    expect(plane.view.get(PIN, r('a'))).toBeUndefined();
  });

  it('pin nothing that several servers serve at the same time, unless it has an owner', async () => {
    const plane = await fleet();
    await plane.write(new Draft().put(ELIGIBLE, s('s1'), { resources: [r('web')] }));
    const parts = pinning(plane, ['web', 'a']);
    await expect(pinResource(r('web'), s('s1'), ANN, parts)).rejects.toMatchObject({
      code: 'ERR_RESOURCE_SHARED',
    });
    await pinResource(r('a'), s('s2'), ANN, parts);
    expect(plane.view.get(PIN, r('a'))?.value.server).toBe('s2');
    expect([...parts.eligibility.sharing()]).toEqual([['web', ['s1']]]);
    expect([...parts.eligibility.servers().keys()]).toEqual(['a', 'b']);
  });

  it('pause, resume and set the mode, each once', async () => {
    const plane = await fleet();
    await pause(ANN, plane);
    await pause(ANN, plane);
    expect(plane.view.get(PAUSE, 'current')?.value.by).toBe('ann');
    await resume(ANN, plane);
    await resume(ANN, plane);
    expect(plane.view.get(PAUSE, 'current')).toBeUndefined();
    await setMode('auto', ANN, plane);
    expect(plane.view.get(MODE, 'current')?.value.mode).toBe('auto');
    expect(auditTrail(plane.view)).toHaveLength(3);
  });

  it('gives up what auto scheduled when the mode is another, and nothing that a person did', async () => {
    const plane = await fleet();
    const startAtMs = plane.clock.realtimeMs() + 5000;
    const scheduled = async (by: string): Promise<PlanId> => {
      const { plan } = await recordPlan(
        {
          trigger: { kind: 'forecast', detail: 'test' },
          madeAtMs: plane.clock.realtimeMs(),
          expiresAtMs: startAtMs + 60_000,
          base: plane.view.table.generation,
          states: {},
          batches: [],
          standbys: {},
          analysis: null,
        },
        { by, reason: '', startAtMs },
        plane,
      );
      return plan.id;
    };
    const own = await scheduled('foreshift');
    const anns = await scheduled('ann');
    const statusOf = (id: PlanId) => plane.view.get(PLAN, id)?.value.status;
    await setMode('auto', ANN, plane);
    expect([statusOf(own), statusOf(anns)]).toEqual(['approved', 'approved']);
    await setMode('propose', ANN, plane);
    expect([statusOf(own), statusOf(anns)]).toEqual(['superseded', 'approved']);
  });
});
