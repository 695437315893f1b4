import { describe, expect, it } from '@jest/globals';
import { Explainer } from '../../../../forecaster/planner/explain.js';
import { explanationWords } from '../../../../forecaster/planner/explain-words.js';
import type { PlannerOptions } from '../../../../forecaster/planner/inputs.js';
import { planned as plannedFor } from '../../../../forecaster/planner/planner.js';
import { noPlanWords, reasonWords } from '../../../../forecaster/planner/words.js';
import { r } from '../../../support/names.js';
import type { TestFleet, TestServer } from '../../../support/planner/inputs.js';
import { inputsOf } from '../../../support/planner/inputs.js';
import { movesOf, planned } from '../../../support/planner/planned.js';

type Group = PlannerOptions['groups'][number];

const server = (zone: string | null = null): TestServer => ({ capacity: { hits: 1000 }, zone });
const on = (name: string, hits = 50): TestFleet['resources'][string] => ({
  on: name,
  needs: { hits },
});
const group = (rest: Partial<Group>): Pick<PlannerOptions, 'groups'> => ({
  groups: [{ match: 'db-*', each: false, apart: false, zonesMin: 1, ...rest }],
});
const APART = group({ apart: true });

describe('resources that are to be apart', () => {
  it('are parted where they share a server, the smaller one moved, and the reason says so', () => {
    const result = planned({
      servers: { s1: server(), s2: server() },
      resources: { 'db-a': on('s1', 60), 'db-b': on('s1', 40) },
      options: APART,
    });
    expect(result.plan?.analysis.score).toMatchObject({
      nothing: { faults: 1 },
      plan: { faults: 0 },
    });
    expect(movesOf(result)).toMatchObject([
      { resource: 'db-b', target: 's2', reason: { kind: 'apart', server: 's1' } },
    ]);
    expect(reasonWords(movesOf(result)[0]!.reason)).toBe(
      's1 is to serve another of its group, and they are to be apart',
    );
  });

  it('are not brought together, however full a server is', () => {
    const fleet: TestFleet = {
      servers: { s1: server(), s2: server() },
      resources: {
        'db-a': on('s1', 500),
        other: on('s1', 450),
        'db-b': { ...on('s2', 100), pinned: 's2' },
      },
    };
    const allowed = movesOf(planned({ ...fleet, options: { target: 0.8 } }));
    expect(allowed.map(({ resource }) => resource)).toEqual(['other']);
    const pinned = { ...fleet.resources, other: { ...on('s1', 450), pinned: 's1' } };
    const held = { ...fleet, resources: pinned };
    expect(movesOf(planned(held)).map(({ resource }) => resource)).toEqual(['db-a']);
    expect(movesOf(planned({ ...held, options: APART }))).toEqual([]);
  });

  it('stay unserved rather than share a server when one is lost, and that is said', () => {
    const { none } = planned({
      servers: { s1: { ...server(), state: 'lost' }, s2: server() },
      resources: { 'db-a': on('s1'), 'db-b': on('s2') },
      options: APART,
    });
    expect(none).toMatchObject({
      why: 'blocked',
      blockers: [{ kind: 'group', resource: 'db-a' }, { kind: 'capacity' }],
    });
    expect(noPlanWords(none!)).toContain("the rules of db-a's group forbid it");
  });

  it('have no standby on a server of one of them', () => {
    const { standbys } = planned({
      servers: { s1: server(), s2: server(), s3: server() },
      resources: { 'db-a': on('s1'), 'db-b': on('s2'), other: on('s3', 300) },
      options: APART,
    });
    expect(standbys).toMatchObject({ 'db-a': 's3', 'db-b': 's3' });
  });

  it('lose a standby on a server of one of them, where no other may serve them', () => {
    const { standbys } = planned({
      servers: { s1: server(), s2: server() },
      resources: {
        'db-a': { ...on('s1'), standby: 's2' },
        'db-b': { ...on('s2'), standby: 's1' },
        other: { ...on('s1'), standby: 's2' },
      },
      options: APART,
    });
    expect(standbys).toEqual({ 'db-a': null, 'db-b': null });
  });

  it('keep a standby that serves none of them and is only not ready now', () => {
    const { standbys } = planned({
      servers: { s1: server(), s2: server(), s3: { ...server(), state: 'maintenance' } },
      resources: {
        'db-a': { ...on('s1'), standby: 's3' },
        'db-b': { ...on('s2'), standby: 's3' },
      },
      options: APART,
    });
    expect(standbys).toEqual({});
  });

  it('are told apart by what the first star stands for', () => {
    const result = planned({
      servers: { s1: server(), s2: server() },
      resources: { 'db-1-a': on('s1'), 'db-1-b': on('s1'), 'db-2-a': on('s2'), 'db-3-a': on('s2') },
      options: group({ match: 'db-*-*', each: true, apart: true }),
    });
    expect(result.plan?.analysis.score.nothing.faults).toBe(1);
    expect(movesOf(result)).toHaveLength(1);
  });

  it('change places with none of their own batch between', () => {
    const result = planned({
      servers: { s1: server(), s2: server(), s3: { ...server(), state: 'draining' } },
      resources: {
        'db-a': on('s1', 400),
        'db-b': on('s3', 300),
        other: { ...on('s1', 500), pinned: 's1' },
      },
      options: APART,
    });
    expect(result.plan?.analysis.score.plan).toMatchObject({ misplaced: 0, faults: 0 });
  });

  it('give way to one another for what has no server, and the reason says so', () => {
    const result = planned({
      servers: { s1: server(), s2: { capacity: { hits: 40 } } },
      resources: { 'db-a': on('s1', 10), 'db-b': { needs: { hits: 50 } } },
      options: APART,
    });
    expect(result.plan?.batches).toMatchObject([
      {
        moves: [
          { resource: 'db-b', target: 's1', reason: { kind: 'place' } },
          { resource: 'db-a', target: 's2', reason: { kind: 'apart', server: 's1' } },
        ],
      },
    ]);
  });

  it('are explained: the servers of the others are none for it', () => {
    const inputs = inputsOf({
      servers: { s1: server(), s2: server() },
      resources: { 'db-a': on('s1'), 'db-b': on('s2') },
      options: APART,
    });
    const explanation = new Explainer(plannedFor(inputs)).of(r('db-a'))!;
    expect(explanation.fits).toMatchObject([
      { server: 's1', why: 'here' },
      { server: 's2', fit: 'no', why: 'group' },
    ]);
    expect(explanationWords(explanation).fits[1]).toBe('s2: no, the rules of its group forbid it');
  });
});

describe('resources that are to be in several zones', () => {
  const servers = { s1: server('a'), s2: server('a'), s3: server('b') };

  it('are spread where they are in too few, whatever else the moves would be worth', () => {
    const result = planned({
      servers,
      resources: { 'db-a': on('s1'), 'db-b': on('s2'), 'db-c': on('s2', 90) },
      options: group({ zonesMin: 2 }),
    });
    expect(movesOf(result)).toMatchObject([{ target: 's3', reason: { kind: 'spread' } }]);
  });

  it('stay in them, however full the servers of one are', () => {
    const fleet: TestFleet = {
      servers,
      resources: {
        'db-a': on('s1', 100),
        'db-b': on('s3', 500),
        other: { ...on('s3', 450), pinned: 's3' },
      },
    };
    expect(movesOf(planned(fleet))).toHaveLength(1);
    expect(movesOf(planned({ ...fleet, options: group({ zonesMin: 2 }) }))).toEqual([]);
  });

  it('are named where there are not as many zones', () => {
    const { none } = planned({
      servers,
      resources: { 'db-a': on('s1'), 'db-b': on('s2'), 'db-c': on('s3') },
      options: group({ zonesMin: 3 }),
    });
    expect(none).toMatchObject({
      why: 'blocked',
      score: { faults: 1 },
      blockers: [
        { kind: 'group', resource: 'db-a' },
        { kind: 'capacity', amount: 1 },
      ],
    });
  });

  it('are left as they are while everything is paused', () => {
    const { none } = planned({
      servers,
      resources: { 'db-a': on('s1'), 'db-b': on('s2') },
      options: group({ zonesMin: 2 }),
      restraint: { why: 'paused' },
    });
    expect(none).toMatchObject({ why: 'paused' });
  });
});

describe('resources of which one group needs another in its zone', () => {
  const servers = { s1: server('a'), s2: server('a'), s3: server('b'), s4: server('b') };
  const NEEDS: Pick<PlannerOptions, 'groups'> = {
    groups: [
      { name: 'db', match: 'db-*', each: false, apart: false, zonesMin: 1 },
      { match: 'cache-*', each: false, apart: false, zonesMin: 1, needs: ['db'] },
    ],
  };

  it('come together where they are not, by the fewest moves, and the reason says so', () => {
    const result = planned({
      servers,
      resources: {
        'db-1': on('s1', 400),
        'cache-1': on('s1'),
        'cache-2': on('s3'),
        other: on('s4'),
      },
      options: NEEDS,
    });
    expect(result.plan?.analysis.score).toMatchObject({
      nothing: { faults: 1 },
      plan: { faults: 0 },
    });
    expect(movesOf(result)).toMatchObject([
      { resource: 'cache-2', reason: { kind: 'company', server: 's3' } },
    ]);
    expect(['s1', 's2']).toContain(movesOf(result)[0]!.target);
    expect(reasonWords(movesOf(result)[0]!.reason)).toBe(
      'its group and another, of which one needs the other, are to be in the same zone',
    );
  });

  it('come together also where the one that is needed can come to the others only', () => {
    const result = planned({
      servers,
      resources: {
        'db-1': on('s1'),
        'cache-1': { ...on('s3'), pinned: 's3' },
        'cache-2': { ...on('s4'), pinned: 's4' },
      },
      options: NEEDS,
    });
    expect(movesOf(result)).toMatchObject([{ resource: 'db-1', reason: { kind: 'company' } }]);
    expect(['s3', 's4']).toContain(movesOf(result)[0]!.target);
  });

  it('come together where only several moves at once mend it', () => {
    const result = planned({
      servers,
      resources: {
        'db-1': { ...on('s1'), pinned: 's1' },
        'cache-1': on('s3'),
        'cache-2': on('s3'),
        'cache-3': on('s4'),
      },
      options: NEEDS,
    });
    expect(movesOf(result)).toHaveLength(3);
    expect(result.plan?.analysis.score.plan.faults).toBe(0);
  });

  it('are not parted, however full a server is', () => {
    const fleet: TestFleet = {
      servers: { s1: server('a'), s2: server('b') },
      resources: {
        'db-1': { ...on('s1', 300), pinned: 's1' },
        'cache-1': on('s1', 300),
        other: { ...on('s1', 450), pinned: 's1' },
      },
    };
    expect(movesOf(planned(fleet)).map(({ resource }) => resource)).toEqual(['cache-1']);
    expect(movesOf(planned({ ...fleet, options: NEEDS }))).toEqual([]);
    expect(planned({ ...fleet, options: NEEDS }).none?.blockers).toContainEqual(
      expect.objectContaining({ kind: 'group' }),
    );
  });

  it('leave a zone that is emptied as one, in one batch', () => {
    const result = planned({
      servers: {
        s1: { ...server('a'), state: 'draining' },
        s2: { ...server('a'), state: 'maintenance' },
        s3: server('b'),
        s4: server('b'),
      },
      resources: { 'db-1': on('s1', 400), 'cache-1': on('s2'), 'cache-2': on('s1') },
      options: NEEDS,
    });
    expect(result.plan?.analysis.score.plan).toMatchObject({ misplaced: 0, faults: 0 });
    expect(result.plan?.batches).toHaveLength(1);
  });

  it('are placed together where both are new, the one that is needed by the other first or not', () => {
    for (const [db, cache] of [
      [10, 400],
      [400, 10],
    ] as const) {
      const result = planned({
        servers: { s1: server('a'), s3: server('b') },
        resources: { 'cache-1': { needs: { hits: cache } }, 'db-1': { needs: { hits: db } } },
        options: NEEDS,
      });
      expect(result.plan?.analysis.score.plan).toMatchObject({ misplaced: 0, faults: 0 });
      expect(new Set(movesOf(result).map(({ target }) => target)).size).toBe(1);
    }
  });

  it('belong to those of the same text where both have one group each', () => {
    const result = planned({
      servers: { s1: server('a'), s3: server('b') },
      resources: {
        'db-1': { ...on('s1'), pinned: 's1' },
        'db-2': { ...on('s3'), pinned: 's3' },
        'cache-1': on('s1'),
        'cache-2': on('s1'),
        'cache-3': on('s1'),
      },
      options: { groups: NEEDS.groups.map((each) => ({ ...each, each: true })) },
    });
    // Of the third there is no other: it is not waited for.
    expect(movesOf(result)).toMatchObject([{ resource: 'cache-2', target: 's3' }]);
  });
});
