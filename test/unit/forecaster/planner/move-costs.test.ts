import { describe, expect, it } from '@jest/globals';
import { planFor } from '../../../../forecaster/planner/planner.js';
import type { TestFleet, TestResource } from '../../../support/planner/inputs.js';
import { inputsOf } from '../../../support/planner/inputs.js';
import { movesIn, planned } from '../../../support/planner/planned.js';

const SERVER = { capacity: { hits: 1000, memory: 1e9 } };

/** Two alike on a server that is too full for both. */
function twins(a: Partial<TestResource>, b: Partial<TestResource>): TestFleet {
  const needs = { hits: 480 };
  return {
    servers: { s1: SERVER, s2: SERVER },
    resources: { a: { on: 's1', needs, ...a }, b: { on: 's1', needs, ...b } },
  };
}

describe('the cost of a move', () => {
  it('is higher for what has more under way: of two alike the other goes', () => {
    expect(movesIn(planned(twins({ inFlight: 90 }, { inFlight: 3 })))).toEqual(['b: s1 > s2']);
    expect(movesIn(planned(twins({ inFlight: 3 }, { inFlight: 90 })))).toEqual(['a: s1 > s2']);
  });

  it('is so also where the server would be overloaded, and none of them stays for it', () => {
    const full = (fleet: TestFleet): TestFleet => ({
      ...fleet,
      resources: { ...fleet.resources, c: { on: 's1', needs: { hits: 400 }, pinned: 's1' } },
    });
    expect(movesIn(planned(full(twins({ inFlight: 90 }, { inFlight: 3 }))))).toEqual([
      'b: s1 > s2',
    ]);
    const only = full(twins({ inFlight: 90 }, { pinned: 's1' }));
    expect(movesIn(planned(only))).toEqual(['a: s1 > s2']);
  });

  it('counts what is under way by its weight', () => {
    const fleet = twins({ inFlight: 90 }, { inFlight: 3 });
    const weightless = { ...fleet, options: { moveInFlightWeight: 0 } };
    expect(movesIn(planned(weightless))).toEqual(movesIn(planned(twins({}, {}))));
    expect(movesIn(planned(weightless))).toEqual(['a: s1 > s2']);
  });

  it('is higher for what takes more memory, where that has a weight', () => {
    const large = { needs: { hits: 480, memory: 2e8 } };
    const small = { needs: { hits: 480, memory: 1e8 } };
    const options = { moveBytesWeight: 1 };
    expect(movesIn(planned({ ...twins(large, small), options }))).toEqual(['b: s1 > s2']);
    expect(movesIn(planned({ ...twins(small, large), options }))).toEqual(['a: s1 > s2']);
  });

  it('never keeps a move from being made that has to be', () => {
    const fleet = twins({ inFlight: 1e9 }, {});
    const drained = { ...fleet.servers, s1: { ...SERVER, state: 'draining' as const } };
    expect(movesIn(planned({ ...fleet, servers: drained }))).toHaveLength(2);
  });

  it('refuses what cannot be under way', () => {
    for (const inFlight of [-1, NaN, Infinity]) {
      expect(() => planFor(inputsOf(twins({ inFlight }, {})))).toThrow(
        expect.objectContaining({ code: 'ERR_PLANNING_INVALID' }),
      );
    }
  });
});

describe('the placement of new resources by response time', () => {
  const fast = { ...SERVER, responseMs: 2 };
  const slow = { ...SERVER, responseMs: 9 };
  const fresh = (count: number): TestFleet['resources'] =>
    Object.fromEntries(
      Array.from({ length: count }, (_hole, at) => [`new${at}`, { on: null, needs: {} }]),
    );

  it('goes to the server that answers soonest, not to the emptiest', () => {
    const resources = { a: { on: 's2', needs: { hits: 300 } }, ...fresh(1) };
    const by = (s1: typeof fast, s2: typeof fast) =>
      movesIn(planned({ servers: { s1, s2 }, resources }));
    expect(by(slow, fast)).toEqual(['new0: - > s2']);
    expect(by(fast, slow)).toEqual(['new0: - > s1']);
  });

  it('spreads many in proportion to how soon the servers answer', () => {
    const resources = { a: { on: 's1', needs: { hits: 1 } }, ...fresh(11) };
    const moves = movesIn(planned({ servers: { s1: fast, s2: slow }, resources }));
    const toFast = moves.filter((move) => move.endsWith('s1')).length;
    expect([toFast, moves.length - toFast]).toEqual([9, 2]);
  });

  it('takes no server that is fuller than wanted while another has room', () => {
    const resources = { a: { on: 's2', needs: { hits: 790 } }, ...fresh(1) };
    const moves = movesIn(planned({ servers: { s1: slow, s2: fast }, resources }));
    expect(moves).toEqual(['new0: - > s1']);
  });

  it('goes by load where nothing is known, and for what was measured', () => {
    const resources = { a: { on: 's1', needs: { hits: 300 } }, ...fresh(1) };
    expect(movesIn(planned({ servers: { s1: SERVER, s2: SERVER }, resources }))).toEqual([
      'new0: - > s2',
    ]);
    const known = { a: { on: 's1', needs: { hits: 300 } }, b: { on: null, needs: { hits: 10 } } };
    expect(movesIn(planned({ servers: { s1: fast, s2: slow }, resources: known }))).toEqual([
      'b: - > s2',
    ]);
  });

  it('takes a server of which nothing is known for one like the mean of the others', () => {
    const resources = { a: { on: 's1', needs: { hits: 1 } }, ...fresh(2) };
    const servers = {
      s1: { ...SERVER, responseMs: 4 },
      s2: SERVER,
      s3: { ...SERVER, responseMs: 8 },
    };
    const targets = movesIn(planned({ servers, resources })).map((move) => move.slice(-2));
    expect(targets).toEqual(['s1', 's2']);
  });

  it('refuses a time that none can be', () => {
    const servers = { s1: { ...SERVER, responseMs: -1 } };
    expect(() => planFor(inputsOf({ servers, resources: fresh(1) }))).toThrow(
      expect.objectContaining({ code: 'ERR_PLANNING_INVALID' }),
    );
  });
});
