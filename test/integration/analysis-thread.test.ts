import { afterEach, describe, expect, it } from '@jest/globals';
import { SimulatedClock } from '../../core/clock/simulated.js';
import { MemoryDisk } from '../../core/disk/memory.js';
import type { Panel } from '../../core/panel.js';
import { panelOf } from '../../core/panel.js';
import { AnalysisThread } from '../../forecaster/analysis-thread.js';
import { InlineAnalysis } from '../../forecaster/inline-analysis.js';
import { KeptState } from '../../forecaster/kept-state.js';
import type { PlanningServer } from '../../forecaster/planner/inputs.js';
import { HeardLog } from '../support/heard-log.js';
import { randomInputs } from '../support/planner/random-inputs.js';
import { resourceSeries } from '../support/series.js';
import { untilWithin } from '../support/until.js';
import { DAY, workload } from '../support/workloads.js';

const STEP_MS = 300_000;
const STEPS = 2 * DAY;
const KINDS = ['hourly-jobs', 'daily', 'bursty'] as const;
const SERIES = KINDS.map((kind) => resourceSeries(kind, 'cpu'));
const OPTIONS = {
  ...{ stepMs: STEP_MS, horizonSteps: 12, historySteps: STEPS, seed: 1 },
  seasonsMs: [3_600_000, 86_400_000],
};
const until = untilWithin(30_000);

function history(from: number, to: number): Panel {
  const values = new Float32Array(KINDS.length * (to - from));
  for (const [row, kind] of KINDS.entries()) {
    values.set(workload(kind, STEPS + 20).subarray(from, to), row * (to - from));
  }
  return panelOf(SERIES, { startMs: from * STEP_MS, stepMs: STEP_MS, steps: to - from }, values);
}

function lostIfFirst(server: PlanningServer, at: number): PlanningServer {
  return at === 0 ? { ...server, state: 'lost' } : server;
}

describe('the analysis in its thread', () => {
  const disk = new MemoryDisk();
  const running: AnalysisThread[] = [];

  async function begun(clock = new SimulatedClock(0)) {
    const log = new HeardLog();
    const kept = new KeptState({ disk, clock, log });
    const analysis = new AnalysisThread({ log, kept }, OPTIONS);
    running.push(analysis);
    await analysis.start();
    return { analysis, log, clock };
  }

  afterEach(async () => {
    for (const analysis of running.splice(0)) await analysis.stop();
  });

  it('goes on in a new process with what it kept, and the samples since', async () => {
    const { analysis, clock } = await begun();
    await analysis.observe(history(0, STEPS));
    await analysis.forecast(SERIES);
    await clock.advance(900_000);
    analysis.learn();
    await until('it is kept', async () => (await disk.list('')).length > 0);
    expect(analysis.seriesDue).toBe(0);
    await analysis.observe(history(STEPS, STEPS + 6));
    const { block, stepsKnown } = await analysis.forecast(SERIES);

    const next = await begun();
    expect(next.log.lines).toContain('info kept forecasts taken up');
    await next.analysis.observe(history(6, STEPS + 6));
    const resumed = await next.analysis.forecast(SERIES);
    expect(resumed.stepsKnown).toBe(stepsKnown);
    expect(resumed.block.paths).toEqual(block.paths);
  });

  it('plans and rescues to the same bytes as it would in place', async () => {
    const { analysis } = await begun();
    const inline = new InlineAnalysis(OPTIONS);
    for (const seed of [1, 3, 5]) {
      const inputs = randomInputs(seed);
      const [plan, rescue] = await Promise.all([analysis.plan(inputs), analysis.rescue(inputs)]);
      expect(JSON.stringify(plan)).toBe(JSON.stringify(await inline.plan(inputs)));
      expect(JSON.stringify(rescue)).toBe(JSON.stringify(await inline.rescue(inputs)));
    }
  });

  it('rescues by the forecast of the last plan, or by another, to the same bytes', async () => {
    const { analysis } = await begun();
    const inline = new InlineAnalysis(OPTIONS);
    for (const seed of [1, 3, 5]) {
      const inputs = randomInputs(seed);
      const lost = { ...inputs, servers: inputs.servers.map(lostIfFirst) };
      const renewed = { ...lost, forecast: { ...inputs.forecast } };
      await analysis.plan(inputs);
      for (const each of [lost, renewed]) {
        expect(JSON.stringify(await analysis.rescue(each))).toBe(
          JSON.stringify(await inline.rescue(each)),
        );
      }
    }
  });

  it('says that what was kept is damaged, and learns anew', async () => {
    await disk.replace('forecasting.state', Uint8Array.of(1, 2, 3));
    const { analysis, log } = await begun();
    expect(log.lines).toContain('warn kept forecasts not used');
    await analysis.observe(history(0, STEPS));
    expect((await analysis.forecast(SERIES)).block.series).toEqual(SERIES);
  });
});
