import { describe, expect, it } from '@jest/globals';
import { MemoryBus } from '../../../core/bus/memory.js';
import { MemoryDisk } from '../../../core/disk/memory.js';
import { fail } from '../../../core/errors.js';
import { MemoryMetricStore } from '../../../core/metric-store/memory.js';
import { NEURAL } from '../../../core/table-store/records/neural.js';
import type { NeuralUse } from '../../../forecaster/analysis.js';
import type { TrainingOptions } from '../../../forecaster/training.js';
import { Training } from '../../../forecaster/training.js';
import type { Retraining } from '../../../forecaster/retraining.js';
import type { Retrained } from '../../../models/neural/retrain.js';
import { decodeWeights } from '../../../models/neural/weights.js';
import { ControlPlane } from '../../support/control-plane.js';
import { HeardLog } from '../../support/heard-log.js';
import { rawWeights } from '../../support/networks.js';
import { resourceSeries, sample } from '../../support/series.js';

const STEP_MS = 300_000;
const DAY_MS = 86_400_000;
const shipped = rawWeights(1);
const learnt = decodeWeights(rawWeights(2)).values;

type Outcome = Pick<Retrained, 'isTaken' | 'before' | 'after'>;
const BETTER: Outcome = { isTaken: true, before: 0.3, after: 0.2 };

async function service({
  options = {},
  disk = new MemoryDisk(),
  outcome = BETTER,
  refuse = false,
}: {
  options?: Partial<TrainingOptions>;
  disk?: MemoryDisk;
  outcome?: Outcome;
  refuse?: boolean;
} = {}) {
  const plane = await ControlPlane.with(['s1'], { a: 's1@1.5' });
  const log = new HeardLog();
  const bus = new MemoryBus({ clock: plane.clock, log });
  const metricStore = new MemoryMetricStore();
  for (let step = 0; step < 40; step++) {
    const timeMs = plane.clock.realtimeMs();
    await metricStore.writeSamples([sample(resourceSeries('a', 'cpu'), timeMs, step)]);
    await plane.clock.advance(STEP_MS);
  }
  const used: NeuralUse[] = [];
  const asked: Retraining[] = [];
  const analysis = {
    useNeural: async (use: NeuralUse) => {
      await Promise.resolve();
      if (refuse) return fail('ERR_BACKEND_UNAVAILABLE', { why: 'nothing works' });
      used.push(use);
      return { backend: 'wasm' as const, refused: ['native: not installed'] };
    },
  };
  const retrainer = {
    retrain: async (retraining: Retraining, { progress }: { progress: (done: number) => void }) => {
      await Promise.resolve();
      asked.push(retraining);
      progress(1);
      const values = outcome.isTaken ? learnt : retraining.weights;
      return { ...outcome, values, series: retraining.panel.series.length };
    },
  };
  const training = new Training(
    {
      ...{ store: plane.store, clock: plane.clock },
      analysis,
      retrainer,
      bus,
      metricStore,
      disk,
      log,
    },
    {
      ...{ isOn: true, shipped, backend: 'auto', everyMs: DAY_MS, stepMs: STEP_MS },
      ...{ historySteps: 2016, seasonsMs: [7 * DAY_MS, DAY_MS], batches: 3 },
      ...options,
    },
  );
  await training.start();
  const record = async () => {
    await plane.view.sync();
    return plane.view.get(NEURAL, 'current')?.value;
  };
  return { plane, bus, disk, log, used, asked, training, record };
}

describe('the training', () => {
  it('begins with the weights of the product, and says so', async () => {
    const { used, record } = await service();
    expect(used).toEqual([{ weights: shipped, backend: 'auto' }]);
    expect(await record()).toEqual({
      ...{ backend: 'wasm', weights: 'shipped', fault: null, training: null },
    });
  });

  it('uses, keeps and shows what the own history taught, if it is better', async () => {
    const { plane, bus, disk, used, asked, training, record } = await service();
    await plane.clock.advance(DAY_MS);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ seasons: [288, 2016], batches: 3, backend: 'auto' });
    expect(asked[0]?.panel.series).toEqual([resourceSeries('a', 'cpu')]);
    expect(decodeWeights(used.at(-1)?.weights ?? new Uint8Array()).values).toEqual(learnt);
    expect(training.used).toEqual(used.at(-1));
    const state = await record();
    expect(state).toMatchObject({ weights: 'retrained', fault: null });
    expect(state?.training).toMatchObject({ series: 1, isTaken: true, before: 0.3, after: 0.2 });
    const [job] = await bus.jobs();
    expect(job).toMatchObject({ kind: 'train', state: 'done' });

    const again = await service({ disk });
    expect(decodeWeights(again.used[0]?.weights ?? new Uint8Array()).values).toEqual(learnt);
    expect(await again.record()).toMatchObject({ weights: 'retrained' });
  });

  it('goes on as before where nothing was gained', async () => {
    const outcome = { isTaken: false, before: NaN, after: NaN };
    const { plane, disk, used, record } = await service({ outcome });
    await plane.clock.advance(DAY_MS);
    expect(used).toHaveLength(1);
    expect(await disk.read('neural.weights')).toBeUndefined();
    expect((await record())?.training).toMatchObject({
      ...{ isTaken: false, before: null, after: null },
    });
  });

  it('falls back to the weights of the product if its own are damaged', async () => {
    const disk = new MemoryDisk();
    await disk.replace('neural.weights', shipped.subarray(0, 1000));
    const { used, log, record } = await service({ disk });
    expect(used).toHaveLength(1);
    expect(log.lines).toContain('warn neural forecaster not used');
    expect(await record()).toMatchObject({ weights: 'shipped', fault: null });
  });

  it('says what is wrong where there is nothing to use, and trains nothing', async () => {
    for (const [given, fault] of [
      [{ options: { shipped: undefined } }, 'ERR_WEIGHTS_UNUSABLE'],
      [{ options: { shipped: shipped.subarray(1) } }, 'ERR_WEIGHTS_UNUSABLE'],
      [{ refuse: true }, 'nothing works'],
    ] as const) {
      const { plane, asked, log, record } = await service(given);
      await plane.clock.advance(DAY_MS);
      expect(asked).toEqual([]);
      const state = await record();
      expect(state).toMatchObject({ backend: null, weights: null });
      const said = [state?.fault, ...log.heard.map(({ fields }) => JSON.stringify(fields))];
      expect(said.join()).toContain(fault);
    }
  });

  it('does nothing while it is off', async () => {
    const { plane, used, asked, record } = await service({ options: { isOn: false } });
    await plane.clock.advance(2 * DAY_MS);
    expect([used, asked]).toEqual([[], []]);
    expect(await record()).toMatchObject({ backend: null, fault: null });
  });
});
