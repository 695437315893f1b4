import { describe, expect, it } from '@jest/globals';
import { ADVICE_POLICIES, adviceOf } from '../../../replay/advice.js';
import type { AdvicePolicy } from '../../../replay/advice.js';
import { parseReplayOptions } from '../../../replay/options.js';
import { NOTHING_TO_SAY } from '../../../replay/policy.js';
import { reportOf } from '../../../replay/report.js';
import type { PolicyRun } from '../../../replay/run.js';
import { meterOf } from '../../../replay/run.js';
import { sceneOf } from '../../../replay/scene.js';
import { madeTrace } from '../../support/made-trace.js';

const STEP_MIN = 5;
const STEPS = 288 + 8;
const WARM = 288;
const SCENE = sceneOf(
  madeTrace(2, STEPS, () => 1),
  parseReplayOptions({ servers: 2, capacity: 1, warmDays: 1, policies: ADVICE_POLICIES }),
);
const FROM_MS = SCENE.recorded.grid.startMs + WARM * STEP_MIN * 60_000;

interface Made {
  /** A digit a step: tenths of a capacity above 0.5, so that 5 is full and 6 is more. By server. */
  readonly loads: readonly [string, string];
  /** Of resource 0, from s1 to s2, so many minutes after the beginning. */
  readonly movesAt?: readonly number[];
}

function run(policy: AdvicePolicy, { loads, movesAt = [] }: Made): PolicyRun {
  const values = loads.map((text) => Array.from(text, (digit) => 0.5 + Number(digit) / 10));
  const moves = movesAt.map((minute) => {
    return { resource: 0, source: 0, target: 1, atMs: FROM_MS + minute * 60_000 };
  });
  const meter = meterOf(SCENE);
  for (const [at] of Array.from(loads[0]).entries()) {
    meter.step(Float64Array.from(values, (ofServer) => ofServer[at] ?? 0));
  }
  for (const { resource, atMs } of moves) meter.move(resource, atMs);
  const measures = meter.measures();
  const flat = Float32Array.from(values.flat());
  return { policy, measures, account: NOTHING_TO_SAY, loads: flat, moves };
}

function advice(made: Partial<Record<AdvicePolicy, Made>>, source = 'a test') {
  const runs = ADVICE_POLICIES.map((name) =>
    run(name, made[name] ?? { loads: ['00000000', '00000000'] }),
  );
  const report = reportOf(source, SCENE, runs);
  const result = { report, scene: SCENE, runs, seconds: {} };
  return adviceOf(result, { source, isCapacityGiven: true });
}

describe('an advice', () => {
  it('says what would have been avoided, against nothing and against reacting', () => {
    const { policies, avoided } = advice({
      static: { loads: ['00666000', '00000060'] },
      'reactive-50': { loads: ['00066000', '00000000'] },
      foreshift: { loads: ['00006000', '00000000'], movesAt: [3] },
    });
    expect(policies.static.overloadMinutes).toBe(4 * STEP_MIN);
    expect(policies.foreshift).toMatchObject({ overloadMinutes: STEP_MIN, moves: 1 });
    expect(avoided).toEqual({ againstNothing: 3 * STEP_MIN, againstReactive: STEP_MIN });
  });

  it('does not hide that it would have done harm', () => {
    const { avoided, spells } = advice({
      static: { loads: ['00000000', '00600000'] },
      foreshift: { loads: ['00000000', '00660066'] },
    });
    expect(avoided.againstNothing).toBe(-3 * STEP_MIN);
    expect(spells).toEqual({ avoided: 0, shortened: 0, left: 1, added: 1 });
  });

  it('says of each overload what became of it, and how long before something had left the server', () => {
    const { overloads, spells, leadMs } = advice({
      static: { loads: ['00660660', '00006666'] },
      foreshift: { loads: ['00000060', '00006666'], movesAt: [2, 5, 30] },
    });
    expect(spells).toEqual({ avoided: 1, shortened: 1, left: 1, added: 0 });
    expect(
      overloads.map(({ server, minutes, end, leadMs: lead }) => [server, minutes, end, lead]),
    ).toEqual([
      ['s2', 20, 'left', null],
      ['s1', 10, 'avoided', 5 * 60_000],
      ['s1', 10, 'shortened', 20 * 60_000],
    ]);
    expect(overloads[0]).toMatchObject({ fromMs: FROM_MS + 20 * 60_000, peak: 1.1 });
    expect(leadMs).toBe(5 * 60_000);
  });

  it('says when: the minutes and moves of each day', () => {
    const { days } = advice({
      static: { loads: ['00666000', '00000060'] },
      foreshift: { loads: ['00000000', '00000000'], movesAt: [1, 2] },
    });
    expect(days).toEqual([
      {
        dayMs: FROM_MS,
        overloadMinutes: { static: 4 * STEP_MIN, 'reactive-50': 0, foreshift: 0 },
        moves: 2,
      },
    ]);
  });

  it('says what it was judged on, and how much of it is not known', () => {
    expect(advice({}, 'x.csv')).toMatchObject({
      ...{ kind: 'foreshift-advice', source: 'x.csv', dimension: 'cpu', resources: 2, servers: 2 },
      ...{ capacity: 1, fromMs: FROM_MS, toMs: FROM_MS + 8 * STEP_MIN * 60_000, missing: 0 },
    });
  });
});
