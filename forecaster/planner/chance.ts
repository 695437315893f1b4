import type { Rng } from '../../core/rng.js';
import { integerBelow } from '../../core/rng.js';

/* Functions of chance by plain arithmetic alone: the same to the bit on every engine, which Math.exp and Math.log are not. */

const HALVINGS = 20;

/** eˣ for −40 < x < 20, to about six digits near 0 and three at the ends: (1 + x ÷ 2²⁰) to the power of 2²⁰. */
export function expOf(x: number): number {
  let value = 1 + x / 2 ** HALVINGS;
  for (let at = 0; at < HALVINGS; at++) value *= value;
  return value;
}

const SIZE = 4096;
const LN_2 = 0.6931471805599453;

/** What a step of simulated annealing may cost: exponential, so that the chance of a rise falls with it (Metropolis). */
export class Thresholds {
  readonly #rng: Rng;
  /** Equally likely values of the exponential distribution of mean 1. */
  readonly #rows = Float64Array.from({ length: SIZE }, (_hole, at) => -lnOf((at + 0.5) / SIZE));

  constructor(rng: Rng) {
    this.#rng = rng;
  }

  /** @param temperature what it may cost on the average */
  next(temperature: number): number {
    return temperature * this.#rows[integerBelow(this.#rng, SIZE)]!;
  }
}

/** ln x, 0 < x < 1, by the series of the inverse hyperbolic tangent. */
export function lnOf(x: number): number {
  let mantissa = x;
  let doublings = 0;
  for (; mantissa < 0.75; mantissa *= 2) doublings++;
  const ratio = (mantissa - 1) / (mantissa + 1);
  let sum = 0;
  let power = ratio;
  for (let odd = 1; odd < 40; odd += 2, power *= ratio * ratio) sum += power / odd;
  return 2 * sum - doublings * LN_2;
}
