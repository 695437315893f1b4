/*
 * Simple exponential smoothing (Brown 1956; FPP §8.1): level(t) = level(t − 1) + α·(x(t) − level(t − 1)).
 */

const ALPHAS = [0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9, 1] as const;
/** Errors of so many first steps are the starting value's fault. */
const WARM_UP_STEPS = 12;

/** The α of the grid with the smallest mean absolute one-step error: a few spikes do not decide. */
export function bestAlpha(values: ArrayLike<number>, start: number, end: number): number {
  const from = Math.min(start + WARM_UP_STEPS, end - 1);
  let best = 1;
  let bestError = Infinity;
  for (const alpha of ALPHAS) {
    let level = values[start]!;
    let error = 0;
    for (let step = start + 1; step < end; step++) {
      const miss = values[step]! - level;
      if (step >= from) error += miss < 0 ? -miss : miss;
      level += alpha * miss;
    }
    if (error < bestError) {
      bestError = error;
      best = alpha;
    }
  }
  return best;
}

/** `levels[t]` is the level before step t is seen, so the forecast of step t and all after. */
export function smooth(
  values: ArrayLike<number>,
  { start, end, alpha }: { readonly start: number; readonly end: number; readonly alpha: number },
  levels: Float64Array,
): void {
  let level = values[start]!;
  for (let step = start; step < end; step++) {
    levels[step] = level;
    level += alpha * (values[step]! - level);
  }
  levels[end] = level;
}

/** How far back a level of this α remembers: what is older weighs less than 2 % together. */
export function memoryOf(alpha: number): number {
  return Math.ceil(4 / alpha);
}
