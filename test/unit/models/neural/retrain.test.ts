import { beforeAll, describe, expect, it } from '@jest/globals';
import { SeededRng } from '../../../../core/rng.js';
import { openBackend } from '../../../../models/neural/backend.js';
import { firstWeights } from '../../../../models/neural/trainer.js';
import type { Retrained } from '../../../../models/neural/retrain.js';
import { retrain } from '../../../../models/neural/retrain.js';
import { DAY, HOUR, workload } from '../../../support/workloads.js';

const champion = firstWeights(new SeededRng(1));
const histories = [1, 2, 3].map((seed) => ({
  values: workload('hourly-jobs', 3 * DAY, seed),
  seasons: [HOUR, DAY],
}));

function ended(steps: Generator<number, Retrained>): { retrained: Retrained; told: number[] } {
  const told: number[] = [];
  for (;;) {
    const step = steps.next();
    if (step.done === true) return { retrained: step.value, told };
    told.push(step.value);
  }
}

describe('retrain', () => {
  beforeAll(() => openBackend('wasm'));

  it('takes what forecasts better what neither has seen, and the same every time', () => {
    const options = { batches: 10, seed: 1, madeLoads: 3 };
    const { retrained, told } = ended(retrain(champion, histories, options));
    expect(told).toEqual(Array.from({ length: 10 }, (_, batch) => batch + 1));
    expect(retrained.isTaken).toBe(true);
    expect(retrained.series).toBe(3);
    expect(retrained.after).toBeLessThan(0.9 * retrained.before);
    expect(retrained.values).not.toEqual(champion);
    expect(ended(retrain(champion, histories, options)).retrained).toEqual(retrained);
  });

  it('keeps the champion where nothing was gained', () => {
    const { retrained } = ended(
      retrain(champion, histories, { batches: 1, seed: 1, madeLoads: 3 }),
    );
    expect(retrained).toMatchObject({ isTaken: false, values: champion });
    expect(retrained.after).toBe(retrained.before);
  });

  it('keeps the champion where there is nothing to learn from', () => {
    const short = [{ values: new Float32Array(60).fill(1), seasons: [HOUR] }];
    const { retrained, told } = ended(
      retrain(champion, short, { batches: 10, seed: 1, madeLoads: 3 }),
    );
    expect(told).toEqual([]);
    expect(retrained).toMatchObject({ isTaken: false, series: 0, values: champion });
  });
});
