import { beforeAll, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';
import { gaussian, SeededRng } from '../../../../core/rng.js';
import { openBackend } from '../../../../models/neural/backend.js';
import { CONTEXT_INPUTS, STEP_INPUTS } from '../../../../models/neural/inputs.js';
import { OUTPUTS } from '../../../../models/neural/layers.js';
import { forward, Network, tensorsOf } from '../../../../models/neural/network.js';
import { product } from '../../../../models/neural/product.js';
import { firstWeights } from '../../../../models/neural/trainer.js';

const ORIGINS = 3;
const EACH = 5;

function drawn(length: number, seed: number): Float32Array {
  const rng = new SeededRng(seed);
  return Float32Array.from({ length }, () => gaussian(rng));
}

const context = drawn(ORIGINS * CONTEXT_INPUTS, 1);
const steps = drawn(ORIGINS * EACH * STEP_INPUTS, 2);

describe('the network', () => {
  beforeAll(() => openBackend('wasm'));

  it('says of an origin the same in any company', () => {
    const network = new Network(firstWeights(new SeededRng(1)));
    const together = network.run(context, steps, ORIGINS);
    expect(together).toHaveLength(ORIGINS * EACH * OUTPUTS);
    for (let n = 0; n < ORIGINS; n++) {
      const alone = network.run(
        context.subarray(n * CONTEXT_INPUTS, (n + 1) * CONTEXT_INPUTS),
        steps.subarray(n * EACH * STEP_INPUTS, (n + 1) * EACH * STEP_INPUTS),
        1,
      );
      for (const [at, value] of alone.entries()) {
        expect(together[n * EACH * OUTPUTS + at]).toBeCloseTo(value, 4);
      }
    }
  });

  it('says of a step the same at any horizon', () => {
    const network = new Network(firstWeights(new SeededRng(1)));
    const one = context.subarray(0, CONTEXT_INPUTS);
    const whole = network.run(one, steps.subarray(0, EACH * STEP_INPUTS), 1);
    const first = network.run(one, steps.subarray(0, STEP_INPUTS), 1);
    for (const [at, value] of first.entries()) expect(whole[at]).toBeCloseTo(value, 4);
  });

  it('says what it says while it learns', () => {
    const weights = firstWeights(new SeededRng(1));
    const asked = new Network(weights).run(context, steps, ORIGINS);
    const learning = forward(
      tensorsOf(weights),
      tf.tensor2d(context, [ORIGINS, CONTEXT_INPUTS]),
      tf.tensor2d(steps, [ORIGINS * EACH, STEP_INPUTS]),
    ).dataSync();
    expect(asked).toHaveLength(learning.length);
    for (const [at, value] of asked.entries()) expect(value).toBeCloseTo(learning[at]!, 4);
  });

  it('leaves no memory of the engine behind', () => {
    const before = tf.memory().numTensors;
    const network = new Network(firstWeights(new SeededRng(1)));
    network.run(context, steps, ORIGINS);
    network.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('says the same on wasm and in plain JavaScript', async () => {
    const weights = firstWeights(new SeededRng(1));
    const onWasm = new Network(weights).run(context, steps, ORIGINS);
    await openBackend('cpu');
    expect(tf.getBackend()).toBe('cpu');
    const onCpu = new Network(weights).run(context, steps, ORIGINS);
    await openBackend('wasm');
    for (const [at, value] of onCpu.entries()) expect(onWasm[at]).toBeCloseTo(value, 3);
  });
});

describe('openBackend', () => {
  it('takes the first that works, says why others would not, and leaves no listener', async () => {
    const events = ['uncaughtException', 'unhandledRejection'] as const;
    const before = events.map((event) => process.rawListeners(event).length);
    const { backend, refused } = await openBackend('auto');
    expect(['native', 'wasm']).toContain(backend);
    expect(refused).toHaveLength(backend === 'native' ? 0 : 1);
    expect(events.map((event) => process.rawListeners(event).length)).toEqual(before);
  });
});

describe('product', () => {
  beforeAll(() => openBackend('wasm'));

  it('has the gradient that small differences show', () => {
    const a = tf.tensor2d(drawn(6, 3), [2, 3]);
    const b = tf.tensor2d(drawn(12, 4), [3, 4]);
    const weigh = tf.tensor2d(drawn(8, 5), [2, 4]);
    const f = (x: tf.Tensor2D, y: tf.Tensor2D): tf.Scalar => tf.sum(tf.mul(product(x, y), weigh));
    const gradients = tf.grads((x, y) => f(x as tf.Tensor2D, y as tf.Tensor2D))([a, b]);
    for (const [which, gradient] of gradients.entries()) {
      const at = [a, b][which]!;
      const values = at.dataSync<'float32'>();
      for (const [cell, slope] of gradient.dataSync<'float32'>().entries()) {
        const moved = (by: number): number => {
          const copy = values.slice();
          copy[cell]! += by;
          const other = tf.tensor2d(copy, at.shape);
          return (which === 0 ? f(other, b) : f(a, other)).dataSync<'float32'>()[0]!;
        };
        expect((moved(0.1) - moved(-0.1)) / 0.2).toBeCloseTo(slope, 2);
      }
    }
  });
});
