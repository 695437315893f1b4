import type { Clock } from './clock/port.js';

export interface EveryOptions {
  readonly everyMs: number;
  /** First run after this long; default one period. */
  readonly firstMs?: number;
  readonly signal: AbortSignal;
  /** Told how many periods passed while one run was still under way. */
  readonly overrun?: (periods: number) => void;
}

/**
 * The only loop primitive: runs `work` on a fixed grid of starts until the signal aborts.
 * The next start is planned, not drifted; an overrun is counted, never stacked. `work` handles its own
 * errors: one that escapes ends the loop and rejects the returned promise.
 */
export async function every(
  clock: Clock,
  options: EveryOptions,
  work: () => Promise<void> | void,
): Promise<void> {
  const { everyMs, firstMs = everyMs, signal } = options;
  let nextMs = clock.monotonicMs() + firstMs;
  while (!signal.aborted) {
    const isOver = await clock.sleep(Math.max(0, nextMs - clock.monotonicMs()), signal).then(
      () => false,
      () => true,
    );
    if (isOver) return;
    await work();
    nextMs += everyMs;
    const lateMs = clock.monotonicMs() - nextMs;
    if (lateMs > 0) {
      const periods = Math.ceil(lateMs / everyMs);
      nextMs += periods * everyMs;
      options.overrun?.(periods);
    }
  }
}
