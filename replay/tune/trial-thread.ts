import { Worker } from 'node:worker_threads';
import { ForeshiftError } from '../../core/errors.js';
import { messageOf } from '../../core/text.js';
import type { QuantileTrial } from './choice.js';
import type { TrialRunner, TrialsAsked, TrialsWatch } from './trial-runner.js';

/** What the thread is told when it begins. */
export interface TrialsTold extends TrialsAsked {
  readonly cpuShare: number;
}

export type TrialsAnswer =
  { readonly done: number } | { readonly trials: QuantileTrial[] } | { readonly failure: string };

/** The trials in a thread of their own, which rests between steps so that it takes no more than its share of a core. */
export class TrialThread implements TrialRunner {
  readonly #cpuShare: number;

  constructor({ cpuShare }: { readonly cpuShare: number }) {
    this.#cpuShare = cpuShare;
  }

  async run(asked: TrialsAsked, { progress, signal }: TrialsWatch): Promise<QuantileTrial[]> {
    signal.throwIfAborted();
    const told: TrialsTold = { ...asked, cpuShare: this.#cpuShare };
    const worker = new Worker(new URL('./trial-worker.js', import.meta.url), { workerData: told });
    const end = (): void => void worker.terminate();
    signal.addEventListener('abort', end, { once: true });
    try {
      return await answerOf(worker, progress);
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener('abort', end);
      await worker.terminate();
    }
  }
}

function answerOf(worker: Worker, progress: TrialsWatch['progress']): Promise<QuantileTrial[]> {
  return new Promise((resolve, reject) => {
    worker.on('message', (answer: TrialsAnswer) => {
      if ('done' in answer) progress(answer.done);
      else if ('trials' in answer) resolve(answer.trials);
      else reject(lost(answer.failure));
    });
    worker.once('error', (error) => {
      reject(lost(messageOf(error)));
    });
    worker.once('exit', () => {
      reject(lost('its thread ended'));
    });
  });
}

function lost(why: string): ForeshiftError {
  return new ForeshiftError('ERR_ANALYSIS_LOST', { why });
}
