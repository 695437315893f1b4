import { Worker } from 'node:worker_threads';
import { ForeshiftError } from '../core/errors.js';
import { messageOf } from '../core/text.js';
import type { Tuned } from '../models/neural/tuning.js';
import type { Tuner, Tuning, TuningOptions } from './tuner.js';

export type TuningNews =
  | { readonly done: number }
  | { readonly tuned: Tuned }
  | { readonly code: string | undefined; readonly why: string };

/** A thread for each tuning: it rests as long as it works, so that half a core is left to the rest, and ends with it. */
export class TuningThread implements Tuner {
  async tune(tuning: Tuning, { signal, progress }: TuningOptions): Promise<Tuned> {
    signal.throwIfAborted();
    const worker = new Worker(new URL('./tuning-worker.js', import.meta.url), {
      workerData: tuning,
    });
    try {
      return await new Promise<Tuned>((resolve, reject) => {
        worker.on('message', (news: TuningNews) => {
          if ('done' in news) progress(news.done);
          else if ('tuned' in news) resolve(news.tuned);
          else reject(errorOf(news));
        });
        worker.once('error', (error) => {
          reject(lost(messageOf(error)));
        });
        worker.once('exit', () => {
          reject(lost('its thread ended'));
        });
        signal.addEventListener('abort', () => {
          reject(signal.reason as Error);
        });
      });
    } finally {
      await worker.terminate();
    }
  }
}

function errorOf({ code, why }: { code: string | undefined; why: string }): Error {
  if (code !== 'ERR_BACKEND_UNAVAILABLE') return lost(why);
  return new ForeshiftError(code, { why });
}

function lost(why: string): Error {
  return new ForeshiftError('ERR_TRAINING_LOST', { why });
}
