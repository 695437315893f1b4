import type { PlanningResource } from './inputs.js';

/** Clocks of hosts that are kept right differ by less. */
const CLOCKS_APART_MS = 60_000;

/**
 * For how long a resource has been where it is; Infinity: always, or for longer than counts. A date further in the future is of a clock
 * that was ahead and was set back: whenever that was, it must not rest for as long as the clock was ahead.
 */
export function restedMs({ movedAtMs }: PlanningResource, nowMs: number): number {
  if (movedAtMs === null || movedAtMs > nowMs + CLOCKS_APART_MS) return Infinity;
  return Math.max(0, nowMs - movedAtMs);
}
