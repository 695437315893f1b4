import type { Bus } from '../core/bus/port.js';
import type { Clock } from '../core/clock/port.js';
import { ForeshiftError } from '../core/errors.js';
import type { RoundResult } from '../core/plan.js';
import { ROUND } from '../core/table-store/records/plan.js';
import type { TableView } from '../core/table-store/view.js';

export interface RoundRequestParts {
  readonly bus: Bus;
  readonly view: TableView;
  readonly clock: Clock;
}

/**
 * Asks the forecaster for a round and waits for its result: the first round that ends after the asking with
 * this operator's trigger. @throws ERR_ROUND_LATE
 */
export async function requestRound(
  by: string,
  timeoutMs: number,
  { bus, view, clock }: RoundRequestParts,
  signal: AbortSignal,
): Promise<RoundResult> {
  const detail = `asked for by ${by} (${Math.round(clock.realtimeMs())})`;
  await view.sync();
  await bus.enqueue('round', { kind: 'operator', detail }, { attemptsMax: 1 });
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const round = view.get(ROUND, 'last')?.value;
      if (round?.trigger.detail !== detail) return;
      end();
      resolve(round);
    };
    const end = (): void => {
      unsubscribe();
      cancel();
      signal.removeEventListener('abort', onAbort);
    };
    const onAbort = (): void => {
      end();
      reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
    };
    const unsubscribe = view.onChange(look);
    const cancel = clock.after(timeoutMs, () => {
      end();
      reject(new ForeshiftError('ERR_ROUND_LATE', { seconds: Math.round(timeoutMs / 1000) }));
    });
    signal.addEventListener('abort', onAbort, { once: true });
    look();
    // While it was asked for.
    if (signal.aborted) onAbort();
  });
}
