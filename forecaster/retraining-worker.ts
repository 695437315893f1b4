import { SystemClock } from '../core/clock/system.js';
import { rowOf } from '../core/panel.js';
import { Pace, workAsThread } from '../core/threads/work.js';
import { openBackend } from '../models/neural/backend.js';
import type { Retrained } from '../models/neural/retrain.js';
import { retrain } from '../models/neural/retrain.js';
import type { Retraining } from './retraining.js';

/* The thread of `RetrainingThread`. */

const CPU_SHARE = 0.5;

await workAsThread<Retrained>(async (told, tell) => {
  const { weights, panel, seasons, backend, batches, seed } = told as Retraining;
  await openBackend(backend);
  const pace = new Pace(new SystemClock(), CPU_SHARE);
  const histories = panel.series.map((_, row) => ({ values: rowOf(panel, row), seasons }));
  const steps = retrain(weights, histories, { batches, seed });
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
    tell(value);
    await pace.rest();
  }
});
