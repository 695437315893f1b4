import { randomInt } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import type { SystemClock } from '../../core/clock/system.js';
import type { Config } from '../../core/config/schema.js';
import { messageOf } from '../../core/text.js';
import type {
  Said,
  WorkerBirth,
  WorkerHost,
  WorkerThread,
} from '../../redirector/workers/messages.js';
import type { FileContents } from './named-files.js';

/** What a worker is made by. */
export interface WorkerSettings {
  readonly config: Config;
  readonly files: FileContents;
  /** Where the config stands. */
  readonly folder: string;
  /** Of this process. */
  readonly boot: string;
}

/** What a thread is given at its beginning. */
export interface WorkerData {
  readonly birth: WorkerBirth<WorkerSettings>;
  /** Where the main thread counts from. */
  readonly clockOriginMs: number;
  readonly seed: number;
}

/** Workers as threads of this process. */
export class WorkerThreads implements WorkerHost<WorkerSettings> {
  readonly #clock: Pick<SystemClock, 'originMs'>;

  constructor(clock: Pick<SystemClock, 'originMs'>) {
    this.#clock = clock;
  }

  begin(
    birth: WorkerBirth<WorkerSettings>,
    said: (message: Said) => void,
    ended: (why: string) => void,
  ): WorkerThread<WorkerSettings> {
    const workerData: WorkerData = {
      birth,
      clockOriginMs: this.#clock.originMs,
      seed: randomInt(2 ** 32),
    };
    const worker = new Worker(new URL('./traffic-worker.js', import.meta.url), { workerData });
    let why = 'its thread ended';
    worker
      .on('message', said)
      .once('error', (error) => {
        why = error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
      })
      // After all its messages; what the thread had open is closed by then.
      .once('exit', () => {
        ended(why);
      });
    return {
      tell: (message) => {
        worker.postMessage(message);
      },
      end: () => void worker.terminate(),
    };
  }
}
