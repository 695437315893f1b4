import { parentPort, workerData } from 'node:worker_threads';
import { SystemClock } from '../core/clock/system.js';
import { codeOf } from '../core/errors.js';
import { rowOf } from '../core/panel.js';
import { messageOf } from '../core/text.js';
import { openBackend } from '../models/neural/backend.js';
import type { Tuned } from '../models/neural/tuning.js';
import { tune } from '../models/neural/tuning.js';
import type { Tuning } from './tuner.js';
import type { TuningNews } from './tuning-thread.js';

/* The thread of `TuningThread`: one tuning, then its end. */

/** A batch is followed by a rest of this share of the time that it took. */
const REST = 1;

async function tuned(): Promise<Tuned> {
  const { weights, panel, seasons, backend, batches, seed } = workerData as Tuning;
  await openBackend(backend);
  const clock = new SystemClock();
  const histories = panel.series.map((_, row) => ({ values: rowOf(panel, row), seasons }));
  const steps = tune(weights, histories, { batches, seed });
  for (;;) {
    const beganMs = clock.monotonicMs();
    const { done, value } = steps.next();
    if (done === true) return value;
    tell({ done: value });
    await clock.sleep(REST * (clock.monotonicMs() - beganMs));
  }
}

function tell(news: TuningNews): void {
  parentPort?.postMessage(news);
}

try {
  tell({ tuned: await tuned() });
} catch (error) {
  tell({ code: codeOf(error), why: messageOf(error) });
}
