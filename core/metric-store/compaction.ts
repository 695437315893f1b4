import type { Bus } from '../bus/port.js';
import type { Clock } from '../clock/port.js';
import type { MetricStore } from './port.js';

export interface CompactionParts {
  readonly bus: Bus;
  readonly metricStore: MetricStore;
  readonly clock: Clock;
}

const EVERY_MS = 3_600_000;

/** Drops what is past its retention, every hour. @throws ERR_STORE_UNAVAILABLE */
export async function scheduleCompaction({
  bus,
  metricStore,
  clock,
}: CompactionParts): Promise<void> {
  await bus.work('compaction', async (job) => {
    const message = 'what is past its retention is dropped';
    job.progress({ phase: 'compacting', done: 0, total: 1, message });
    await metricStore.compact(clock.realtimeMs());
    return null;
  });
  await bus.schedule('compaction', { everyMs: EVERY_MS }, 'compaction', {});
}
