/* Functions of chance by plain arithmetic alone: the same to the bit on every engine, which Math.exp and Math.log are not. */

const HALVINGS = 20;

/** eˣ to about six digits, for −40 < x < 1: (1 + x ÷ 2²⁰) to the power of 2²⁰. */
export function expOf(x: number): number {
  let value = 1 + x / 2 ** HALVINGS;
  for (let at = 0; at < HALVINGS; at++) value *= value;
  return value;
}

const SIZE = 4096;
const LN_2 = 0.6931471805599453;

/** Equally likely values of the exponential distribution of mean 1: a random one is a row of this table. */
export function exponentialTable(): Float64Array {
  return Float64Array.from({ length: SIZE }, (_hole, at) => -lnOf((at + 0.5) / SIZE));
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
