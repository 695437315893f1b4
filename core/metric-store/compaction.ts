import type { Bus } from '../bus/port.js';
import type { Clock } from '../clock/port.js';
import type { Log } from '../log.js';
import { DAY_MS } from './day.js';
import type { MetricStore } from './port.js';

export interface CompactionParts {
  readonly bus: Bus;
  readonly metricStore: MetricStore;
  readonly clock: Clock;
  readonly log: Log;
}

const EVERY_MS = 3_600_000;
/** Of a day ago so long is looked at for samples. */
const WITNESS_MS = 3_600_000;
/** So many series are asked at once; the first ones tell, as a rule. */
const WITNESSES = 1000;

/** Drops what is past its retention, every hour. @throws ERR_STORE_UNAVAILABLE */
export async function scheduleCompaction(parts: CompactionParts): Promise<void> {
  const { bus } = parts;
  const compaction = new Compaction(parts);
  await bus.work('compaction', async (job) => {
    const message = 'what is past its retention is dropped';
    job.progress({ phase: 'compacting', done: 0, total: 1, message });
    await compaction.run();
    return null;
  });
  await bus.schedule('compaction', { everyMs: EVERY_MS }, 'compaction', {});
}

/**
 * Drops nothing on the word of the wall clock alone: one that is far ahead would have everything dropped, for good. The samples have to bear
 * it out. A clock that went ahead has left the hours behind it without any, and a new start of the process does not hide that;
 * whoever puts it right within a day has lost nothing. What is within a day is not told apart, nor need it be: retention goes by days.
 * After a pause of the collector, or an honest correction of the clock, what is too old just stays for another day.
 */
class Compaction {
  readonly #parts: Omit<CompactionParts, 'bus'>;
  #last: 'none' | 'done' | 'put-off' = 'none';

  constructor(parts: Omit<CompactionParts, 'bus'>) {
    this.#parts = parts;
  }

  async run(): Promise<void> {
    const { clock, metricStore } = this.#parts;
    const nowMs = clock.realtimeMs();
    if (await this.#isBorneOut(nowMs)) {
      await metricStore.compact(nowMs);
      this.#last = 'done';
    } else {
      this.#sayPutOff(nowMs);
      this.#last = 'put-off';
    }
  }

  async #isBorneOut(nowMs: number): Promise<boolean> {
    const { metricStore } = this.#parts;
    const grid = { startMs: Math.floor(nowMs) - DAY_MS, stepMs: WITNESS_MS, steps: 1 };
    const series = await metricStore.listSeries(grid.startMs);
    for (let from = 0; from < series.length; from += WITNESSES) {
      const witnesses = series.slice(from, from + WITNESSES);
      const { values } = await metricStore.readPanel({ series: witnesses, ...grid });
      if (values.some((value) => !Number.isNaN(value))) return true;
    }
    return false;
  }

  /** Once for as long as it is so. Of a new store, or after a start, it may be as it should. */
  #sayPutOff(nowMs: number): void {
    const { log } = this.#parts;
    const fields = { atMs: nowMs, why: 'there are no samples of a day ago, by this clock' };
    if (this.#last === 'done') log.warn(fields, 'compaction put off');
    if (this.#last === 'none') log.info(fields, 'compaction put off');
  }
}
