import * as tf from '@tensorflow/tfjs-core';
import { CONTEXT_INPUTS, STEP_INPUTS } from './inputs.js';
import { LAYERS, OUTPUTS } from './layers.js';
import { product } from './product.js';

/** One tensor a layer, in the order of `LAYERS`. */
export function tensorsOf(weights: Float32Array): tf.Tensor2D[] {
  let from = 0;
  return LAYERS.map(({ rows, columns }) => {
    const size = rows * columns;
    const tensor = tf.tensor2d(weights.slice(from, from + size), [rows, columns]);
    from += size;
    return tensor;
  });
}

/**
 * The network, for some origins and all steps of their horizons at once, in the manner of TSMixer (Chen et al.
 * 2023): the history is drawn together into one vector, which joins what is known of each step; the same
 * layers then speak for every step, so any horizon will do. Beside them goes a linear way from the inputs, which a
 * linear forecast needs no more than (Zeng et al. 2023, "NLinear").
 *
 *   e = relu(C·Wc + bc)·Wj + bj          u = relu(S·Ws + e)          v = u + relu(u·Wm + bm)
 *   out = v·Wo + bo + S·Ls + C·Lc
 *
 * @param context [origins × CONTEXT_INPUTS]
 * @param steps [(origins · steps) × STEP_INPUTS]
 * @returns [(origins · steps) × OUTPUTS], in the units of the inputs
 */
export function forward(
  layers: readonly tf.Tensor2D[],
  context: tf.Tensor2D,
  steps: tf.Tensor2D,
): tf.Tensor2D {
  const [c, cb, j, jb, s, m, mb, o, ob, sl, cl] = layers as Layers;
  const origins = context.shape[0];
  const each = steps.shape[0] / origins;
  const hidden = tf.relu(tf.add(product(context, c), cb));
  const joined = tf.add(product(tf.relu(hidden) as T, j), jb);
  const width = joined.shape[1]!;
  const met = tf.add(
    tf.reshape(product(steps, s), [origins, each, width]),
    tf.reshape(joined, [origins, 1, width]),
  );
  const first = tf.reshape<tf.Rank.R2>(tf.relu(met), [origins * each, width]);
  const mixed = tf.add<T>(first, tf.relu(tf.add(product(first, m), mb)));
  const bent = tf.add(product(mixed, o), product(steps, sl));
  const straight = tf.add(product(context, cl), ob);
  const out = tf.add(
    tf.reshape(bent, [origins, each, OUTPUTS]),
    tf.reshape(straight, [origins, 1, OUTPUTS]),
  );
  return tf.reshape(out, [origins * each, OUTPUTS]);
}

/**
 * The same as `forward`, for asking alone: what is added to a product and bends it is part of that product, which saves passes
 * over all numbers. It has no gradient that wasm could follow at speed.
 */
function answer(layers: readonly tf.Tensor[], context: T, steps: T): T {
  const [c, cb, j, jb, s, m, mb, o, ob, sl, cl] = layers as FlatLayers;
  const origins = context.shape[0];
  const each = steps.shape[0] / origins;
  const fused = (a: T, b: T, bias: tf.Tensor1D, activation: 'relu' | 'linear'): T =>
    tf.fused.matMul({ a, b, bias, activation }) as T;
  const joined = fused(fused(context, c, cb, 'relu'), j, jb, 'linear');
  const width = joined.shape[1];
  const met = tf.add(
    tf.reshape(tf.matMul(steps, s), [origins, each, width]),
    tf.reshape(joined, [origins, 1, width]),
  );
  const first = tf.reshape<tf.Rank.R2>(tf.relu(met), [origins * each, width]);
  const mixed = tf.add<T>(first, fused(first, m, mb, 'relu'));
  const bent = tf.add(tf.matMul(mixed, o), tf.matMul(steps, sl));
  const straight = fused(context, cl, ob, 'linear');
  const out = tf.add(
    tf.reshape(bent, [origins, each, OUTPUTS]),
    tf.reshape(straight, [origins, 1, OUTPUTS]),
  );
  return tf.reshape(out, [origins * each, OUTPUTS]);
}

type T = tf.Tensor2D;
type Layers = [T, T, T, T, T, T, T, T, T, T, T];
type B = tf.Tensor1D;
type FlatLayers = [T, B, T, B, T, T, B, T, B, T, T];

/** Biases as a fused product wants them: of one dimension from the start. */
function flat(layer: T): T | B {
  if (layer.shape[0] > 1) return layer;
  const bias = tf.tensor1d(layer.dataSync());
  layer.dispose();
  return bias;
}

/** The network with its weights, ready to be asked. */
export class Network {
  readonly #layers: readonly tf.Tensor[];

  constructor(weights: Float32Array) {
    this.#layers = tensorsOf(weights).map(flat);
  }

  /** The memory of the engine is not the garbage collector's. */
  dispose(): void {
    tf.dispose([...this.#layers]);
  }

  /**
   * @param context of `origins` origins, one after the other
   * @param steps of all steps of the first, then of the second
   * @returns [origins × steps × OUTPUTS]
   */
  run(context: Float32Array, steps: Float32Array, origins: number): Float32Array {
    let said: Float32Array = NOTHING;
    // Not handed out by `tidy`: it would look at every number, for tensors to keep.
    tf.tidy(() => {
      const each = steps.length / STEP_INPUTS / origins;
      const out = answer(
        this.#layers,
        tf.tensor2d(context, [origins, CONTEXT_INPUTS]),
        tf.tensor2d(steps, [origins * each, STEP_INPUTS]),
      );
      said = out.dataSync<'float32'>();
    });
    return said;
  }
}

const NOTHING = new Float32Array(0);
