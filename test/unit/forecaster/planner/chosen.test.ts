import { describe, expect, it } from '@jest/globals';
import type { Move } from '../../../../core/plan.js';
import { chosen } from '../../../../forecaster/planner/chosen.js';
import { planFor } from '../../../../forecaster/planner/planner.js';
import { inputsOf } from '../../../support/planner/inputs.js';
import { g, r, s } from '../../../support/names.js';

const SERVER = { capacity: { hits: 1000 } };
const INPUTS = inputsOf({
  steps: 2,
  servers: { s1: SERVER, s2: SERVER, s3: SERVER },
  resources: {
    a: { on: 's1', needs: { hits: [500, 700] }, spread: 0.1 },
    b: { on: 's1', needs: { hits: [450, 450] }, spread: 0.1 },
    c: { on: 's2', needs: { hits: [50, 50] }, spread: 0.1 },
  },
});

function move(resource: string, source: string, target: string): Move {
  return { resource: r(resource), source: s(source), target: s(target), since: g('1.1') };
}

describe('moves that somebody chose', () => {
  it('are as good as the planner says of its own plan', () => {
    const { plan } = planFor(INPUTS);
    const moves = plan?.batches.flatMap((batch) => batch.moves) ?? [];
    expect(moves.length).toBeGreaterThan(0);
    const { analysis, impossible } = chosen(INPUTS, moves);
    expect(impossible).toEqual([]);
    expect(analysis).toEqual({
      ...plan?.analysis,
      blockers: undefined,
      stopped: undefined,
    });
  });

  it('may be none: then all stays as if nothing were done', () => {
    const { analysis, ahead } = chosen(INPUTS, []);
    expect(analysis.score.plan).toEqual(analysis.score.nothing);
    expect(analysis.score.plan.overload).toBeGreaterThan(0);
    expect(ahead).toEqual([]);
  });

  it('may make things worse, and that shows', () => {
    const { analysis } = chosen(INPUTS, [move('c', 's2', 's1')]);
    expect(analysis.score.plan.overload).toBeGreaterThan(analysis.score.nothing.overload);
  });

  it('tell of each server that they change how full it gets, step by step', () => {
    const { ahead } = chosen(INPUTS, [move('b', 's1', 's3')]);
    expect(ahead.map(({ server }) => server)).toEqual(['s1', 's3']);
    const [from, to] = ahead;
    expect(from?.nothing[1]).toBeGreaterThan(1);
    expect(from?.plan[1]).toBeCloseTo(0.77);
    expect(to?.nothing).toEqual([0, 0]);
    expect(to?.plan).toEqual([expect.closeTo(0.495), expect.closeTo(0.495)]);
  });

  it('are left out and named if they cannot be made any more', () => {
    const gone = [move('b', 's2', 's3'), move('x', 's1', 's2'), move('a', 's1', 's9')];
    const { analysis, impossible } = chosen(INPUTS, [...gone, move('c', 's2', 's3')]);
    expect(impossible).toEqual(gone);
    expect(analysis.outlook.find(({ server }) => server === 's3')?.plan).toBeGreaterThan(0);
  });
});
