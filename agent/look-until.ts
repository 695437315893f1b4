import type { Clock } from '../core/clock/port.js';

export interface LookOptions {
  /** It may take so long. */
  readonly timeoutMs: number;
  /** Between two looks at most. */
  readonly pollMs: number;
}

/** The first pause; each is twice as long as the one before. */
const FIRST_PAUSE_MS = 1;

/**
 * Looks at once, soon again, and then more and more rarely, until the look says yes (true) or the time is over (false). Clients wait for
 * what is mostly there within a few milliseconds; a server that takes longer is not asked more often for it.
 * @throws what the look throws
 */
export async function lookUntil(
  clock: Clock,
  { timeoutMs, pollMs }: LookOptions,
  look: () => Promise<boolean>,
): Promise<boolean> {
  const endMs = clock.monotonicMs() + timeoutMs;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs *= 2) {
    if (await look()) return true;
    if (clock.monotonicMs() >= endMs) return false;
    await clock.sleep(Math.min(pauseMs, pollMs));
  }
}
