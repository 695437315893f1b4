import { describe, expect, it } from '@jest/globals';
import type { TestFleet } from '../../../support/planner/inputs.js';
import { movesIn, movesOf, planned } from '../../../support/planner/planned.js';

const SERVER = { capacity: { hits: 1000 } };

describe('what may be on a server, or must', () => {
  it('makes room for what must come', () => {
    const result = planned({
      servers: { s1: { ...SERVER, state: 'maintenance' }, s2: SERVER, s3: SERVER },
      resources: {
        big: { on: 's1', needs: { hits: 700 } },
        x: { on: 's2', needs: { hits: 400 } },
        y: { on: 's3', needs: { hits: 350 } },
        z: { on: 's3', needs: { hits: 150 } },
      },
    });
    expect(movesIn(result)).toContain(`big: s1 > ${movesOf(result)[0]?.target ?? ''}`);
    expect(movesOf(result).map(({ reason }) => reason.kind)).toEqual(['drain', 'room']);
    expect(result.plan?.batches).toHaveLength(1);
  });

  it('leaves a resource on a server to be emptied while an operator pins it there', () => {
    const { none } = planned({
      servers: { s1: { ...SERVER, state: 'draining' }, s2: SERVER },
      resources: { a: { on: 's1', pinned: 's1', needs: { hits: 30 } } },
    });
    expect(none).toMatchObject({ why: 'blocked', blockers: [{ kind: 'pin', resource: 'a' }] });
  });

  it('brings a resource to its pin, others giving way', () => {
    const result = planned({
      servers: { s1: SERVER, s2: SERVER },
      resources: {
        a: { on: 's1', pinned: 's2', needs: { hits: 600 } },
        b: { on: 's2', needs: { hits: 600 } },
      },
    });
    expect(movesIn(result).sort()).toEqual(['a: s1 > s2', 'b: s2 > s1']);
    expect(result.plan?.batches).toHaveLength(1);
  });

  it('keeps a pinned resource in place whatever its server carries', () => {
    const { none } = planned({
      servers: { s1: SERVER, s2: SERVER },
      resources: {
        a: { on: 's1', pinned: 's1', needs: { hits: 700 } },
        b: { on: 's1', pinned: 's1', needs: { hits: 500 } },
      },
    });
    expect(none?.why).toBe('blocked');
    expect(none?.blockers.map(({ kind }) => kind)).toContain('pin');
  });

  it('moves only to servers that may serve the resource', () => {
    const result = planned({
      servers: { s1: SERVER, s2: SERVER, s3: SERVER },
      resources: {
        a: { on: 's1', needs: { hits: 600 }, eligible: ['s1', 's3'] },
        b: { on: 's1', needs: { hits: 600 }, eligible: ['s1', 's3'] },
        c: { on: 's3', needs: { hits: 100 } },
      },
    });
    expect(movesIn(result)).toEqual(['a: s1 > s3', 'c: s3 > s2']);
  });

  it('moves off a server that may no longer serve it', () => {
    const result = planned({
      servers: { s1: SERVER, s2: SERVER },
      resources: { a: { on: 's1', needs: { hits: 10 }, eligible: ['s2'] } },
    });
    expect(movesOf(result)[0]?.reason.kind).toBe('drain');
  });

  it('keeps a spare server empty for the sake of the target', () => {
    const fleet = (load: number): TestFleet => ({
      servers: { s1: SERVER, s2: { ...SERVER, spare: true } },
      resources: {
        a: { on: 's1', needs: { hits: load } },
        b: { on: 's1', needs: { hits: 450 } },
      },
    });
    expect(planned(fleet(480)).plan).toBeNull();
    expect(movesOf(planned(fleet(700)))).toHaveLength(1);
  });

  it('uses the spare server at once when another is lost', () => {
    const result = planned({
      servers: {
        s1: { ...SERVER, state: 'lost' },
        s2: SERVER,
        s3: { ...SERVER, spare: true },
      },
      resources: {
        a: { on: 's1', needs: { hits: 500 } },
        b: { on: 's2', needs: { hits: 400 } },
      },
    });
    expect(movesIn(result)).toEqual(['a: s1 > s3']);
  });
});
