/*
 * Simple exponential smoothing (Brown 1956; FPP §8.1): level(t) = level(t − 1) + α·(x(t) − level(t − 1)).
 */

// Held here: a look at a global on every step is slow where globals are guarded, as in test sandboxes.
const { abs } = Math;

/** By threes, which are tried side by side: no level waits for the others. */
const ALPHAS = [
  [0.02, 0.05, 0.1],
  [0.2, 0.35, 0.5],
  [0.7, 0.9, 1],
] as const;
/** Errors of so many first steps are the starting value's fault. */
const WARM_UP_STEPS = 12;

/** The α of the grid with the smallest mean absolute one-step error: a few spikes do not decide. */
export function bestAlpha(values: ArrayLike<number>, start: number, end: number): number {
  const from = Math.min(start + WARM_UP_STEPS, end - 1);
  let best = 1;
  let bestError = Infinity;
  for (const alphas of ALPHAS) {
    const [alpha0, alpha1, alpha2] = alphas;
    let level0 = values[start]!;
    let level1 = level0;
    let level2 = level0;
    let error0 = 0;
    let error1 = 0;
    let error2 = 0;
    for (let step = start + 1; step < end; step++) {
      const value = values[step]!;
      const miss0 = value - level0;
      const miss1 = value - level1;
      const miss2 = value - level2;
      if (step >= from) {
        error0 += abs(miss0);
        error1 += abs(miss1);
        error2 += abs(miss2);
      }
      level0 += alpha0 * miss0;
      level1 += alpha1 * miss1;
      level2 += alpha2 * miss2;
    }
    for (const [at, error] of [error0, error1, error2].entries()) {
      if (error < bestError) {
        bestError = error;
        best = alphas[at]!;
      }
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
