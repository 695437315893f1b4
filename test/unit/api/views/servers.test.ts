import { beforeEach, describe, expect, it } from '@jest/globals';
import { Forecasts } from '../../../../api/views/forecasts.js';
import { Fleet } from '../../../../api/views/kept/fleet.js';
import { placementsOf, residentsOf } from '../../../../api/views/residents.js';
import { serversOf } from '../../../../api/views/servers.js';
import { switchesOf } from '../../../../api/views/switches.js';
import type { NoPlan } from '../../../../core/plan.js';
import type { ForecastRun } from '../../../../core/metric-store/port.js';
import { recordPlan } from '../../../../core/table-store/plans.js';
import { Draft } from '../../../../core/table-store/draft.js';
import { Eligibility } from '../../../../core/table-store/eligibility.js';
import { LOST, SERVER_STATE } from '../../../../core/table-store/records/server.js';
import type { MemberRecord } from '../../../../core/table-store/records/switch.js';
import { MEMBER } from '../../../../core/table-store/records/switch.js';
import { ROUND } from '../../../../core/table-store/records/plan.js';
import { ControlPlane } from '../../../support/control-plane.js';
import { g, m, r, s } from '../../../support/names.js';
import { forecastRun, resourceSeries } from '../../../support/series.js';

let plane: ControlPlane;

beforeEach(async () => {
  plane = await ControlPlane.with(['s1', 's2'], { a: 's1@1.5', b: 's1@1.6', c: 's1@1.7' });
});

function member(unreachable: MemberRecord['unreachable'] = {}): MemberRecord {
  return {
    boot: 'b.1',
    beat: 1,
    leaseMs: 1000,
    generation: g('1.7'),
    unreachable,
    abandoned: {},
    panic: false,
    health: null,
  };
}

const residents = (server: string, run: ForecastRun | undefined) =>
  residentsOf(s(server), new Forecasts(run), { view: plane.view, fleet: new Fleet(plane.view) });

const seen = () => {
  const { view, clock } = plane;
  const { servers } = serversOf(view, new Eligibility({ view, clock }), new Fleet(view));
  return Object.fromEntries(servers.map((server) => [server.id, server]));
};

async function drained(atMs: number): Promise<void> {
  const record = { state: 'draining', by: 'ann', reason: '', sinceMs: atMs } as const;
  await plane.write(new Draft().put(SERVER_STATE, s('s1'), record));
}

describe('how a server answers', () => {
  it('is what the redirectors say of it', async () => {
    expect(seen().s1?.health).toMatchObject({ isWell: false });
    await plane.write(new Draft().put(MEMBER, m('r1'), member()));
    expect(seen().s1?.health).toEqual({
      isWell: true,
      text: 'answers the redirector',
      sinceMs: null,
    });
    const fault = { [s('s1')]: { evidence: 'refused', sinceMs: 7 } } as const;
    await plane.write(new Draft().put(MEMBER, m('r2'), member(fault)));
    expect(seen().s1?.health).toEqual({
      isWell: false,
      text: 'refuses connections from r2',
      sinceMs: 7,
    });
    expect(seen().s2?.health.text).toBe('answers all 2 redirectors');
  });

  it('is why it is lost, if it is', async () => {
    const lost = { loss: '1', evidence: 'dead', how: 'its host refuses', sinceMs: 9 } as const;
    await plane.write(new Draft().put(LOST, s('s1'), lost));
    expect(seen().s1?.health).toEqual({ isWell: false, text: 'its host refuses', sinceMs: 9 });
  });
});

describe('the drain of a server', () => {
  it('says what is left, and how long that may take once something has moved', async () => {
    const sinceMs = plane.clock.realtimeMs();
    expect(seen().s1?.drain).toBeNull();
    await drained(sinceMs);
    expect(seen().s1?.drain).toMatchObject({ remaining: 3, moved: 0, etaMs: null, blockers: [] });
    await plane.applied([plane.move('a', 's2', 'drain')], sinceMs + 2000);
    expect(seen().s1?.drain).toMatchObject({
      remaining: 2,
      resources: ['b', 'c'],
      moved: 1,
      etaMs: 4000,
    });
  });

  it('names what is in the way: what failed, and what the last round said of its resources only', async () => {
    await drained(plane.clock.realtimeMs());
    const blocker = {
      kind: 'pin',
      server: s('s1'),
      zone: null,
      dimension: null,
      amount: null,
    } as const;
    const none: NoPlan = {
      why: 'blocked',
      blockers: [
        { ...blocker, resource: r('b') },
        { ...blocker, resource: r('elsewhere') },
      ],
      score: null,
      gain: null,
      gainMin: null,
      steps: null,
      stepsMin: null,
    };
    const trigger = { kind: 'event', detail: '' } as const;
    await plane.write(new Draft().put(ROUND, 'last', { atMs: 0, trigger, plan: null, none }));
    expect(seen().s1?.drain?.blockers).toEqual([{ resource: 'b', why: 'b is pinned to s1' }]);
  });
});

describe('what a server serves', () => {
  it('is listed by how much of it each is expected to take, with where a plan would have it', async () => {
    const run = forecastRun(
      [resourceSeries('a', 'cpu'), resourceSeries('b', 'cpu'), resourceSeries('c', 'hits')],
      { startMs: 0, steps: 2, base: 1 },
    );
    await recordPlan(
      {
        trigger: { kind: 'forecast', detail: 'test' },
        madeAtMs: 0,
        expiresAtMs: 1e15,
        base: plane.view.table.generation,
        states: {},
        batches: [{ moves: [plane.move('a', 's2')] }],
        standbys: {},
        analysis: null,
      },
      undefined,
      plane,
    );
    expect(residents('s1', run).residents).toEqual([
      { resource: 'b', dimension: 'cpu', share: 3.375, target: null },
      { resource: 'a', dimension: 'cpu', share: 0.875, target: 's2' },
      { resource: 'c', dimension: null, share: null, target: null },
    ]);
    expect(residents('s2', undefined).residents).toEqual([]);
    expect(() => residents('s9', run)).toThrow('s9');
  });
});

describe('where a resource was', () => {
  it('is its placement and what is remembered of its moves, the latest first', async () => {
    const atMs = plane.clock.realtimeMs() + 5000;
    await plane.applied([plane.move('a', 's2')], atMs);
    expect(placementsOf(r('a'), plane.view).placements).toEqual([
      { server: 's2', fromMs: atMs, untilMs: null },
      { server: 's1', fromMs: null, untilMs: atMs },
    ]);
  });
});

describe('what was switched', () => {
  it('is every batch, the latest first, with its moves, its hold, and whether it can be taken back', async () => {
    const first = await plane.applied([plane.move('a', 's2'), plane.move('b', 's2')], 1000);
    await plane.applied([plane.move('c', 's2')], 2000);
    const { switches, holds, undoable } = switchesOf(plane.view, 2);
    expect(switches.map(({ moves }) => moves.map(({ resource }) => resource))).toEqual([
      ['c'],
      ['a'],
    ]);
    expect(switches[1]).toMatchObject({ plan: first, result: 'applied', holdMs: 1 });
    expect(holds).toEqual({ count: 3, p50Ms: 1, p99Ms: 1 });
    // What they moved has another generation now: somebody moved it since.
    expect(undoable).toEqual([]);
  });

  it('is nothing at first', () => {
    expect(switchesOf(plane.view, 10)).toEqual({ switches: [], undoable: [], holds: null });
  });
});
