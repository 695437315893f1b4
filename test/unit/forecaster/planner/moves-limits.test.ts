import { describe, expect, it } from '@jest/globals';
import type { PlanningResult } from '../../../../forecaster/planner/inputs.js';
import type { TestFleet } from '../../../support/planner/inputs.js';
import { START_MS } from '../../../support/planner/inputs.js';
import { movesIn, movesOf, planned } from '../../../support/planner/planned.js';

const SERVER = { capacity: { hits: 1000 } };

function onS1(count: number): TestFleet['resources'] {
  return Object.fromEntries(
    Array.from({ length: count }, (_hole, index) => [
      `r${index}`,
      { on: 's1', needs: { hits: 30 } },
    ]),
  );
}

describe('the limits of moves', () => {
  it('takes everything off a server that is lost, more than a plan may move otherwise', () => {
    const result = planned({
      servers: { s1: { ...SERVER, state: 'lost' }, s2: SERVER, s3: SERVER },
      resources: onS1(20),
      options: { movesMax: 3, batchMovesMax: 8 },
    });
    expect(movesOf(result)).toHaveLength(20);
    expect(movesOf(result).every(({ reason }) => reason.kind === 'lost')).toBe(true);
    const targets = result.plan?.batches.map(
      ({ moves }) => new Set(moves.map(({ target }) => target)),
    );
    expect(targets).toEqual([new Set(['s2']), new Set(['s3'])]);
  });

  it('empties a draining server as far as the limit of moves allows, and names that limit', () => {
    const result = planned({
      servers: { s1: { ...SERVER, state: 'draining' }, s2: SERVER },
      resources: onS1(5),
      options: { movesMax: 3 },
    });
    expect(movesOf(result)).toHaveLength(3);
    expect(result.plan?.analysis.score.plan.misplaced).toBe(2);
    expect(result.plan?.analysis.blockers).toContainEqual(
      expect.objectContaining({ kind: 'moves-limit', amount: 2 }),
    );
  });

  it('moves no more from or to one server than a plan may, and names the server that needs more', () => {
    const result = planned({
      servers: { s1: { ...SERVER, state: 'draining' }, s2: SERVER, s3: SERVER },
      resources: onS1(5),
      options: { movesPerServerMax: 2 },
    });
    expect(movesOf(result)).toHaveLength(2);
    expect(result.plan?.analysis.blockers).toContainEqual(
      expect.objectContaining({ kind: 'server-moves-limit', server: 's1', amount: 3 }),
    );
    const lost = planned({
      servers: { s1: { ...SERVER, state: 'lost' }, s2: SERVER },
      resources: onS1(5),
      options: { movesPerServerMax: 1, movesPerHourMax: 1 },
    });
    expect(movesOf(lost)).toHaveLength(5);
  });

  it('moves no more within an hour than it may, those under way counted, and names that limit', () => {
    const on = (movedAtMs: number | null): TestFleet['resources'][string] => ({
      on: 's1',
      needs: { hits: 30 },
      movedAtMs,
    });
    const fleet: TestFleet = {
      servers: { s1: { ...SERVER, state: 'draining' }, s2: SERVER },
      resources: {
        a: on(null),
        b: on(null),
        lately: { ...on(START_MS - 60_000), on: 's2' },
        'long-ago': { ...on(START_MS - 3_600_000), on: 's2' },
        // By a clock that was set back since.
        ahead: { ...on(START_MS + 86_400_000), on: 's2' },
        going: { ...on(null), movingTo: 's2' },
      },
    };
    const left = planned({ ...fleet, options: { movesPerHourMax: 3 } });
    expect(movesOf(left)).toHaveLength(1);
    expect(left.plan?.analysis.blockers).toContainEqual(
      expect.objectContaining({ kind: 'hourly-moves-limit', amount: 1 }),
    );
    const none = planned({ ...fleet, options: { movesPerHourMax: 2 } });
    expect(none.none).toMatchObject({ why: 'blocked' });
    expect(movesOf(planned({ ...fleet, options: { movesPerHourMax: 4 } }))).toHaveLength(2);
  });

  it('moves no more bytes than a plan, a server, an hour may, and names the limit in the way', () => {
    const on = (movedAtMs: number | null = null): TestFleet['resources'][string] => ({
      on: 's1',
      needs: { hits: 30, memory: 100 },
      movedAtMs,
    });
    const fleet = (options: TestFleet['options']): TestFleet => ({
      servers: { s1: { ...SERVER, state: 'draining' }, s2: SERVER, s3: SERVER },
      resources: {
        a: on(),
        b: on(),
        c: on(),
        d: on(),
        unknown: { on: 's1', needs: { hits: 30 } },
        lately: { ...on(START_MS - 60_000), on: 's2' },
        ahead: { ...on(START_MS + 86_400_000), on: 's2' },
      },
      ...(options && { options }),
    });
    const count = (options: TestFleet['options']): number =>
      movesOf(planned(fleet(options))).length;
    const limits = ({ plan }: PlanningResult): unknown[] =>
      plan?.analysis.blockers.filter(({ kind }) => kind === 'bytes-limit') ?? [];
    expect(count({})).toBe(5);
    // What no figure is known of counts for nothing.
    expect(count({ bytesMax: 250 })).toBe(3);
    expect(count({ bytesPerServerMax: 100 })).toBe(2);
    expect(count({ bytesPerHourMax: 300 })).toBe(3);
    expect(count({ bytesPerHourMax: 50 })).toBe(1);
    expect(limits(planned(fleet({ bytesMax: 250 })))).toMatchObject([{ amount: 150 }]);
    expect(limits(planned(fleet({ bytesPerServerMax: 100 }))).slice(0, 1)).toMatchObject([
      { server: 's1', amount: 300 },
    ]);
  });

  it('places what nobody serves whatever the limits of bytes', () => {
    const lost = planned({
      servers: { s1: { ...SERVER, state: 'lost' }, s2: SERVER },
      resources: { a: { on: 's1', needs: { memory: 100 } }, b: { needs: { memory: 100 } } },
      options: { bytesMax: 1, bytesPerServerMax: 1, bytesPerHourMax: 1 },
    });
    expect(movesOf(lost)).toHaveLength(2);
  });

  it('moves a resource that was moved lately only to take away overload', () => {
    const fleet = (load: number): TestFleet => ({
      servers: { s1: SERVER, s2: SERVER },
      resources: {
        a: { on: 's1', needs: { hits: load }, movedAtMs: START_MS - 3_600_000 },
        b: { on: 's1', needs: { hits: 480 }, movedAtMs: START_MS - 3_600_000 },
      },
      options: { imbalanceMax: 9 },
    });
    expect(planned(fleet(480)).none).toMatchObject({ why: 'blocked' });
    expect(planned(fleet(480)).none?.blockers.map(({ kind }) => kind)).toContain('cooldown');
    expect(movesOf(planned(fleet(700)))).toHaveLength(1);
  });

  it('counts a move under way at its target and leaves it alone', () => {
    const result = planned({
      servers: { s1: SERVER, s2: SERVER },
      resources: {
        a: { on: 's1', movingTo: 's2', needs: { hits: 600 } },
        b: { on: 's1', needs: { hits: 600 } },
      },
    });
    expect(result.none?.why).toBe('balanced');
  });

  it('moves only what it must while it is paused or learning', () => {
    const fleet: TestFleet = {
      servers: { s1: SERVER, s2: SERVER },
      resources: {
        a: { on: 's1', needs: { hits: 700 } },
        b: { on: 's1', needs: { hits: 700 } },
      },
    };
    expect(planned({ ...fleet, restraint: { why: 'paused' } }).none?.why).toBe('paused');
    const learning = { why: 'learning', steps: 3, stepsMin: 24 } as const;
    expect(planned({ ...fleet, restraint: learning }).none).toMatchObject(learning);
    const resources = { ...fleet.resources, c: { needs: { hits: 10 } } };
    expect(movesIn(planned({ ...fleet, resources, restraint: learning }))).toEqual(['c: - > s2']);
  });
});
