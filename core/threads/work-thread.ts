import { Worker } from 'node:worker_threads';
import type { ThreadFailure } from './failure.js';
import { failureOf } from './failure.js';

/** What a thread says of its one piece of work. */
export type ThreadNews<Result> =
  { readonly done: number } | { readonly result: Result } | { readonly failure: ThreadFailure };

export interface ThreadWatch {
  readonly signal: AbortSignal;
  /** Told how far the work is, in the thread's own measure. */
  readonly progress: (done: number) => void;
}

/**
 * A piece of work in a thread of its own, which ends with it: the script's `workAsThread` does it.
 *
 * @param told what the script is given
 * @param errorOf what is thrown for a failure of the thread
 * @throws the reason of the signal; what `errorOf` makes
 */
export async function workInThread<Result>(
  script: URL,
  told: unknown,
  { signal, progress }: ThreadWatch,
  errorOf: (failure: ThreadFailure) => Error,
): Promise<Result> {
  signal.throwIfAborted();
  const worker = new Worker(script, { workerData: told });
  const end = (): void => void worker.terminate();
  signal.addEventListener('abort', end, { once: true });
  try {
    return await new Promise<Result>((resolve, reject) => {
      const fail = (failure: ThreadFailure): void => {
        reject(errorOf(failure));
      };
      worker.on('message', (news: ThreadNews<Result>) => {
        if ('done' in news) progress(news.done);
        else if ('result' in news) resolve(news.result);
        else fail(news.failure);
      });
      worker.once('error', (error) => {
        fail(failureOf(error));
      });
      worker.once('exit', () => {
        fail(failureOf('its thread ended'));
      });
    });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', end);
    await worker.terminate();
  }
}
