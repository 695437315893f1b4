import { describe, expect, it } from '@jest/globals';
import type { Trace } from '../../../core/trace/trace.js';
import { parseReplayOptions } from '../../../replay/options.js';
import { sceneOf } from '../../../replay/scene.js';
import { madeTrace } from '../../support/made-trace.js';

const DAY_STEPS = 288;

describe('options of a replay', () => {
  it('have defaults', () => {
    const options = parseReplayOptions({});
    expect(options).toMatchObject({ servers: 8, horizonSteps: 12, seed: 1 });
    expect(options.policies).toEqual(['static', 'reactive-50', 'foreshift', 'oracle']);
  });

  it('take short names of policies', () => {
    const { policies } = parseReplayOptions({ policies: ['none', 'reactive', 'oracle'] });
    expect(policies).toEqual(['static', 'reactive-50', 'oracle']);
  });

  it.each([
    [{ policies: ['luck'] }, /^policies\.0: not one of static, /],
    [{ policies: [] }, /^policies: /],
    [{ policies: ['static', 'none'] }, 'policies: names a policy twice'],
    [{ servers: 1 }, /^servers: /],
    [{ servers: 2.5 }, /^servers: /],
    [{ capacity: 0 }, /^capacity: /],
    [{ seed: -1 }, /^seed: /],
    [{ switch: { drainMs: 0 } }, /^switch\.drainMs: /],
    [{ severs: 4 }, /^severs: /],
    [{ planner: { quantile: 2 } }, /^planner\.quantile: /],
    [{ planner: { quantil: 0.9 } }, /^planner\.quantil: /],
    ['fast', /^options: /],
  ])('are refused if they make no sense: %j', (input, message) => {
    expect(() => parseReplayOptions(input)).toThrow(
      expect.objectContaining({
        code: 'ERR_REPLAY_OPTION',
        message: expect.stringMatching(message),
      }),
    );
  });
});

describe('the scene of a replay', () => {
  const scene = (trace: Trace, options = {}) => sceneOf(trace, parseReplayOptions(options));

  it('warms up for a week, at most half of the trace', () => {
    expect(scene(madeTrace(2, 20 * DAY_STEPS, () => 1)).warmSteps).toBe(7 * DAY_STEPS);
    expect(scene(madeTrace(2, DAY_STEPS, () => 1)).warmSteps).toBe(DAY_STEPS / 2);
  });

  it('decides every half hour, with at most 5 % of the resources, at least two', () => {
    expect(scene(madeTrace(2, 24, () => 1))).toMatchObject({ decisionSteps: 6, movesMax: 2 });
    expect(scene(madeTrace(89, 24, () => 1)).movesMax).toBe(4);
    const hourly = madeTrace(2, 24, () => 1);
    const grid = { ...hourly.grid, stepMs: 3_600_000 };
    expect(scene({ ...hourly, grid }).decisionSteps).toBe(1);
  });

  it('names servers so that they sort by number', () => {
    const { servers } = scene(
      madeTrace(2, 24, () => 1),
      { servers: 10 },
    );
    expect([servers[0], servers[9]]).toEqual(['s01', 's10']);
  });

  it('takes the capacity that it is given, else one by the size of the load', () => {
    const trace = madeTrace(4, 24, () => 3);
    expect([...scene(trace, { servers: 2, capacity: 7 }).capacities]).toEqual([7, 7]);
    expect(scene(trace, { servers: 2 }).capacities[1]).toBeCloseTo(8, 6);
  });

  it.each([
    ['a dimension that is not there', { dimension: 'hits' }, /has no hits/],
    ['a warm-up longer than the trace', { warmDays: 1 }, /24 steps long, 289 are the least/],
  ])('refuses %s', (_, options, message) => {
    expect(() =>
      scene(
        madeTrace(2, 24, () => 1),
        options,
      ),
    ).toThrow(
      expect.objectContaining({
        code: 'ERR_REPLAY_TRACE',
        message: expect.stringMatching(message),
      }),
    );
  });

  it('refuses a trace of one step, and one without load after the warm-up', () => {
    for (const trace of [
      madeTrace(2, 1, () => 1),
      madeTrace(2, 24, (_, step) => (step < 12 ? 1 : 0)),
    ]) {
      expect(() => scene(trace)).toThrow(expect.objectContaining({ code: 'ERR_REPLAY_TRACE' }));
    }
  });
});
