import { describe, expect, it } from '@jest/globals';
import { SeededRng, between } from '../../../../core/rng.js';
import type { PlanningInputs } from '../../../../forecaster/planner/inputs.js';
import { planFor } from '../../../../forecaster/planner/planner.js';
import type { TestFleet } from '../../../support/planner/inputs.js';
import { START_MS, STEP_MS, inputsOf } from '../../../support/planner/inputs.js';
import { movesIn, movesOf, planned } from '../../../support/planner/planned.js';

const SERVER = { capacity: { hits: 1000 } };

/** What is moved of two resources that need so much each, both on one server since then. */
function moved(hits: number, movedAtMs: number): string[] {
  const resource = { on: 's1', needs: { hits }, movedAtMs };
  return movesIn(
    planned({ servers: { s1: SERVER, s2: SERVER }, resources: { a: resource, b: resource } }),
  );
}

describe('planFor', () => {
  it('evens out the loads 100,100 | 150,200 | 300,400 to 400, 450, 400 with two moves', () => {
    const result = planned({
      servers: { s1: SERVER, s2: SERVER, s3: SERVER },
      resources: {
        a: { on: 's1', needs: { hits: 100 } },
        b: { on: 's1', needs: { hits: 100 } },
        c: { on: 's2', needs: { hits: 150 } },
        d: { on: 's2', needs: { hits: 200 } },
        e: { on: 's3', needs: { hits: 300 } },
        f: { on: 's3', needs: { hits: 400 } },
      },
    });
    expect(movesOf(result)).toHaveLength(2);
    expect(result.plan?.analysis.outlook.map(({ plan }) => plan)).toEqual([0.4, 0.45, 0.4]);
  });

  it('says that it is balanced when no limit is in danger', () => {
    const { none } = planned({
      servers: { s1: SERVER, s2: SERVER },
      resources: { a: { on: 's1', needs: { hits: 300 } }, b: { on: 's2', needs: { hits: 400 } } },
    });
    expect(none).toMatchObject({ why: 'balanced', blockers: [] });
  });

  it('moves a resource before its server would pass the target, and says when that would be', () => {
    const rising = [100, 300, 500, 700];
    const result = planned({
      steps: 4,
      servers: { s1: SERVER, s2: SERVER },
      resources: {
        a: { on: 's1', needs: { hits: rising } },
        b: { on: 's1', needs: { hits: 450 } },
        c: { on: 's2', needs: { hits: 50 } },
      },
    });
    expect(movesIn(result)).toHaveLength(1);
    expect(movesOf(result)[0]?.reason).toMatchObject({
      kind: 'overload',
      server: 's1',
      dimension: 'hits',
      atMs: START_MS + 3 * STEP_MS,
      before: expect.closeTo(1.15),
      limit: 1,
    });
  });

  it('lets loads that peak at different times share a server', () => {
    const early = [700, 100];
    const late = [100, 700];
    const result = planned({
      steps: 2,
      servers: { s1: SERVER, s2: SERVER },
      resources: {
        a: { on: 's1', needs: { hits: early } },
        b: { on: 's1', needs: { hits: early } },
        c: { on: 's2', needs: { hits: late } },
        d: { on: 's2', needs: { hits: late } },
      },
    });
    expect(result.plan?.analysis.score.plan.peak).toBeCloseTo(0.8);
    // Neither fits without the other having gone: they are switched as one.
    expect(result.plan?.batches).toHaveLength(1);
    expect(movesOf(result)).toHaveLength(2);
  });

  it('counts the part of an error that resources do not share less than their sum', () => {
    const fleet = (loading: number): TestFleet => ({
      servers: { s1: SERVER, s2: SERVER },
      resources: Object.fromEntries(
        ['a', 'b', 'c', 'd'].map((id) => [
          id,
          { on: 's1', needs: { hits: 160 }, spread: 0.5, loading },
        ]),
      ),
      options: { imbalanceMax: 9 },
    });
    // 640 ± 160 if the errors are independent, ± 320 if they are one; the plan is for 0.85 of them.
    expect(planned(fleet(0)).none?.why).toBe('balanced');
    expect(movesOf(planned(fleet(1)))).toHaveLength(1);
  });

  it('places what has no server where it leaves most room', () => {
    const result = planned({
      servers: { s1: SERVER, s2: SERVER },
      resources: {
        a: { on: 's1', needs: { hits: 500 } },
        b: { on: 's2', needs: { hits: 300 } },
        c: { needs: { hits: 100 } },
      },
    });
    expect(movesIn(result)).toEqual(['c: - > s2']);
    expect(movesOf(result)[0]).toMatchObject({ since: null, reason: { kind: 'place' } });
  });

  it('spreads new resources of unknown load, counting them as average ones', () => {
    const fresh = Object.fromEntries(
      ['w', 'x', 'y', 'z'].map((id) => [id, { needs: {} }] as const),
    );
    const result = planned({
      servers: { s1: SERVER, s2: SERVER, s3: SERVER },
      resources: { a: { on: 's1', needs: { hits: 200 } }, ...fresh },
    });
    const counts = ['s1', 's2', 's3'].map(
      (server) => movesOf(result).filter(({ target }) => target === server).length,
    );
    expect(counts.sort()).toEqual([1, 1, 2]);
  });

  it('serves what nobody serves even where it overloads the server, and says what is missing', () => {
    const result = planned({
      servers: { s1: SERVER },
      resources: { a: { on: 's1', needs: { hits: 900 } }, b: { needs: { hits: 300 } } },
    });
    expect(movesIn(result)).toEqual(['b: - > s1']);
    expect(result.plan?.analysis.blockers).toMatchObject([
      { kind: 'capacity', resource: null, server: null, dimension: 'hits', amount: 0.2 },
    ]);
  });

  it('makes no move that wins less than it costs', () => {
    const { none } = planned({
      servers: { s1: SERVER, s2: SERVER },
      resources: {
        a: { on: 's1', needs: { hits: 420 } },
        b: { on: 's1', needs: { hits: 390 } },
        c: { on: 's2', needs: { hits: 300 } },
      },
    });
    expect(none).toMatchObject({ why: 'gain-too-small', gainMin: 0.05 });
    expect(none?.gain).toBeGreaterThan(0);
    expect(none?.gain).toBeLessThan(0.05);
  });

  it('moves nothing about that takes away only a little of an overload', () => {
    const fleet = (reliefMin: number): TestFleet => ({
      servers: { s1: SERVER, s2: SERVER },
      resources: {
        a: { on: 's1', needs: { hits: 1000 }, pinned: 's1' },
        b: { on: 's1', needs: { hits: 280 } },
        c: { on: 's1', needs: { hits: 10 } },
        d: { on: 's2', needs: { hits: 980 }, pinned: 's2' },
      },
      options: { reliefMin },
    });
    expect(movesIn(planned(fleet(0.02)))).toEqual(['c: s1 > s2']);
    expect(planned(fleet(0.05)).plan).toBeNull();
    expect(planned(fleet(0.05)).none).toMatchObject({ why: 'blocked' });
  });

  it('empties a server that many small resources overload, though none of them is much of it', () => {
    const small = Object.fromEntries(
      Array.from({ length: 38 }, (_hole, index) => [
        `r${index}`,
        { on: 's1', needs: { hits: 78 } },
      ]),
    );
    const result = planned({
      servers: { s1: SERVER, s2: SERVER, s3: SERVER, s4: SERVER },
      resources: small,
      options: { movesMax: 40 },
    });
    expect(result.plan?.analysis.score.nothing.peak).toBeCloseTo(2.964);
    expect(result.plan?.analysis.score.plan.peak).toBeLessThan(0.9);
  });

  it('moves again what moved lately only off a server that is overloaded', () => {
    // Above the target of 80 %, and above the capacity.
    expect(moved(490, START_MS - 1000)).toEqual([]);
    expect(moved(510, START_MS - 1000)).toHaveLength(1);
  });

  it('takes for moved lately what a clock moved that is a little ahead, not what one moved that was set back', () => {
    expect(moved(490, START_MS + 30_000)).toEqual([]);
    expect(moved(490, START_MS + 30 * 86_400_000)).toHaveLength(1);
  });

  it('lets what moved lately give way where that takes away overload', () => {
    const result = planned({
      servers: { s1: SERVER, s2: SERVER },
      resources: {
        a: { on: 's1', needs: { hits: 700 } },
        b: { on: 's1', needs: { hits: 400 } },
        c: { on: 's2', needs: { hits: 650 }, movedAtMs: START_MS - 1000 },
      },
    });
    expect(result.plan?.analysis.score.plan.overload ?? 0).toBeLessThan(0.1);
    expect(movesIn(result)).toContain('c: s2 > s1');
  });

  it('spreads new resources that nobody knows by number, whichever server is the emptiest', () => {
    const result = planned({
      servers: { s1: SERVER, s2: SERVER, s3: SERVER },
      resources: {
        a: { on: 's1', needs: { hits: 300 } },
        b: { on: 's2', needs: { hits: 100 } },
        ...Object.fromEntries(
          Array.from({ length: 7 }, (_hole, index) => [
            `new${index}`,
            { on: null, needs: { hits: 0 } },
          ]),
        ),
      },
    });
    const targets = movesOf(result).map(({ target }) => target);
    expect(
      ['s1', 's2', 's3'].map((id) => targets.filter((target) => target === id).length),
    ).toEqual([2, 2, 3]);
  });

  it('says how many servers are missing when even a perfect spread is too full', () => {
    const { none } = planned({
      servers: { s1: SERVER, s2: SERVER },
      resources: {
        a: { on: 's1', needs: { hits: 1300 } },
        b: { on: 's2', needs: { hits: 1300 } },
      },
    });
    expect(none).toMatchObject({ why: 'blocked', blockers: [{ kind: 'capacity', amount: 0.6 }] });
  });

  it('says that no server is ready', () => {
    const { none } = planned({
      servers: { s1: { ...SERVER, state: 'maintenance' } },
      resources: { a: { on: 's1', needs: { hits: 10 } } },
    });
    expect(none?.why).toBe('no-servers');
  });

  it('has an answer to nothing at all', () => {
    expect(planned({ servers: {}, resources: {} }).none?.why).toBe('no-servers');
    expect(planned({ servers: { s1: SERVER }, resources: {} }).none?.why).toBe('balanced');
    expect(
      planned({ servers: { s1: { capacity: {} } }, resources: { a: { needs: {} } } }).plan?.batches,
    ).toHaveLength(1);
  });

  it('chooses standbys that hold what they would get, and keeps those that do', () => {
    const fleet: TestFleet = {
      servers: { s1: SERVER, s2: SERVER, s3: SERVER },
      resources: {
        a: { on: 's1', needs: { hits: 400 } },
        b: { on: 's1', needs: { hits: 300 } },
        c: { on: 's2', needs: { hits: 500 } },
        d: { on: 's3', needs: { hits: 600 } },
      },
    };
    const { standbys } = planned(fleet);
    // 400 fits beside 500 or 600, and 300 beside the other; both beside one do not.
    expect(new Set([standbys['a' as never], standbys['b' as never]])).toEqual(
      new Set(['s2', 's3']),
    );
    const resources = Object.fromEntries(
      Object.entries(fleet.resources).map(([id, resource]) => [
        id,
        { ...resource, standby: standbys[id as never] as string },
      ]),
    );
    expect(planned({ ...fleet, resources }).standbys).toEqual({});
  });

  it('chooses standbys for where everything stands, too, as long as what only makes things better waits', () => {
    // The plan brings `b` to s2: its standby is s1 then, and s2 until then.
    const { plan, standbys, standing } = planned({
      servers: { s1: SERVER, s2: SERVER },
      resources: {
        a: { on: 's1', needs: { hits: 700 } },
        b: { on: 's1', needs: { hits: 500 } },
        new: { needs: { hits: 50 }, eligible: ['s2'] },
      },
    });
    expect(plan?.batches.map(({ moves }) => moves.map(({ resource }) => resource))).toEqual([
      ['new'],
      ['b'],
    ]);
    expect(standbys).toEqual({ a: 's2', b: 's1' });
    expect(standing).toEqual({ a: 's2', b: 's2' });
  });

  it('names the same standbys for both where nothing waits', () => {
    const { standbys, standing } = planned({
      servers: { s1: { ...SERVER, state: 'lost' }, s2: SERVER, s3: SERVER },
      resources: { a: { on: 's1', needs: { hits: 100 }, standby: 's2' } },
    });
    expect(standing).toEqual(standbys);
  });

  it('takes back a standby that may no longer serve, if no other does', () => {
    const a = { on: 's1', needs: { hits: 100 }, standby: 's2' } as const;
    const servers = { s1: SERVER, s2: SERVER, s3: SERVER };
    const only = planned({ servers, resources: { a: { ...a, eligible: ['s1'] } } });
    expect(only.standbys).toEqual({ a: null });
    const other = planned({ servers, resources: { a: { ...a, eligible: ['s1', 's3'] } } });
    expect(other.standbys).toEqual({ a: 's3' });
  });

  it('refuses loads that none can be, naming them', () => {
    const inputs = inputsOf({
      servers: { s1: SERVER },
      resources: { a: { on: 's1', needs: { hits: Number.NaN } } },
    });
    expect(() => planFor(inputs)).toThrow(
      expect.objectContaining({
        code: 'ERR_PLANNING_INVALID',
        message: expect.stringContaining('resource/a/hits') as unknown,
      }),
    );
    const twice = inputsOf({ servers: { s1: SERVER }, resources: { a: { needs: {} } } });
    expect(() => planFor({ ...twice, servers: [...twice.servers, ...twice.servers] })).toThrow(
      expect.objectContaining({ code: 'ERR_PLANNING_INVALID' }),
    );
  });

  it('says that the clock stopped it', () => {
    const inputs = inputsOf({
      servers: { s1: SERVER, s2: SERVER },
      resources: {
        a: { on: 's1', needs: { hits: 700 } },
        b: { on: 's1', needs: { hits: 500 } },
        c: { needs: { hits: 10 } },
      },
    });
    const { plan } = planFor(inputs, { timeShare: () => 1 });
    expect(plan?.analysis.stopped).toBe('time');
  });

  it('goes on less long where a server is lost: what it served waits for the answer', () => {
    const rng = new SeededRng(2);
    const ids = Array.from({ length: 240 }, (_hole, at) => at);
    const resources = Object.fromEntries(
      ids.map((at) => [`r${at}`, { on: `s${at % 20}`, needs: { hits: between(rng, 10, 150) } }]),
    );
    const inputs = (state: 'lost' | 'ready', workUnits: number): PlanningInputs => {
      const servers = ids.slice(0, 20).map((at) => [`s${at}`, SERVER] as const);
      const fleet = { ...Object.fromEntries(servers), s0: { ...SERVER, state } };
      return inputsOf({ servers: fleet, resources, options: { workUnits } });
    };
    const { plan } = planFor(inputs('lost', 2_000_000));
    expect(plan).toEqual(planFor(inputs('lost', 50_000)).plan);
    expect(plan?.analysis).toMatchObject({ stopped: 'work', score: { plan: { misplaced: 0 } } });
    const fuller = planFor(inputs('ready', 50_000)).plan;
    expect(fuller?.analysis.stopped).toBe('work');
    expect(planFor(inputs('ready', 2_000_000)).plan).not.toEqual(fuller);
  });
});
