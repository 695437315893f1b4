import type { Clock } from './clock/port.js';

/** Does something that is to be over in `ms`: then its signal aborts. Resolves when it ends. */
export async function within<Result>(
  clock: Clock,
  ms: number,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const over = new AbortController();
  const cancel = clock.after(ms, () => {
    over.abort(new Error('the time for it is over'));
  });
  try {
    return await work(over.signal);
  } finally {
    cancel();
  }
}

/** As soon as it is settled, however; or the signal aborts. */
export function settledOr(signal: AbortSignal, work: Promise<unknown>): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      signal.removeEventListener('abort', end);
      resolve();
    };
    signal.addEventListener('abort', end);
    work.then(end, end);
  });
}
