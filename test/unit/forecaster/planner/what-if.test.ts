import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { codeOf } from '../../../../core/errors.js';
import type { Change } from '../../../../forecaster/planner/changed.js';
import { changed } from '../../../../forecaster/planner/changed.js';
import { changeWords, parseChange } from '../../../../forecaster/planner/change-text.js';
import type { PlanningInputs } from '../../../../forecaster/planner/inputs.js';
import { planFor, planned } from '../../../../forecaster/planner/planner.js';
import type { WhatIf } from '../../../../forecaster/planner/what-if.js';
import { worldOf } from '../../../../forecaster/planner/what-if.js';
import type { WhatIfWords } from '../../../../forecaster/planner/what-if-words.js';
import { whatIfWords } from '../../../../forecaster/planner/what-if-words.js';
import { fuzzRuns } from '../../../support/fuzz.js';
import { START_MS, STEP_MS, inputsOf } from '../../../support/planner/inputs.js';
import { randomInputs } from '../../../support/planner/random-inputs.js';
import { r, s } from '../../../support/names.js';

const SERVER = { capacity: { cpu: 10 } };

function tried(inputs: PlanningInputs, ...texts: string[]): { found: WhatIf; words: WhatIfWords } {
  const changes = texts.map(parseChange);
  const found = whatIf(inputs, changes.reduce(changed, inputs));
  return { found, words: whatIfWords(found, changes, START_MS) };
}

function whatIf(inputs: PlanningInputs, after: PlanningInputs): WhatIf {
  const [asIs, then] = [worldOf(planned(inputs)), worldOf(planned(after))];
  return { plannedAtMs: inputs.nowMs, before: asIs, after: then };
}

describe('a change of the inputs', () => {
  const inputs = inputsOf({
    servers: { s1: SERVER },
    resources: { a: { on: 's1', needs: { cpu: 6 } }, b: { on: 's1', needs: { cpu: 5 } } },
  });

  it('of the quantile is as if it were pinned', () => {
    const fleet = { servers: { s1: { capacity: { cpu: 1 } } }, resources: {} };
    const inputs = inputsOf({ ...fleet, options: { countsTail: true } });
    const tailOf = (text: string) => changed(inputs, parseChange(text)).options.countsTail;
    expect([tailOf('limit target=0.5'), tailOf('limit quantile=0.9')]).toEqual([true, false]);
  });

  it('adds a server, and the plan uses it', () => {
    const server = { id: s('s2'), state: 'ready', spare: false, zone: null, ...SERVER } as const;
    expect(planFor(inputs).none?.why).toBe('blocked');
    expect(planFor(changed(inputs, { kind: 'add-server', server })).plan?.batches).toHaveLength(1);
  });

  it('resizes a server, drains or loses it, or changes a limit', () => {
    const id = s('s1');
    const larger = changed(inputs, { kind: 'resize-server', server: id, capacity: { cpu: 20 } });
    expect(planFor(larger).none?.why).toBe('balanced');
    const drained = changed(inputs, { kind: 'drain-server', server: id });
    expect(planFor(drained).none?.why).toBe('no-servers');
    const lost = changed(inputs, { kind: 'lose-server', server: id });
    expect(planFor(lost).none?.why).toBe('no-servers');
    const looser = changed(larger, { kind: 'set-options', options: { target: 0.5 } });
    expect(planFor(looser).none?.why).toBe('blocked');
  });

  it('resizes only the dimensions that it names', () => {
    const both = inputsOf({ servers: { s1: { capacity: { cpu: 10, hits: 99 } } }, resources: {} });
    const change = { kind: 'resize-server', server: s('s1'), capacity: { cpu: 4 } } as const;
    expect(changed(both, change).servers[0]?.capacity).toEqual({ cpu: 4, hits: 99 });
  });

  it('adds a server like another: as large, and for what that one may serve', () => {
    const fleet = inputsOf({
      servers: { s1: { capacity: { cpu: 10, hits: 99 } }, s2: SERVER },
      resources: {
        a: { needs: { cpu: 1 }, eligible: ['s1'] },
        b: { needs: { cpu: 1 }, eligible: ['s2'] },
      },
    });
    const after = changed(fleet, parseChange('add s9 like s1 cpu=4 zone=b'));
    expect(after.servers.at(-1)).toEqual({
      ...{ id: 's9', state: 'ready', spare: false, zone: 'b' },
      capacity: { cpu: 4, hits: 99 },
    });
    expect(after.resources.map(({ eligible }) => eligible)).toEqual([['s1', 's9'], ['s2']]);
  });

  it('refuses names that there are not, and one that there is', () => {
    for (const text of ['lose s9', 'remove s9', 'resize s9 cpu=1', 'add s2 like s9', 'move a s9']) {
      const fail = () => changed(inputs, parseChange(text));
      expect(fail).toThrow(expect.objectContaining({ code: 'ERR_SERVER_UNKNOWN' }));
    }
    expect(() => changed(inputs, parseChange('move z s1'))).toThrow(
      expect.objectContaining({ code: 'ERR_RESOURCE_UNKNOWN' }),
    );
    expect(() => changed(inputs, parseChange('add s1 cpu=4'))).toThrow(
      expect.objectContaining({ code: 'ERR_CHANGE_INVALID' }),
    );
  });
});

describe('a change as text', () => {
  it.each<[string, Change]>([
    ['lose s1', { kind: 'lose-server', server: s('s1') }],
    ['  remove   s1 ', { kind: 'drain-server', server: s('s1') }],
    ['resize s1 cpu=16', { kind: 'resize-server', server: s('s1'), capacity: { cpu: 16 } }],
    ['move vol-7 s2', { kind: 'move-resource', resource: r('vol-7'), server: s('s2') }],
    ['limit target=0.7', { kind: 'set-options', options: { target: 0.7 } }],
    ['limit bytesMax=2GiB', { kind: 'set-options', options: { bytesMax: 2 ** 31 } }],
    ['limit headroom=zone', { kind: 'set-options', options: { headroom: 'zone' } }],
    [
      'add s9 cpu=8 memory=1GB',
      {
        kind: 'add-server',
        server: {
          ...{ id: s('s9'), state: 'ready', spare: false, zone: null },
          capacity: { cpu: 8, memory: 1e9 },
        },
      },
    ],
  ])('%s is read', (text, change) => {
    expect(parseChange(text)).toEqual(change);
  });

  it.each([
    ['', 'it is none of them'],
    ['explode s1', 'it is none of them'],
    ['lose', 'it takes one name'],
    ['lose s1 s2', 'it takes one name'],
    ['add s9', 'it says no capacity, nor which server it is like'],
    ['add s9 disks=4', '"disks=4" is none of cpu, memory, network, hits, zone'],
    ['resize s1', 'it says no capacity'],
    ['resize s1 cpu', '"cpu" is none of cpu, memory, network, hits'],
    ['resize s1 zone=b', '"zone=b" is none of cpu, memory, network, hits'],
    ['resize s1 cpu=-1', '0'],
    ['resize s1 cpu=Infinity', 'number'],
    ['move a', 'it takes two names'],
    ['limit target=7', '1'],
    ['limit groups=[]', 'the limits are quantile, target'],
    ['limit workUnits=5000', 'the limits are quantile, target'],
  ])('"%s" is refused, and why is said', (text, why) => {
    expect(() => parseChange(text)).toThrow(
      expect.objectContaining({
        code: 'ERR_CHANGE_INVALID',
        message: expect.stringContaining(why) as unknown,
      }),
    );
  });

  it('is a change or a coded refusal, whatever it is', () => {
    const word = fc.oneof(
      fc.constantFrom('add', 'lose', 'resize', 'limit', 'move', 'remove', 'like', 's1', 'a'),
      fc.constantFrom('cpu=8', 'memory=1GiB', 'target=0.5', 'zone=b', '__proto__=1', 'cpu=='),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 6 }), (words) => {
        let change: Change;
        try {
          change = parseChange(words.join(' '));
        } catch (error) {
          expect(['ERR_CHANGE_INVALID', 'ERR_NAME_INVALID']).toContain(codeOf(error));
          return;
        }
        expect(changeWords(change)).toMatch(/ (were|had) /);
      }),
      fuzzRuns(2000),
    );
  });
});

describe('a what-if', () => {
  const fleet = inputsOf({
    steps: 2,
    servers: { s1: SERVER, s2: SERVER, s3: SERVER },
    resources: {
      a: { on: 's1', needs: { cpu: [4, 5] } },
      b: { on: 's1', needs: { cpu: [1, 2] } },
      c: { on: 's2', needs: { cpu: [5, 5] } },
      d: { on: 's3', needs: { cpu: [2, 4] } },
    },
    options: { imbalanceMax: 9 },
  });

  it('says how it is, how it would be, what would move and what that avoids', () => {
    const { found, words } = tried(fleet, 'lose s1');
    expect(found.before.score.nothing).toMatchObject({ misplaced: 0, peak: 0.7 });
    expect(found.after.score.nothing).toMatchObject({ misplaced: 2, peak: 0.5 });
    expect(found.after.score.plan.misplaced).toBe(0);
    expect(words).toMatchObject({
      headline:
        'If s1 were lost: 2 moves would follow; the fullest server would peak at 90 % instead of 50 %.',
      asIs: 'the fullest server peaks at 70 %',
      nothing: 'the fullest server peaks at 50 %; 2 resources without a server to stay on',
      plan: 'the fullest server peaks at 90 %',
      avoided: ['2 resources without a server to stay on'],
      left: [],
    });
  });

  it('names each breach that the plan avoids, with its time, and each that it does not', () => {
    const { words } = tried(fleet, 'resize s1 cpu=6');
    expect(words.nothing).toBe('the fullest server peaks at 117 %; 1 server over capacity');
    expect(words.avoided).toEqual(['s1 would reach 117 % of its CPU, over it from 09:05 UTC']);
    const { words: tight, found } = tried(fleet, 'resize s1 cpu=4', 'lose s2', 'lose s3');
    expect(found.after.breaches.plan).toMatchObject([
      { server: 's1', dimension: 'cpu', atMs: START_MS, peak: 4 },
    ]);
    expect(tight.left).toEqual(['s1 would reach 400 % of its CPU, over it from 09:00 UTC']);
    expect(tight.blocked).toEqual(['3.0 servers more are needed (cpu)']);
    expect(START_MS + STEP_MS).toBe(Date.UTC(2026, 10, 2, 9, 5));
  });

  it('says that nothing would be moved, and why', () => {
    const { words } = tried(fleet, 'add s9 like s1', 'limit target=0.9');
    expect(words.headline).toBe(
      'If s9 were added like s1 and planner.target were 0.9: nothing would be moved. Balanced: no limit is predicted to be passed; the fullest server peaks at 70 %, 1.7 times the mean.',
    );
  });

  it('puts a resource where it is wanted and holds it there: others make room', () => {
    const { found, words } = tried(fleet, 'move a s2');
    expect(found.after.score.nothing.peak).toBe(1);
    const moved = found.after.batches.flatMap(({ moves }) => moves);
    expect(moved.map(({ resource }) => resource)).toEqual(['c']);
    expect(words.headline).toBe(
      'If a were on s2: 1 move would follow; the fullest server would peak at 70 % instead of 100 %.',
    );
  });

  it('is the same as planning the changed world, and leaves the inputs as they were', () => {
    const kinds = fc.constantFrom('lose s0', 'remove s0', 'resize s0 cpu=20', 'add n1 like s0');
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), kinds, (seed, text) => {
        const inputs = randomInputs(seed);
        const before = JSON.stringify(inputs);
        const after = changed(inputs, parseChange(text));
        const found = whatIf(inputs, after);
        expect(JSON.stringify(inputs)).toBe(before);
        const { plan, none } = planFor(after);
        expect(found.after).toMatchObject({ batches: plan?.batches ?? [], none });
        expect(found.before.batches).toEqual(planFor(inputs).plan?.batches ?? []);
        if (plan !== null) expect(found.after.score).toEqual(plan.analysis.score);
        for (const moment of ['nothing', 'plan'] as const) {
          const { overload, peak } = found.after.score[moment];
          const breaches = found.after.breaches[moment];
          expect(breaches.length > 0).toBe(overload > 0);
          if (breaches.length > 0) {
            expect(Math.max(...breaches.map((breach) => breach.peak))).toBe(peak);
          }
        }
        const words = whatIfWords(found, [parseChange(text)], inputs.nowMs);
        expect(JSON.stringify(words)).not.toMatch(/undefined|null|NaN|Infinity/);
      }),
      fuzzRuns(12),
    );
  });

  it('is the same whether it begins with what was translated before or not', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const inputs = randomInputs(seed);
        const { solved } = planned(inputs);
        const before = { inputs, translation: solved.translation };
        for (const change of changesOf(inputs)) {
          const after = changed(inputs, change);
          expect(planned(after, { before })).toEqual(planned(after));
        }
      }),
      fuzzRuns(12),
    );
  });
});

/** One of each kind. */
function changesOf({ servers, resources }: PlanningInputs): Change[] {
  const server = servers[0]!.id;
  const added = { id: s('new'), state: 'ready', spare: false, zone: null, capacity: {} } as const;
  return [
    { kind: 'lose-server', server },
    { kind: 'drain-server', server },
    { kind: 'add-server', server: added, like: server },
    { kind: 'resize-server', server, capacity: { memory: 1e9 } },
    ...resources
      .slice(0, 1)
      .map(({ id }) => ({ kind: 'move-resource', resource: id, server }) as const),
    { kind: 'set-options', options: { quantile: 0.7 } },
  ];
}
