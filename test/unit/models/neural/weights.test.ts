import { describe, expect, it } from '@jest/globals';
import { packArrays } from '../../../../core/disk/arrays.js';
import { SeededRng } from '../../../../core/rng.js';
import { firstWeights } from '../../../../models/neural/trainer.js';
import {
  decodeWeights,
  encodeWeights,
  WEIGHTS_BYTES_MAX,
} from '../../../../models/neural/weights.js';

const values = firstWeights(new SeededRng(1));
const bytes = encodeWeights({ values, traces: ['a'], batches: 7, seed: 3 });

describe('weights', () => {
  it('come back as they were written', () => {
    expect(decodeWeights(bytes)).toEqual({ values, traces: ['a'], batches: 7, seed: 3 });
    expect(bytes.byteLength).toBeLessThan(WEIGHTS_BYTES_MAX);
  });

  it('are refused if any byte is another one, or the end is missing', () => {
    for (let at = 0; at < bytes.length; at += 997) {
      const damaged = bytes.slice();
      damaged[at]! ^= 0x10;
      expect(() => decodeWeights(damaged)).toThrow('damaged');
    }
    for (const length of [0, 1, 100, bytes.length - 1]) {
      expect(() => decodeWeights(bytes.subarray(0, length))).toThrow(
        expect.objectContaining({ code: 'ERR_WEIGHTS_UNUSABLE' }),
      );
    }
  });

  it('are refused if they belong to another network, or are no numbers', () => {
    const head = {
      format: 'foreshift-neural',
      version: 1,
      layers: [['context', 1, 1]],
      traces: [],
      batches: 0,
      seed: 0,
    };
    expect(() => decodeWeights(packArrays(head, [values]))).toThrow('another shape');
    expect(() => decodeWeights(packArrays({ ...head, version: 2 }, [values]))).toThrow(
      'another version',
    );
    const broken = values.slice();
    broken[5] = NaN;
    expect(() =>
      decodeWeights(encodeWeights({ values: broken, traces: [], batches: 0, seed: 0 })),
    ).toThrow('not all of them are numbers');
    expect(() => decodeWeights(new Uint8Array(WEIGHTS_BYTES_MAX + 1))).toThrow('too large');
  });
});
