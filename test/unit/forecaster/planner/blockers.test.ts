import { describe, expect, it } from '@jest/globals';
import type { TestFleet } from '../../../support/planner/inputs.js';
import { START_MS } from '../../../support/planner/inputs.js';
import { planned } from '../../../support/planner/planned.js';
import { blockerWords } from '../../../../forecaster/planner/words.js';

const SERVER = { capacity: { hits: 100, memory: 1e9 } };
const on = (server: string, hits: number): TestFleet['resources'][string] => ({
  on: server,
  needs: { hits },
});

/** s1 has 30 too much, and s2 would have room for one of its two. */
const FLEET: TestFleet = {
  servers: { s1: SERVER, s2: SERVER },
  resources: { a: on('s1', 65), b: on('s1', 65), c: on('s2', 20) },
  options: { target: 1 },
};

const fleetWith = (
  resources: TestFleet['resources'],
  options: TestFleet['options'] = {},
  servers: TestFleet['servers'] = FLEET.servers,
): TestFleet => ({
  servers,
  resources: { ...FLEET.resources, ...resources },
  options: { ...FLEET.options, ...options },
});
const each = (change: Partial<TestFleet['resources'][string]>): TestFleet['resources'] => ({
  a: { ...on('s1', 65), ...change },
  b: { ...on('s1', 65), ...change },
});

/** What is said to stand in the way, in words, the smallest first. */
function saidOf(fleet: TestFleet): string[] {
  const { plan, none } = planned(fleet);
  const blockers = plan?.analysis.blockers ?? none?.blockers ?? [];
  return blockers.map(blockerWords);
}

describe('what stands in the way of a plan', () => {
  it('is nothing where a move is possible', () => {
    expect(saidOf(FLEET)).toEqual([]);
    expect(planned(FLEET).plan?.batches).toHaveLength(1);
  });

  it.each<[string, TestFleet, string]>([
    ['a pin', fleetWith(each({ pinned: 's1' })), 'a is pinned to s1'],
    [
      'who may serve it',
      fleetWith(each({ eligible: ['s1'] })),
      'no other ready server may serve a',
    ],
    [
      'that it rests, where nothing but a pressure asks for a move',
      {
        ...fleetWith({ a: { ...on('s1', 45), movedAtMs: START_MS - 1000 } }, { target: 0.8 }),
        resources: {
          a: { ...on('s1', 45), movedAtMs: START_MS - 1000 },
          b: { ...on('s1', 45), movedAtMs: START_MS - 1000 },
        },
      },
      'a was moved lately and rests',
    ],
    [
      'a rule of its group',
      fleetWith(
        { c: { ...on('s2', 20), pinned: 's2' } },
        { groups: [{ match: '*', each: false, apart: true, zonesMin: 1 }] },
      ),
      "the rules of a's group forbid it",
    ],
    [
      'the state of a server',
      fleetWith(
        {},
        {},
        { s1: SERVER, s2: { ...SERVER, state: 'maintenance' }, s3: { capacity: { hits: 1 } } },
      ),
      's2 is not ready',
    ],
  ])('is %s, and that is said first', (_what, fleet, words) => {
    expect(saidOf(fleet)[0]).toBe(words);
  });

  it.each<[string, TestFleet['options'], string]>([
    ['a plan', { movesMax: 1 }, '1 move more than one plan may have would be needed'],
    [
      'a server',
      { movesPerServerMax: 1 },
      '1 move more than one plan may have from or to s1 would be needed',
    ],
    ['an hour', { movesPerHourMax: 1 }, '1 move more than an hour may have would be needed'],
    ['bytes', { bytesMax: 1.5e8 }, '47.7 MiB more than may be moved would have to be'],
    [
      'bytes of a server',
      { bytesPerServerMax: 1.5e8 },
      '47.7 MiB more than may be moved from or to s1 would have to be',
    ],
  ])('is a limit of the moves of %s, and by how much', (_what, options, words) => {
    const loads = { hits: 50, memory: 1e8 };
    const resources = Object.fromEntries(
      ['a', 'b', 'c'].map((id) => [id, { on: 's1', needs: loads }] as const),
    );
    const servers = { s1: SERVER, s2: { capacity: { hits: 60 } }, s3: { capacity: { hits: 60 } } };
    const full = { ...resources, x: { on: 's1', needs: { hits: 50 }, pinned: 's1' } };
    const fleet = { servers, resources: full, options: { target: 1, ...options } };
    expect(saidOf(fleet)[0]).toBe(words);
  });

  it('is how many servers are missing, where even a perfect spread is too full', () => {
    const fleet = fleetWith({ c: on('s2', 200) });
    expect(saidOf(fleet)).toEqual(['1.3 servers more are needed (hits)']);
  });

  it('is one server, where the pieces do not fit', () => {
    const fleet = fleetWith({ b: on('s2', 65), c: on('s2', 65) });
    expect(saidOf(fleet)).toContain('one server more is needed');
  });

  it('is a resource that is larger than any server', () => {
    const fleet = fleetWith({ a: on('s1', 130), b: on('s2', 10), c: on('s2', 10) });
    expect(saidOf(fleet)).toContain('a alone needs 130 % of what a server may carry');
  });

  it('is a server whose loss the others have no room for', () => {
    const fleet = fleetWith(
      { a: on('s1', 40), b: on('s1', 10), c: { ...on('s2', 30), eligible: ['s2'] } },
      { headroom: 'server' },
    );
    expect(saidOf(fleet)).toEqual(['if s2 is lost, no other server may serve c']);
  });
});
