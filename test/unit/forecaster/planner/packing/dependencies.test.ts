import { describe, expect, it } from '@jest/globals';
import type { Rng } from '../../../../../core/rng.js';
import { SeededRng, between, integerBelow } from '../../../../../core/rng.js';
import type { ProblemFileInput } from '../../../../../forecaster/planner/packing/problem-file.js';
import { problemFaults } from '../../../../support/packing/problem-checker.js';
import { planned, problem } from '../../../../support/packing/small-problem.js';

const SERVERS = 20;
const ROOMS = 5;
const RESOURCES = 400;
const GROUPS = 100;
const DIMENSIONS = ['cpu', 'memory', 'network'] as const;
/** Of what the servers can take well: so full they are on the average. */
const FILL = 0.95;

type Fleet = Pick<ProblemFileInput, 'servers' | 'resources' | 'groups'>;

function loads(rng: Rng): Record<string, number> {
  const mean = (SERVERS * 60 * FILL) / RESOURCES;
  return Object.fromEntries(DIMENSIONS.map((name) => [name, mean * between(rng, 0.2, 1.8)]));
}

/** Many groups that need others in their rooms, as it is at the start, and servers of which the first are far too full. */
function linked(seed: number): Fleet {
  const rng = new SeededRng(seed);
  const all = (amount: number): Record<string, number> =>
    Object.fromEntries(DIMENSIONS.map((name) => [name, amount]));
  const homes = Array.from({ length: RESOURCES }, () =>
    Math.min(integerBelow(rng, SERVERS), integerBelow(rng, SERVERS)),
  );
  const roomsOf = (group: number): Set<number> =>
    new Set(homes.filter((_home, at) => at % GROUPS === group).map((home) => home % ROOMS));
  const needsOf = (group: number): number[] => {
    const rooms = [...roomsOf(group)];
    const tried = Array.from({ length: 6 }, () => integerBelow(rng, GROUPS));
    return [...new Set(tried)].filter((other) => {
      const there = roomsOf(other);
      return other !== group && rooms.every((room) => there.has(room));
    });
  };
  return {
    servers: Array.from({ length: SERVERS }, (_hole, at) => ({
      name: `s${at}`,
      capacity: all(100),
      soft: all(60),
      zones: { room: `room-${at % ROOMS}` },
    })),
    resources: homes.map((home, at) => ({
      name: `r${at}`,
      group: `g${at % GROUPS}`,
      server: `s${home}`,
      demand: loads(rng),
    })),
    groups: Array.from({ length: GROUPS }, (_hole, group) => ({
      name: `g${group}`,
      apart: false,
      spread: null,
      needs: needsOf(group).map((other) => ({ group: `g${other}`, within: 'room' })),
    })),
  };
}

describe('a problem file whose groups need each other', () => {
  // A search in which some rule stays broken to its end has nothing to show, whatever else it has won.
  it.each([1, 2, 3, 4])('is planned without overload, fleet %i', (seed) => {
    const dimensions = DIMENSIONS.map((name) => ({ name, softWeight: 1 }));
    const file = problem({ dimensions, ...linked(seed) });
    const plan = planned(file, 1, 300_000);
    expect(problemFaults(file, plan)).toEqual([]);
    expect(plan.score.nothing.overload).toBeGreaterThan(0);
    expect(plan.score.plan.overload).toBe(0);
  });
});
