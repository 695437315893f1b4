import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { planned, translatedBy } from '../../../../forecaster/planner/planner.js';
import { hasLost, rescueFor } from '../../../../forecaster/planner/rescue.js';
import type { PlanningInputs } from '../../../../forecaster/planner/inputs.js';
import { fuzzRuns } from '../../../support/fuzz.js';
import type { TestFleet } from '../../../support/planner/inputs.js';
import { inputsOf } from '../../../support/planner/inputs.js';
import { permuted } from '../../../support/planner/variants.js';
import { randomInputs } from '../../../support/planner/random-inputs.js';
import { rescueFaults } from '../../../support/planner/rescue-checker.js';

const SERVER = { capacity: { hits: 100 } };
const LOST = { ...SERVER, state: 'lost' } as const;

/** Where each goes, and what is left. */
function rescued(fleet: TestFleet): readonly [Record<string, string>, readonly string[]] {
  const inputs = inputsOf(fleet);
  const rescue = rescueFor(inputs);
  expect(rescueFaults(inputs, rescue)).toEqual([]);
  const moves = rescue.batches.flatMap((batch) => batch.moves);
  return [Object.fromEntries(moves.map(({ resource, target }) => [resource, target])), rescue.left];
}

/** What the last plan was made of: all servers are there, and something is elsewhere. */
function beforeTheLoss(inputs: PlanningInputs): PlanningInputs {
  const servers = inputs.servers.map((server) => ({ ...server, state: 'ready' as const }));
  const resources = inputs.resources.map((resource, at) =>
    at % 3 === 0 ? { ...resource, server: servers[0]?.id ?? null, standby: null } : resource,
  );
  return { ...inputs, servers, resources };
}

describe('the first answer to the loss of a server', () => {
  it('is the standby of each that has room, the emptiest other server where none has', () => {
    const [targets, left] = rescued({
      servers: { s1: LOST, s2: SERVER, s3: SERVER, s4: SERVER },
      resources: {
        a: { on: 's1', needs: { hits: 30 }, standby: 's2' },
        b: { on: 's1', needs: { hits: 40 }, standby: 's3' },
        c: { on: 's1', needs: { hits: 10 } },
        there: { on: 's2', needs: { hits: 50 } },
        full: { on: 's3', needs: { hits: 90 } },
      },
    });
    expect(targets).toEqual({ a: 's2', b: 's4', c: 's4' });
    expect(left).toEqual([]);
  });

  it('moves nothing else, however full a server is, and whatever else would have to move', () => {
    const [targets] = rescued({
      servers: { s1: LOST, s2: SERVER, s3: SERVER, s4: { ...SERVER, state: 'draining' } },
      resources: {
        a: { on: 's1', needs: { hits: 10 } },
        big: { on: 's2', needs: { hits: 70 } },
        bigger: { on: 's2', needs: { hits: 60 } },
        leaving: { on: 's4', needs: { hits: 10 } },
        fresh: { on: null, needs: { hits: 10 } },
      },
    });
    expect(targets).toEqual({ a: 's3' });
  });

  it('places what needs another in its zone after that, the larger though it is', () => {
    const [targets, left] = rescued({
      servers: { s1: { ...LOST, zone: 'a' }, s2: { ...SERVER, zone: 'b' } },
      resources: {
        cache: { on: 's1', needs: { hits: 40 } },
        db: { on: 's1', needs: { hits: 10 } },
      },
      options: {
        groups: [
          { name: 'db', match: 'db', each: false, apart: false, zonesMin: 1 },
          { match: 'cache', each: false, apart: false, zonesMin: 1, needs: ['db'] },
        ],
      },
    });
    expect(targets).toEqual({ cache: 's2', db: 's2' });
    expect(left).toEqual([]);
  });

  it('names what finds no room while the others stay where they are', () => {
    const [targets, left] = rescued({
      servers: { s1: LOST, s2: SERVER, s3: SERVER },
      resources: {
        a: { on: 's1', needs: { hits: 50 } },
        b: { on: 's1', needs: { hits: 20 } },
        there: { on: 's2', needs: { hits: 70 } },
        too: { on: 's3', needs: { hits: 70 } },
      },
    });
    expect(Object.keys(targets)).toEqual(['b']);
    expect(left).toEqual(['a']);
  });

  it('keeps apart what is to be apart, of two lost servers as well', () => {
    const [targets, left] = rescued({
      servers: { s1: LOST, s2: LOST, s3: SERVER, s4: SERVER },
      resources: {
        'db-1': { on: 's1', needs: { hits: 10 }, standby: 's3' },
        'db-2': { on: 's2', needs: { hits: 10 }, standby: 's3' },
        other: { on: 's4', needs: { hits: 60 } },
      },
      options: { groups: [{ match: 'db-*', each: false, apart: true, zonesMin: 1 }] },
    });
    expect(new Set(Object.values(targets))).toEqual(new Set(['s3', 's4']));
    expect(left).toEqual([]);
  });

  it('is asked for where something has lost its server and is not on its way', () => {
    const fleet = (movingTo?: string, state: 'lost' | 'ready' = 'lost'): TestFleet => ({
      servers: { s1: { ...SERVER, state }, s2: SERVER },
      resources: {
        a: { on: 's1', needs: { hits: 10 }, ...(movingTo !== undefined && { movingTo }) },
      },
    });
    expect(hasLost(inputsOf(fleet()))).toBe(true);
    expect(hasLost(inputsOf(fleet('s2')))).toBe(false);
    expect(hasLost(inputsOf(fleet(undefined, 'ready')))).toBe(false);
  });

  it('keeps every limit, places what has a place, and is the same in whatever order things are listed', () => {
    let placed = 0;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 31 - 1 }), (seed) => {
        const inputs = randomInputs(seed);
        const rescue = rescueFor(inputs);
        expect(rescueFaults(inputs, rescue)).toEqual([]);
        expect(rescueFor(permuted(inputs))).toEqual(rescue);
        expect(rescueFor(inputs, translatedBy(planned(beforeTheLoss(inputs))))).toEqual(rescue);
        placed += rescue.batches.length;
      }),
      fuzzRuns(150),
    );
    expect(placed).toBeGreaterThan(0);
  });
});
