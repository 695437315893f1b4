import { parentPort, workerData } from 'node:worker_threads';
import { SystemClock } from '../../core/clock/system.js';
import { messageOf } from '../../core/text.js';
import { InlineTrials } from './trial-runner.js';
import type { TrialsAnswer, TrialsTold } from './trial-thread.js';

/* The thread of `TrialThread`. */

const { cpuShare, ...asked } = workerData as TrialsTold;
const clock = new SystemClock();
/** Told of progress this often, as a share. */
const TOLD_EVERY = 0.01;
/** Shorter rests are saved up. */
const REST_MS = 20;

let workedFromMs = clock.monotonicMs();
let toldAt = 0;

/** As long as makes the work since the last one its share of the time. */
async function rest(): Promise<void> {
  const restMs = (clock.monotonicMs() - workedFromMs) * (1 / cpuShare - 1);
  if (restMs < REST_MS) return;
  await clock.sleep(restMs);
  workedFromMs = clock.monotonicMs();
}

function tell(answer: TrialsAnswer): void {
  parentPort?.postMessage(answer);
}

function progress(done: number): void {
  if (done - toldAt < TOLD_EVERY) return;
  toldAt = done;
  tell({ done });
}

try {
  const { signal } = new AbortController();
  tell({ trials: await new InlineTrials(rest).run(asked, { progress, signal }) });
} catch (error) {
  tell({ failure: messageOf(error) });
}
