import { describe, expect, it } from '@jest/globals';
import type { PlannerOptions, PlanningResult } from '../../../../forecaster/planner/inputs.js';
import type { TestFleet, TestServer } from '../../../support/planner/inputs.js';
import { planned } from '../../../support/planner/planned.js';

const server = (rest: Partial<TestServer> = {}): TestServer => ({
  capacity: { hits: 1000 },
  ...rest,
});
const many = (counts: Readonly<Record<string, number>>): TestFleet['resources'] =>
  Object.fromEntries(
    Object.entries(counts).flatMap(([on, count]) =>
      Array.from({ length: count }, (_hole, at) => [`${on}-r${at}`, { on, needs: { hits: 50 } }]),
    ),
  );

function plannedWith(fleet: TestFleet, headroom: PlannerOptions['headroom']): PlanningResult {
  return planned({ ...fleet, options: { ...fleet.options, headroom } });
}

describe('headroom for the loss of a server', () => {
  const servers = { s1: server(), s2: server(), s3: server() };

  it('is kept free: a server is relieved that without it would be full enough', () => {
    const fleet: TestFleet = { servers, resources: many({ s1: 16, s2: 11, s3: 10 }) };
    expect(plannedWith(fleet, 'none').none).toMatchObject({ why: 'balanced' });
    const { plan } = plannedWith(fleet, 'server');
    expect(plan?.analysis.target).toBeCloseTo(2 / 3);
    expect(plan?.analysis.score).toMatchObject({ nothing: { peak: 0.8 }, plan: { peak: 0.7 } });
    expect(plan?.analysis.blockers).toEqual([]);
  });

  it('is named where it cannot be had: the server, and how much finds no room', () => {
    const { none } = plannedWith(
      { servers, resources: many({ s1: 15, s2: 15, s3: 15 }) },
      'server',
    );
    expect(none).toMatchObject({ why: 'blocked' });
    // Ten of fifteen fit: the others have room for five each.
    const missing = none?.blockers.filter(({ kind }) => kind === 'headroom');
    expect(missing).toMatchObject([
      { server: 's1', amount: 0.3 },
      { server: 's2', amount: 0.3 },
      { server: 's3', amount: 0.3 },
    ]);
  });

  it('is what a spare server is there for', () => {
    const spare = { ...servers, s4: server({ spare: true }) };
    const { none } = plannedWith(
      { servers: spare, resources: many({ s1: 15, s2: 15, s3: 15 }) },
      'server',
    );
    expect(none).toMatchObject({ why: 'balanced', blockers: [] });
  });

  it('names what no other server may serve', () => {
    const resources = {
      ...many({ s1: 1 }),
      only: { on: 's2', needs: { hits: 10 }, eligible: ['s2'] },
    };
    expect(plannedWith({ servers, resources }, 'server').none).toMatchObject({
      why: 'blocked',
      blockers: [{ kind: 'headroom', server: 's2', resource: 'only', amount: null }],
    });
  });

  it('counts that resources which are to be apart do not go together', () => {
    const fleet: TestFleet = {
      servers: { s1: server(), s2: server() },
      resources: {
        'db-a': { on: 's1', needs: { hits: 5 } },
        'db-b': { on: 's2', needs: { hits: 5 } },
      },
      options: { groups: [{ match: 'db-*', each: false, apart: true, zonesMin: 1 }] },
    };
    expect(plannedWith(fleet, 'server').none?.blockers).toMatchObject([
      { kind: 'headroom', server: 's1' },
      { kind: 'headroom', server: 's2' },
    ]);
  });
});

describe('headroom for the loss of a zone', () => {
  it('asks for room for all servers of a zone together', () => {
    const servers = {
      s1: server({ zone: 'a' }),
      s2: server({ zone: 'a' }),
      s3: server({ zone: 'b' }),
      s4: server({ zone: 'b' }),
    };
    const half = many({ s1: 10, s2: 10, s3: 10, s4: 10 });
    expect(plannedWith({ servers, resources: half }, 'zone').none).toMatchObject({
      why: 'balanced',
    });
    const more = many({ s1: 12, s2: 12, s3: 12, s4: 12 });
    expect(plannedWith({ servers, resources: more }, 'server').none).toMatchObject({
      why: 'balanced',
    });
    const { none } = plannedWith({ servers, resources: more }, 'zone');
    expect(none?.blockers.filter(({ kind }) => kind === 'headroom')).toMatchObject([
      { server: null, zone: 'a', amount: 0.4 },
      { server: null, zone: 'b', amount: 0.4 },
    ]);
  });

  it('is not attainable where there is one zone, which is said', () => {
    const servers = { s1: server(), s2: server() };
    const { none } = plannedWith({ servers, resources: many({ s1: 1, s2: 1 }) }, 'zone');
    expect(none).toMatchObject({
      why: 'blocked',
      blockers: [{ kind: 'headroom', server: null, zone: null }],
    });
  });
});
