import { describe, expect, it } from '@jest/globals';
import type { TestFleet } from '../../../support/planner/inputs.js';
import { movesIn, movesOf, planned } from '../../../support/planner/planned.js';

const SERVER = { capacity: { hits: 1000 } };

/** Either of two may leave, to either of two: four plans are as good as one another. */
function fleet(wanted: Readonly<Record<string, string>>, needs = 600): TestFleet {
  const on = (id: string): TestFleet['resources'][string] => ({
    on: 's1',
    needs: { hits: needs },
    ...(wanted[id] !== undefined && { wanted: wanted[id] }),
  });
  return {
    servers: { s1: SERVER, s2: SERVER, s3: SERVER },
    resources: { a: on('a'), b: on('b') },
    options: { imbalanceMax: 9 },
  };
}

describe('a plan that waits', () => {
  it('stays what it is where another is no better', () => {
    expect(movesIn(planned(fleet({ a: 's2' })))).toEqual(['a: s1 > s2']);
    expect(movesIn(planned(fleet({ a: 's3' })))).toEqual(['a: s1 > s3']);
    expect(movesIn(planned(fleet({ b: 's3' })))).toEqual(['b: s1 > s3']);
  });

  it('loses the moves that are worth nothing any more', () => {
    expect(movesIn(planned(fleet({ a: 's2', b: 's3' })))).toHaveLength(1);
    expect(planned(fleet({ a: 's2' }, 300)).none?.why).toBe('balanced');
  });

  it('is not kept where it may not be any more, or names a server that is gone', () => {
    const { servers, resources } = fleet({ a: 's2' });
    const drained = planned({
      servers: { ...servers, s2: { ...SERVER, state: 'draining' } },
      resources,
    });
    expect(movesOf(drained).map(({ target }) => target)).toEqual(['s3']);
    expect(movesIn(planned(fleet({ a: 'gone' })))).toHaveLength(1);
    const other = { ...resources, c: { on: 's2', needs: { hits: 900 } } };
    expect(movesOf(planned({ servers, resources: other })).map(({ target }) => target)).toEqual([
      's3',
    ]);
  });

  it('is made again whole where its moves only fit after one another', () => {
    const result = planned({
      servers: { s1: SERVER, s2: SERVER, s3: SERVER },
      resources: {
        a: { on: 's1', needs: { hits: 700 }, wanted: 's2' },
        b: { on: 's1', needs: { hits: 600 } },
        c: { on: 's2', needs: { hits: 500 }, wanted: 's3' },
      },
    });
    expect(result.plan?.analysis.score.plan).toMatchObject({ overload: 0, misplaced: 0 });
  });

  it('gives way to a better one where it leaves an overload', () => {
    const { servers } = fleet({});
    const result = planned({
      servers,
      resources: {
        a: { on: 's1', needs: { hits: 700 } },
        b: { on: 's1', needs: { hits: 700 }, wanted: 's1' },
        c: { on: 's2', needs: { hits: 200 }, wanted: 's3' },
      },
    });
    expect(result.plan?.analysis.score.plan).toMatchObject({ overload: 0 });
    expect(movesOf(result)).toHaveLength(1);
  });
});
