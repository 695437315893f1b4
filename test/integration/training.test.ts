import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { assertSound } from '../../core/forecast.js';
import { SILENT_LOG } from '../../core/log.js';
import { panelOf } from '../../core/panel.js';
import { AnalysisThread } from '../../forecaster/analysis-thread.js';
import { RetrainingThread } from '../../forecaster/retraining-thread.js';
import { decodeWeights } from '../../models/neural/weights.js';
import { rawWeights } from '../support/networks.js';
import { resourceSeries } from '../support/series.js';
import { shippedWeights } from '../support/shipped.js';
import { DAY, HOUR, workload } from '../support/workloads.js';

const STEP_MS = 300_000;
const HOUR_MS = 3_600_000;
const KINDS = ['hourly-jobs', 'daily', 'bursty', 'growing'] as const;
const SERIES = KINDS.map((kind) => resourceSeries(kind, 'cpu'));

function history(steps: number) {
  const values = new Float32Array(KINDS.length * steps);
  for (const [row, kind] of KINDS.entries()) values.set(workload(kind, steps), row * steps);
  return panelOf(SERIES, { startMs: 0, stepMs: STEP_MS, steps }, values);
}

describe('the neural forecaster in its threads', () => {
  const analysis = new AnalysisThread(
    { log: SILENT_LOG },
    { stepMs: STEP_MS, horizonSteps: 12, seasonsMs: [HOUR_MS, 24 * HOUR_MS], seed: 1 },
  );

  beforeAll(() => analysis.start());
  afterAll(() => analysis.stop());

  it('is one of the models of an analysis once it is given weights', async () => {
    await analysis.observe(history(3 * DAY));
    const { backend } = await analysis.useNeural({ weights: shippedWeights(), backend: 'auto' });
    expect(['native', 'wasm']).toContain(backend);
    const { block, models } = await analysis.forecast(SERIES);
    assertSound(block);
    expect(models.join()).toContain('neural');
  });

  it('is refused by its code where its weights are damaged, and the rest goes on', async () => {
    const weights = shippedWeights().subarray(0, 999);
    const refused = analysis.useNeural({ weights, backend: 'auto' });
    await expect(refused).rejects.toMatchObject({ code: 'ERR_WEIGHTS_UNUSABLE' });
    assertSound((await analysis.forecast(SERIES)).block);
  });

  const retraining = {
    weights: decodeWeights(rawWeights()).values,
    panel: history(3 * DAY),
    seasons: [HOUR, DAY],
    backend: 'auto',
    batches: 10,
    seed: 1,
  } as const;

  it('learns in a thread of its own, and tells how far it is', async () => {
    const told: number[] = [];
    const { signal } = new AbortController();
    const retrained = await new RetrainingThread().retrain(retraining, {
      signal,
      progress: (done) => told.push(done),
    });
    expect(told).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(retrained.isTaken).toBe(true);
    expect(retrained.values).toBeInstanceOf(Float32Array);
  });

  it('stops learning when it is told to', async () => {
    const stopping = new AbortController();
    const retrained = new RetrainingThread().retrain(
      { ...retraining, batches: 10_000 },
      {
        signal: stopping.signal,
        progress: () => {
          stopping.abort(new Error('stopping'));
        },
      },
    );
    await expect(retrained).rejects.toThrow('stopping');
  });
});
