import { beforeAll, describe, expect, it } from '@jest/globals';
import { SeededRng } from '../../../../core/rng.js';
import { openBackend } from '../../../../models/neural/backend.js';
import { firstWeights } from '../../../../models/neural/trainer.js';
import type { Tuned } from '../../../../models/neural/tuning.js';
import { tune } from '../../../../models/neural/tuning.js';
import { DAY, HOUR, workload } from '../../../support/workloads.js';

const champion = firstWeights(new SeededRng(1));
const histories = [1, 2, 3].map((seed) => ({
  values: workload('hourly-jobs', 3 * DAY, seed),
  seasons: [HOUR, DAY],
}));

function ended(steps: Generator<number, Tuned>): { tuned: Tuned; told: number[] } {
  const told: number[] = [];
  for (;;) {
    const step = steps.next();
    if (step.done === true) return { tuned: step.value, told };
    told.push(step.value);
  }
}

describe('tune', () => {
  beforeAll(() => openBackend('wasm'));

  it('takes what forecasts better what neither has seen, and the same every time', () => {
    const options = { batches: 10, seed: 1 };
    const { tuned, told } = ended(tune(champion, histories, options));
    expect(told).toEqual(Array.from({ length: 10 }, (_, batch) => batch + 1));
    expect(tuned.isTaken).toBe(true);
    expect(tuned.series).toBe(3);
    expect(tuned.after).toBeLessThan(0.9 * tuned.before);
    expect(tuned.values).not.toEqual(champion);
    expect(ended(tune(champion, histories, options)).tuned).toEqual(tuned);
  });

  it('keeps the champion where nothing was gained', () => {
    const { tuned } = ended(tune(champion, histories, { batches: 1, seed: 1 }));
    expect(tuned).toMatchObject({ isTaken: false, values: champion });
    expect(tuned.after).toBe(tuned.before);
  });

  it('keeps the champion where there is nothing to learn from', () => {
    const short = [{ values: new Float32Array(60).fill(1), seasons: [HOUR] }];
    const { tuned, told } = ended(tune(champion, short, { batches: 10, seed: 1 }));
    expect(told).toEqual([]);
    expect(tuned).toMatchObject({ isTaken: false, series: 0, values: champion });
  });
});
