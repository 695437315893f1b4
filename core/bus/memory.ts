import type { Clock } from '../clock/port.js';
import type { Log } from '../log.js';
import { Jobs } from './jobs.js';
import type { BusOptions } from './limits.js';
import { LocalBus } from './local.js';

/** A bus whose jobs live as long as its process: the twin for replay, simulation and tests. */
export class MemoryBus extends LocalBus {
  constructor(parts: { readonly clock: Clock; readonly log: Log }, options: BusOptions = {}) {
    const jobs = new Jobs();
    const keeper = {
      commit: async (change: Parameters<Jobs['apply']>[0]): Promise<void> => {
        await Promise.resolve();
        jobs.apply(change);
      },
      close: () => Promise.resolve(),
    };
    super({ ...parts, jobs, keeper }, options);
  }
}
