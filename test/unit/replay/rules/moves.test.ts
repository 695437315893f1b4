import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fiftyPercentRule } from '../../../../replay/rules/fifty-percent.js';
import { GreedySearch } from '../../../../replay/rules/greedy-search.js';
import { fuzzRuns } from '../../../support/fuzz.js';

function rule(map: number[], load: number[], movesMax = 10, servers = 3) {
  return fiftyPercentRule(Int32Array.from(map), Float64Array.from(load), { servers, movesMax });
}

describe('the 50 % rule', () => {
  it('leaves a fleet alone whose highest server is not more than 50 % above the mean', () => {
    expect(rule([0, 1, 2], [3, 1.5, 1.5])).toEqual([]);
  });

  it('gives the resource nearest to half of the difference to the least loaded server', () => {
    // 10 on s0, 1 on s1, 2 on s2: half the difference is 4.5.
    expect(rule([0, 0, 0, 1, 2], [1, 4, 5, 1, 2])).toEqual([{ resource: 1, target: 1 }]);
  });

  it('goes on until the highest is below, or the limit of moves is reached', () => {
    const map = [0, 0, 0, 0, 0, 0];
    const load = [1, 1, 1, 1, 1, 1];
    expect(rule(map, load)).toHaveLength(3);
    expect(rule(map, load, 2)).toHaveLength(2);
  });

  it('makes no move that only carries the load to another server', () => {
    expect(rule([0, 1, 2], [10, 1, 1])).toEqual([]);
  });

  it('does nothing where there is no load', () => {
    expect(rule([0, 1, 2], [0, 0, 0])).toEqual([]);
  });
});

function search(
  map: number[],
  belief: number[][],
  { movesMax = 10, servers = 3, capacity = 10 } = {},
) {
  const horizonSteps = belief[0]?.length ?? 1;
  return new GreedySearch({ servers, capacity, horizonSteps, movesMax }).moves(
    Int32Array.from(map),
    Float64Array.from(belief.flat()),
  );
}

describe('the greedy search', () => {
  it('takes load off a server that will be overloaded, whatever it is now', () => {
    const calm = [2, 2];
    expect(search([0, 0, 1, 2], [[2, 9], calm, calm, calm])).toEqual([{ resource: 1, target: 1 }]);
  });

  it('sees when loads come: two that are high at different times may share a server', () => {
    // r0 and r1 on s0 never meet; r2 and r3 on s1 do.
    const early = [7, 0];
    const late = [0, 7];
    const moves = search([0, 0, 1, 1], [early, late, early, early], { servers: 3 });
    expect(moves[0]).toEqual({ resource: 2, target: 2 });
  });

  it('moves nothing for a gain that is not worth it', () => {
    expect(search([0, 1, 2], [[3], [3.01], [2.99]])).toEqual([]);
  });

  it('makes no more moves than it may', () => {
    const belief = Array.from({ length: 9 }, () => [2]);
    const map = new Array<number>(9).fill(0);
    expect(search(map, belief, { movesMax: 2 })).toHaveLength(2);
  });

  it('never raises the cost, and the map it was given stays', () => {
    const cost = (map: readonly number[], load: readonly number[]) => {
      const sums = new Map<number, number>();
      map.forEach((server, resource) => {
        sums.set(server, (sums.get(server) ?? 0) + load[resource]! / 10);
      });
      return [...sums.values()].reduce(
        (sum, u) => sum + Math.max(0, u - 0.8) ** 2 + 0.002 * u * u,
        0,
      );
    };
    const resource = fc.tuple(fc.nat(3), fc.float({ min: 0, max: 12, noNaN: true }));
    fc.assert(
      fc.property(fc.array(resource, { minLength: 1, maxLength: 12 }), (resources) => {
        const map = resources.map(([server]) => server);
        const load = resources.map(([, value]) => value);
        const given = Int32Array.from(map);
        const engine = new GreedySearch({ servers: 4, capacity: 10, horizonSteps: 1, movesMax: 8 });
        const moves = engine.moves(given, Float64Array.from(load));
        expect([...given]).toEqual(map);
        const after = [...map];
        let before = cost(after, load);
        for (const { resource: moved, target } of moves) {
          after[moved] = target;
          const next = cost(after, load);
          expect(next).toBeLessThan(before);
          before = next;
        }
      }),
      fuzzRuns(1000),
    );
  });
});
