import type { SimulatedClock } from '../../core/clock/simulated.js';

/**
 * Moves simulated time on until the promise is settled; a world in which nothing more happens, or not within that time, is a failure.
 */
export async function stepUntil<T>(
  clock: SimulatedClock,
  promise: Promise<T>,
  withinMs = Infinity,
): Promise<T> {
  const state = { isSettled: false };
  const settle = (): void => {
    state.isSettled = true;
  };
  promise.then(settle, settle);
  const endMs = clock.monotonicMs() + withinMs;
  // Lets what has been decided already be heard.
  await clock.advance(0);
  for (let steps = 0; !state.isSettled; steps++) {
    if (steps > 100_000 || !(await clock.step(endMs))) {
      throw new Error(`stuck after ${steps} steps`);
    }
  }
  return promise;
}
