import { writeSync } from 'node:fs';
import { BullmqBus } from '../../core/bus/bullmq.js';
import { SystemClock } from '../../core/clock/system.js';
import { SILENT_LOG } from '../../core/log.js';

/* The process that a test kills in the middle of a job: takes jobs, says which, and ends none. `node bus-worker.js PORT PREFIX LOCK_MS` */

const [, , port = '', prefix = '', lockMs = ''] = process.argv;
const redis = { at: { host: '127.0.0.1', port: Number(port) } };
const clock = new SystemClock();
const bus = await BullmqBus.open(
  { clock, log: SILENT_LOG },
  { redis, prefix, lockMs: Number(lockMs) },
);
await bus.work('train', async ({ data }) => {
  writeSync(1, `${JSON.stringify(data)}\n`);
  await clock.sleep(3_600_000);
  return null;
});
