import { SystemClock } from '../../core/clock/system.js';

export type Until = (what: string, holds: () => boolean | Promise<boolean>) => Promise<void>;

/**
 * Machines that run CI are shared, and slow for a while: what a test waits for may come that much later there. How fast something
 * is, a bench says.
 */
export const PATIENCE = process.env.CI === 'true' ? 3 : 1;

/** Waits until something holds. What it makes @throws if that takes longer than `timeoutMs`, and says what did not come. */
export function untilWithin(timeoutMs: number, { pauseMs = 20 } = {}): Until {
  const clock = new SystemClock();
  return async (what, holds) => {
    const endMs = clock.monotonicMs() + PATIENCE * timeoutMs;
    while (!(await holds())) {
      if (clock.monotonicMs() > endMs) throw new Error(`not in time: ${what}`);
      await clock.sleep(pauseMs);
    }
  };
}
