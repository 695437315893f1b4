import * as tf from '@tensorflow/tfjs-core';
// Registers the gradients that core has none of by itself.
import '@tensorflow/tfjs-layers';
import type { Rng } from '../../core/rng.js';
import { gaussian } from '../../core/rng.js';
import { CONTEXT_INPUTS, STEP_INPUTS } from './inputs.js';
import { LAYERS, OUTPUTS, PEAK_QUANTILES, STEP_QUANTILES, WEIGHTS } from './layers.js';
import type { Batch } from './lessons.js';
import { forward, tensorsOf } from './network.js';

/** Beginnings by He et al. 2015; the linear way begins with nothing. */
export function firstWeights(rng: Rng): Float32Array {
  const weights = new Float32Array(WEIGHTS);
  let at = 0;
  for (const { name, rows, columns } of LAYERS) {
    const isPlain = name.endsWith('Bias') || name.endsWith('Linear');
    const size = isPlain ? 0 : Math.sqrt(2 / rows) * (name === 'out' || name === 'mix' ? 0.3 : 1);
    for (const end = at + rows * columns; at < end; at++) weights[at] = size * gaussian(rng);
  }
  return weights;
}

/** Adam (Kingma and Ba 2015) with gradients cut at a norm. */
const MOMENTUM = 0.9;
const SQUARES = 0.99;
const TINY = 1e-8;
const NORM_MAX = 1;

/**
 * Learns by quantile loss (Koenker and Bassett 1978): of a miss e the loss is q·e + max(0, −e). Its state, weights
 * and moments, is plain numbers; the engine only computes gradients.
 */
export class Trainer {
  readonly weights: Float32Array;
  readonly #means = new Float32Array(WEIGHTS);
  readonly #squares = new Float32Array(WEIGHTS);
  #steps = 0;

  /** @param weights to begin with: a copy is changed */
  constructor(weights: Float32Array) {
    this.weights = weights.slice();
  }

  /** One step against the gradient; answers the mean loss before it. */
  step(batch: Batch, rate: number): number {
    const { loss, gradient } = lossAndGradient(this.weights, batch);
    if (!Number.isFinite(loss)) return loss;
    let norm = 0;
    for (const slope of gradient) norm += slope * slope;
    const cut = Math.min(1, NORM_MAX / Math.sqrt(norm));
    this.#steps++;
    const meanPart = 1 - MOMENTUM ** this.#steps;
    const squarePart = 1 - SQUARES ** this.#steps;
    for (let at = 0; at < WEIGHTS; at++) {
      const slope = cut * gradient[at]!;
      const mean = (this.#means[at] = MOMENTUM * this.#means[at]! + (1 - MOMENTUM) * slope);
      const square = (this.#squares[at] =
        SQUARES * this.#squares[at]! + (1 - SQUARES) * slope * slope);
      this.weights[at]! -= (rate * (mean / meanPart)) / (Math.sqrt(square / squarePart) + TINY);
    }
    return loss;
  }
}

/** Mean loss of a batch, by weights. */
export function lossOf(weights: Float32Array, batch: Batch): number {
  return tf.tidy(() => loss(tensorsOf(weights), batch).dataSync<'float32'>()[0]!);
}

export function lossAndGradient(
  weights: Float32Array,
  batch: Batch,
): { readonly loss: number; readonly gradient: Float32Array } {
  return tf.tidy(() => {
    const { value, grads } = tf.valueAndGrads((...layers) => loss(layers as tf.Tensor2D[], batch))(
      tensorsOf(weights),
    );
    const gradient = new Float32Array(WEIGHTS);
    let at = 0;
    for (const slopes of grads) {
      gradient.set(slopes.dataSync(), at);
      at += slopes.size;
    }
    return { loss: value.dataSync<'float32'>()[0]!, gradient };
  });
}

function loss(layers: readonly tf.Tensor2D[], batch: Batch): tf.Scalar {
  const { origins, context, steps, targets, counts } = batch;
  const cells = targets.length / OUTPUTS;
  const said = forward(
    layers,
    tf.tensor2d(context, [origins, CONTEXT_INPUTS]),
    tf.tensor2d(steps, [cells, STEP_INPUTS]),
  );
  const miss = tf.mul(
    tf.sub(tf.tensor2d(targets, [cells, OUTPUTS]), said),
    tf.tensor2d(counts, [cells, OUTPUTS]),
  );
  const quantiles = tf.tensor2d([...STEP_QUANTILES, ...PEAK_QUANTILES], [1, OUTPUTS]);
  const lost = tf.add(tf.mul(miss, quantiles), tf.relu(tf.neg(miss)));
  return tf.mean(lost);
}
