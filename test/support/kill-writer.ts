import { writeSync } from 'node:fs';
import { EmbeddedBus } from '../../core/bus/embedded.js';
import { SystemClock } from '../../core/clock/system.js';
import { NodeDisk } from '../../core/disk/node.js';
import { SILENT_LOG } from '../../core/log.js';
import { EmbeddedMetricStore } from '../../core/metric-store/embedded.js';
import { EmbeddedSessionStore } from '../../core/session-store/embedded.js';
import { EmbeddedTableStore } from '../../core/table-store/embedded.js';
import { KILL_METRICS, KILL_SERIES } from './kill-metrics.js';

/*
 * The process that a test kills: writes to every embedded engine without end, and says on standard output
 * what each of them acknowledged, at once. `node kill-writer.js FOLDER`
 */

const [, , folder = ''] = process.argv;
const clock = new SystemClock();
const parts = { disk: new NodeDisk(folder), clock, log: SILENT_LOG };

function acknowledged(what: object): void {
  writeSync(1, `${JSON.stringify({ ...what, atMs: clock.monotonicMs() })}\n`);
}

const table = await EmbeddedTableStore.open(parts, { compactAtBytes: 20_000 });
const metrics = await EmbeddedMetricStore.open(parts, KILL_METRICS);
const sessions = await EmbeddedSessionStore.open(parts, { compactAtBytes: 20_000 });
const bus = await EmbeddedBus.open(parts, { compactAtBytes: 20_000 });

const { entries } = await table.read(0);
const last = Math.max(0, ...entries.map(({ value }) => Number(value)));

for (let number = last + 1; ; number++) {
  const timeMs = KILL_METRICS.startMs + number;
  await Promise.all([
    table
      .transact({ checks: [], writes: [{ key: `row/${number}`, value: number }] })
      .then((result) => {
        if (result.committed) acknowledged({ number, revision: result.revision });
      }),
    metrics.writeSamples([{ series: KILL_SERIES, timeMs, value: number }]).then(() => {
      acknowledged({ sample: number });
    }),
    sessions.put('session', String(number % 10), number).then(() => {
      acknowledged({ session: number });
    }),
    number % 100 === 1
      ? bus.enqueue('train', number, { id: String(number), delayMs: 3_600_000 }).then(() => {
          acknowledged({ job: number });
        })
      : undefined,
  ]);
}
