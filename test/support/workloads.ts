import { between, chance, gaussian, seedFor, SeededRng } from '../../core/rng.js';

/*
 * Loads made from a seed, a kind each, as the forecasts meet them: what is known of a kind is what tests check.
 * A step is five minutes: an hour has 12, a day 288.
 */

export const HOUR = 12;
export const DAY = 288;

export const WORKLOADS = [
  'daily',
  'hourly-jobs',
  'bursty',
  'shifted',
  'gappy',
  'spiky',
  'growing',
  'walking',
  'idle',
  'constant',
  'zero',
] as const;
export type Workload = (typeof WORKLOADS)[number];

/** `steps` values of a load of this kind; NaN is a gap. */
export function workload(kind: Workload, steps: number, seed = 1): Float32Array {
  const rng = new SeededRng(seedFor(seed, kind));
  const size = 10 ** between(rng, -1, 3);
  const phase = between(rng, 0, DAY);
  const day = (step: number): number => 1 + 0.7 * Math.sin((2 * Math.PI * (step + phase)) / DAY);
  const noisy = (value: number, noise = 0.08): number =>
    Math.max(0, value * (1 + noise * gaussian(rng)));
  const shiftAt = Math.floor(steps * between(rng, 0.4, 0.7));
  let walk = 0;
  let burst = 0;
  const at = (step: number): number => {
    switch (kind) {
      case 'daily':
        return noisy(day(step));
      case 'hourly-jobs':
        return noisy((step + 3) % HOUR < 2 ? 4 : 0.5 * day(step));
      case 'bursty':
        burst = chance(rng, 0.02) ? between(rng, 2, 9) : burst * 0.7;
        return noisy(0.3 + burst, 0.2);
      case 'shifted':
        return noisy(step < shiftAt ? 0.5 : 2);
      case 'gappy':
        return chance(rng, 0.2) ? NaN : noisy(day(step));
      case 'spiky':
        return noisy(day(step)) * (chance(rng, 0.003) ? 1000 : 1);
      case 'growing':
        return noisy(day(step) * (1 + step / steps));
      case 'walking':
        walk = 0.99 * walk + 0.1 * gaussian(rng);
        return Math.exp(walk);
      case 'idle':
        return chance(rng, 0.01) ? between(rng, 0, 1) : 0;
      case 'constant':
        return 1;
      case 'zero':
        return 0;
    }
  };
  return Float32Array.from({ length: steps }, (_, step) => size * at(step));
}
