import type { Clock } from '../clock/port.js';
import { Ledger } from '../disk/ledger.js';
import type { Disk } from '../disk/port.js';
import type { Log } from '../log.js';
import type { JobChange } from './jobs.js';
import { Jobs } from './jobs.js';
import type { BusOptions } from './limits.js';
import { LocalBus } from './local.js';

export interface EmbeddedBusOptions extends BusOptions {
  /** The journal is folded into a snapshot once it is this long. */
  readonly compactAtBytes?: number;
}

/**
 * The bus of one process, with a journal: jobs and schedules survive kill -9. A job is durable when its
 * `enqueue` resolves, and its attempts are counted before they begin.
 */
export class EmbeddedBus extends LocalBus {
  /** @throws ERR_DATA_LOCKED, ERR_DISK_FAILED, ERR_DATA_CORRUPT */
  static async open(
    parts: { readonly disk: Disk; readonly clock: Clock; readonly log: Log },
    { compactAtBytes = 1 << 20, ...options }: EmbeddedBusOptions = {},
  ): Promise<EmbeddedBus> {
    const jobs = new Jobs();
    const keeper = await Ledger.open<JobChange, undefined>(parts, jobs, {
      folder: 'bus',
      name: 'embedded bus',
      compactAtBytes,
    });
    const bus = new EmbeddedBus({ ...parts, jobs, keeper }, options);
    await bus.resume();
    return bus;
  }
}
