import type { Clock } from '../../core/clock/port.js';
import { SimulatedClock } from '../../core/clock/simulated.js';
import { SystemClock } from '../../core/clock/system.js';
import { MemoryDisk } from '../../core/disk/memory.js';
import type { Disk } from '../../core/disk/port.js';
import { SILENT_LOG } from '../../core/log.js';
import { EmbeddedMetricStore } from '../../core/metric-store/embedded.js';
import { MemoryMetricStore } from '../../core/metric-store/memory.js';
import { temporaryDisk } from '../support/temporary.js';
import type { MetricStoreWorld } from '../support/held-store.js';
import { describeMetricStore } from './metric-store.js';

const DAY = 86_400_000;
const KEPT = {
  nowMs: 20_000 * DAY,
  rawRetentionMs: 3 * DAY,
  rollupMs: 300_000,
  rollupRetentionMs: 60 * DAY,
  forecastRetentionMs: 30 * DAY,
};

async function embedded(disk: Disk, clock: Clock): Promise<MetricStoreWorld> {
  const open = () => EmbeddedMetricStore.open({ disk, clock, log: SILENT_LOG }, KEPT);
  return { ...KEPT, clock, store: await open(), reopen: open };
}

describeMetricStore(
  'MemoryMetricStore',
  () => {
    const { rollupRetentionMs: retentionMs, forecastRetentionMs } = KEPT;
    const clock = new SimulatedClock(KEPT.nowMs);
    const store = new MemoryMetricStore({ clock, retentionMs, forecastRetentionMs });
    return Promise.resolve({ ...KEPT, clock, store });
  },
  [
    {
      test: 'has everything after it was closed and opened again',
      reason: 'it lives as long as its process',
    },
    {
      test: 'repeats a mean over the steps that it stands for',
      reason: 'it keeps all samples as they came',
    },
  ],
);

describeMetricStore('EmbeddedMetricStore in memory', () =>
  embedded(new MemoryDisk(), new SimulatedClock(KEPT.nowMs)),
);

describeMetricStore('EmbeddedMetricStore on files', async () => {
  const { disk, dispose } = await temporaryDisk();
  return { ...(await embedded(disk, new SystemClock())), dispose };
});
