import { beforeEach, describe, expect, it } from '@jest/globals';
import { Memory } from '../../../../api/views/kept/memory.js';
import { seriesForecastOf } from '../../../../api/views/series-forecast.js';
import { MemoryMetricStore } from '../../../../core/metric-store/memory.js';
import type { NoPlan } from '../../../../core/plan.js';
import type { SeriesKey } from '../../../../core/sample.js';
import { Draft } from '../../../../core/table-store/draft.js';
import { Eligibility } from '../../../../core/table-store/eligibility.js';
import { ROUND } from '../../../../core/table-store/records/plan.js';
import { ControlPlane } from '../../../support/control-plane.js';
import { r, s } from '../../../support/names.js';
import { forecastRun, resourceSeries, sample, serverSeries } from '../../../support/series.js';

const STEP = 300_000;
const NOW = 1_700_100_000_000;
const END = Math.floor(NOW / STEP) * STEP;
const WINDOW = { nowMs: NOW, stepMs: STEP, metric: undefined, pastSteps: 4 } as const;
const S1 = { subject: 'server', id: s('s1') } as const;
const A = { subject: 'resource', id: r('a') } as const;

let plane: ControlPlane;
let metricStore: MemoryMetricStore;

beforeEach(async () => {
  // Placed long before what is scored.
  plane = await ControlPlane.with(['s1', 's2'], { a: 's1@1.5', b: 's2@1.6' });
  metricStore = new MemoryMetricStore();
});

const asked = (
  subject: Parameters<typeof seriesForecastOf>[0],
  given: Partial<Parameters<typeof seriesForecastOf>[1]> = {},
) => {
  const { view, clock } = plane;
  const parts = { view, clock, metricStore, eligibility: new Eligibility({ view, clock }) };
  return seriesForecastOf(
    subject,
    { ...WINDOW, ...given },
    { ...parts, memory: new Memory(parts) },
  );
};

/** At each of the last steps `base + 10·row + step` is said a step ahead, and `came` measured. */
async function saidAndCame(
  series: SeriesKey,
  came: readonly number[],
  base: number,
): Promise<void> {
  for (const [index, value] of came.entries()) {
    const startMs = END - (came.length - index) * STEP;
    await metricStore.writeForecast(
      forecastRun([series], { startMs, steps: 2, base, leads: [1], madeAtMs: startMs }),
    );
    await metricStore.writeSamples([sample(series, startMs, value)]);
  }
  await metricStore.writeForecast(
    forecastRun([series], { startMs: END, steps: 2, base, leads: [1], madeAtMs: END }),
  );
}

describe('the forecast of one series', () => {
  it('has what was, what is to come, and what had been said of what was', async () => {
    await saidAndCame(resourceSeries('a', 'cpu'), [2, 2.1, 2.2], 2);
    const found = await asked(A);
    expect(found).toMatchObject({ metric: 'cpu', metrics: ['cpu'], server: 's1', limit: null });
    expect(found.past).toEqual([null, 2, 2.1, 2.2]);
    expect(found.forecast).toMatchObject({
      fromMs: END,
      model: 'last-value',
      p50: [2, 3],
      p90: [2.5, 3.5],
    });
    expect(found.said).toEqual([
      {
        leadMs: STEP,
        p10: [null, 1.75, 1.75, 1.75],
        p50: [null, 2, 2, 2],
        p90: [null, 2.5, 2.5, 2.5],
      },
    ]);
  });

  it('is scored by what came', async () => {
    await saidAndCame(resourceSeries('a', 'cpu'), [2, 2.1, 9, 2.2], 2);
    const { score } = await asked(A);
    expect(score.breaches).toBeNull();
    expect(score.leads).toHaveLength(1);
    expect(score.leads[0]).toMatchObject({ leadMs: STEP, count: 4, coverage: 0.75 });
    expect(score.worst).toMatchObject({ timeMs: END - 2 * STEP, said: 2, came: 9 });
  });

  it('says of a server how often it was called that it would pass its capacity', async () => {
    // 4 cores; 5 are said of each step, so that every step is called, and some of it was a false alarm.
    await saidAndCame(serverSeries('s1'), [5, 5, 1, 1, 1], 5);
    const { score, limit } = await asked(S1, { metric: 'cpu' });
    expect(limit).toBe(4);
    expect(score.breaches).toMatchObject({ called: 1, missed: 0 });
  });

  it('leaves out the steps of a server that got or gave away something meanwhile', async () => {
    await saidAndCame(serverSeries('s1'), [2, 2, 2, 2], 2);
    expect((await asked(S1, { metric: 'cpu' })).score.leads[0]?.count).toBe(4);
    await plane.applied([plane.move('a', 's2')], END - 2 * STEP + 1000);
    expect((await asked(S1, { metric: 'cpu' })).score.leads[0]?.count).toBe(2);
  });

  it('holds for what nobody measured or forecast', async () => {
    const found = await asked(S1);
    expect(found).toMatchObject({ metric: 'cpu', forecast: null, said: [] });
    expect(found.past).toEqual([null, null, null, null]);
    expect(found.score).toMatchObject({ leads: [], worst: null });
  });

  it('says how far the learning is', async () => {
    const none: NoPlan = {
      why: 'learning',
      blockers: [],
      score: null,
      gain: null,
      gainMin: null,
      steps: 3,
      stepsMin: 24,
    };
    const trigger = { kind: 'schedule', detail: '' } as const;
    await plane.write(new Draft().put(ROUND, 'last', { atMs: NOW, trigger, plan: null, none }));
    expect((await asked(S1)).learning).toEqual({ steps: 3, stepsMin: 24 });
  });

  it('knows nothing of what there is not', async () => {
    await expect(asked({ subject: 'server', id: s('s9') })).rejects.toMatchObject({
      code: 'ERR_SERVER_UNKNOWN',
    });
    await expect(asked({ subject: 'resource', id: r('z') })).rejects.toMatchObject({
      code: 'ERR_RESOURCE_UNKNOWN',
    });
  });
});
