import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { codeOf } from '../../../../../core/errors.js';
import { fileChange } from '../../../../../forecaster/planner/packing/file-change.js';
import type { ProblemFile } from '../../../../../forecaster/planner/packing/problem-file.js';
import { problemFileSchema } from '../../../../../forecaster/planner/packing/problem-file.js';
import { fuzzRuns } from '../../../../support/fuzz.js';
import { problemFaults } from '../../../../support/packing/problem-checker.js';
import { randomProblem } from '../../../../support/packing/random-problem.js';
import { planned, problem, server } from '../../../../support/packing/small-problem.js';

const FILE = problem({
  servers: [
    { ...server('s1'), soft: { cpu: 50 }, zones: { rack: 'a' }, base: { cpu: 5 } },
    { ...server('s2'), zones: { rack: 'b' } },
  ],
  resources: [
    { name: 'a', server: 's1', demand: { cpu: 60 }, allowed: ['s1'] },
    { name: 'b', server: 's2', demand: { cpu: 60 } },
  ],
  moves: {
    distances: [
      [0, 3],
      [4, 0],
    ],
  },
});
const after = (text: string, file = FILE): ProblemFile => fileChange(file, text).changed;

describe('a change of a problem file', () => {
  it('loses, removes or resizes a server', () => {
    expect(after('lose s1').servers.map(({ state }) => state)).toEqual(['lost', 'ready']);
    expect(after('remove s2').servers.map(({ state }) => state)).toEqual(['ready', 'draining']);
    expect(after('resize s1 cpu=40').servers[0]).toMatchObject({ capacity: { cpu: 40 }, soft: {} });
    expect(planned(after('lose s2')).assignment).toEqual({ a: 's1', b: null });
  });

  it('adds a server like another: as large, as far, in its zone, for what that one may have', () => {
    const file = after('add s9 like s1');
    expect(file.servers[2]).toEqual({ ...FILE.servers[0], name: 's9', base: {} });
    expect(file.resources[0]?.allowed).toEqual(['s1', 's9']);
    expect(file.moves.distances).toEqual([
      [0, 3, 0],
      [4, 0, 4],
      [0, 3, 0],
    ]);
    const other = after('add s9 like s1 cpu=70 rack=c').servers[2];
    expect(other).toMatchObject({ capacity: { cpu: 70 }, soft: {}, zones: { rack: 'c' } });
  });

  it('adds a server by its capacity, moves a resource, changes a limit', () => {
    const plain = problem({ servers: [server('s1')], resources: [], moves: {} });
    expect(after('add s9 cpu=7', plain).servers[1]).toMatchObject({ capacity: { cpu: 7 } });
    const moved = after('move a s2').resources[0];
    expect(moved).toMatchObject({ server: 's2', pinned: 's2', allowed: null });
    expect(after('limit target=0.5').objective.target).toBe(0.5);
    expect(after('limit perServerMax=2').moves.perServerMax).toBe(2);
  });

  it('is told in words', () => {
    const words = (text: string): string => fileChange(FILE, text).words;
    expect(words('lose s1')).toBe('s1 were lost');
    expect(words('add s9 like s1 cpu=7')).toBe('s9 were added like s1 cpu=7');
    expect(words('move a s2')).toBe('a were on s2');
  });

  it.each([
    ['', 'it is none of lose'],
    ['lose', 'there is no server'],
    ['lose s1 s2', 'it takes one name'],
    ['remove s9', 'there is no server s9'],
    ['resize s1', 'it says no capacity'],
    ['resize s1 disk=4', '"disk=4" is no amount of cpu'],
    ['resize s1 cpu=-4', '"cpu=-4" is no amount of cpu'],
    ['add s1 like s2', 'there is such a server'],
    ['add s9', 'it says no capacity'],
    ['add s9 cpu=4', 'the file has distances'],
    ['move z s1', 'there is no resource z'],
    ['limit speed=4', 'the limits are target'],
    ['limit max=', 'the limits are target'],
    ['limit target=7', '1'],
    ['limit max=1.5', 'int'],
  ])('"%s" is refused, and why is said', (text, why) => {
    expect(() => after(text)).toThrow(
      expect.objectContaining({
        code: 'ERR_CHANGE_INVALID',
        message: expect.stringContaining(why) as unknown,
      }),
    );
  });

  it('makes a file that follows the format and can be planned, or is refused', () => {
    const changes = fc.constantFrom(
      ...[
        'lose s0',
        'remove s1',
        'resize s0 cpu=80',
        'add n like s0',
        'add n cpu=90 rack=a room=x',
      ],
      ...['move r0 s1', 'limit target=0.9', 'limit max=2'],
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), changes, (seed, text) => {
        const file = randomProblem(seed);
        let changed: ProblemFile;
        try {
          ({ changed } = fileChange(file, text));
        } catch (error) {
          expect(codeOf(error)).toBe('ERR_CHANGE_INVALID');
          return;
        }
        expect(problemFileSchema.parse(changed)).toEqual(changed);
        expect(problemFaults(changed, planned(changed))).toEqual([]);
      }),
      fuzzRuns(60),
    );
  });
});
