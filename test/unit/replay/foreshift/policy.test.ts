import { describe, expect, it, jest } from '@jest/globals';
import { generatedTrace } from '../../../../core/trace/generated.js';
import type { ReplayInput } from '../../../../replay/options.js';
import { parseReplayOptions } from '../../../../replay/options.js';
import { replay } from '../../../../replay/replay.js';
import { reportText } from '../../../../replay/report.js';
import { madeTrace } from '../../../support/made-trace.js';

/** Half an hour a step keeps it short: the rules are the same. */
const trace = generatedTrace({ resources: 10, days: 2, stepMs: 1_800_000, seed: 1 });
jest.setTimeout(120_000);

async function replayed(input: ReplayInput = {}, of = trace) {
  const options = parseReplayOptions({
    servers: 3,
    horizonSteps: 6,
    planner: { workUnits: 20_000 },
    policies: ['static', 'foreshift'],
    ...input,
  });
  const { report } = await replay(of, 'made', options, { clock: { monotonicMs: () => 0 } });
  const [still, own] = report.policies;
  return { report, still: still!, own: own!, detail: report.details[1]! };
}

/** Taken by two tests. */
const plain = replayed({ seed: 1 });

describe('foreshift in a replay', () => {
  it('forecasts, plans and switches by the real parts: less overload, for a time in which requests were held', async () => {
    const { still, own, detail } = await plain;
    expect(still.overloadMinutes).toBeGreaterThan(0);
    expect(own.overloadMinutes).toBeLessThan(still.overloadMinutes);
    expect(own.moves).toBeGreaterThan(0);
    expect(own.holdMs).toBeGreaterThan(0);
    expect(own.coverage).toBeGreaterThan(0.6);
    expect(own.coverage).toBeLessThan(0.95);
    // Moves take effect when their switch commits, some time after the decision.
    const { stepMs } = trace.grid;
    const delays = detail.moves.map(({ atMs }) => atMs % stepMs);
    expect(Math.min(...delays)).toBeGreaterThan(0);
    expect(Math.max(...delays)).toBeLessThan(120_000);
  });

  it('is the same, byte for byte, for the same trace and seed; another seed drains otherwise', async () => {
    const [first, second, other] = [
      await plain,
      await replayed({ seed: 1 }),
      await replayed({ seed: 2 }),
    ];
    expect(reportText(second.report)).toBe(reportText(first.report));
    expect(other.own.holdMs).not.toBe(first.own.holdMs);
  });

  it('keeps to the limit of moves in each decision', async () => {
    const { detail } = await replayed({ movesMax: 1, triggers: false, decisionSteps: 4 });
    const decisions = detail.moves.map(({ atMs }) => Math.floor(atMs / trace.grid.stepMs));
    expect(decisions.length).toBeGreaterThan(0);
    expect(new Set(decisions).size).toBe(decisions.length);
    const first = trace.grid.startMs / trace.grid.stepMs + 48;
    for (const step of decisions) expect((step - first) % 4).toBe(0);
  });

  it('leaves resources where they are if their work does not end in time, and says how often', async () => {
    const { own } = await replayed({ switch: { drainMs: 60_000 } });
    expect(own.failedSwitches).toBeGreaterThan(0);
    expect(own.moves).toBe(0);
  });

  it('lets rest after a move only what has moved, also where the trace is shorter than that rest', async () => {
    // Servers of two each; those of the first then fill it beyond the target, not beyond its capacity.
    const risen = madeTrace(6, 100, (resource, step) =>
      step >= 50 && resource % 3 === 0 ? 1.35 : 1,
    );
    const { own, still } = await replayed({ capacity: 3 }, risen);
    expect(still.overloadMinutes).toBe(0);
    expect(own.moves).toBeGreaterThan(0);
    expect(own.movedTwice).toBe(0);
  });

  it('moves nothing where nothing would be won', async () => {
    const { own } = await replayed(
      {},
      madeTrace(8, 100, () => 1),
    );
    expect(own).toMatchObject({ moves: 0, overloadMinutes: 0, holdMs: 0 });
  });
});
