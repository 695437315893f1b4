import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Advice } from '../../../../forecaster/planner/advice.js';
import { changed } from '../../../../forecaster/planner/changed.js';
import { parseChange } from '../../../../forecaster/planner/change-text.js';
import { REHEARSALS_MAX, rehearsalOf } from '../../../../forecaster/planner/rehearsal.js';
import { fuzzRuns } from '../../../support/fuzz.js';
import { START_MS, inputsOf } from '../../../support/planner/inputs.js';
import { randomInputs } from '../../../support/planner/random-inputs.js';

const SERVER = { capacity: { cpu: 10 } };
const INPUTS = inputsOf({
  servers: { s1: SERVER, s2: SERVER, s3: SERVER },
  resources: { a: { on: 's1', needs: { cpu: 6 } }, b: { on: 's2', needs: { cpu: 5 } } },
});

describe('what a thread that searches asks itself first', () => {
  it('is every kind of change that moves something, of one server after the other', () => {
    const changes = Array.from({ length: REHEARSALS_MAX }, (_, at) => rehearsalOf(INPUTS, at));
    expect(new Set(changes.map((change) => change?.kind))).toEqual(
      new Set(['lose-server', 'resize-server', 'move-resource', 'drain-server']),
    );
    expect(changes.slice(0, 3)).toMatchObject([
      { kind: 'lose-server', server: 's1' },
      { kind: 'resize-server', server: 's2', capacity: { cpu: 2.5 } },
      { kind: 'move-resource', resource: 'a', server: 's3' },
    ]);
  });

  it('can be changed in any fleet, and is nothing where there is nothing to change', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(REHEARSALS_MAX), (seed, number) => {
        const inputs = randomInputs(seed);
        const change = rehearsalOf(inputs, number);
        expect(change === undefined).toBe(inputs.resources.length === 0);
        if (change !== undefined) expect(() => changed(inputs, change)).not.toThrow();
      }),
      fuzzRuns(200),
    );
    expect(rehearsalOf({ ...INPUTS, servers: [] }, 3)).toBeUndefined();
  });

  it('leaves no trace in what is answered after it', () => {
    const asked = { changes: [parseChange('lose s1')], nowMs: START_MS };
    const rehearsed = new Advice(INPUTS);
    for (let number = 0; number < REHEARSALS_MAX; number++) rehearsed.rehearse(number, START_MS);
    expect(rehearsed.whatIf(asked)).toEqual(new Advice(INPUTS).whatIf(asked));
  });
});
