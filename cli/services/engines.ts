import type { Bus } from '../../core/bus/port.js';
import { EmbeddedBus } from '../../core/bus/embedded.js';
import type { Clock } from '../../core/clock/port.js';
import type { Config } from '../../core/config/schema.js';
import type { Disk } from '../../core/disk/port.js';
import type { Log } from '../../core/log.js';
import { EmbeddedMetricStore } from '../../core/metric-store/embedded.js';
import type { MetricStore } from '../../core/metric-store/port.js';
import { EmbeddedSessionStore } from '../../core/session-store/embedded.js';
import type { SessionStore } from '../../core/session-store/port.js';
import { EmbeddedTableStore } from '../../core/table-store/embedded.js';
import type { TableStore } from '../../core/table-store/port.js';

/** What the services rest on. */
export interface Engines {
  readonly tableStore: TableStore;
  readonly metricStore: MetricStore;
  readonly sessionStore: SessionStore;
  readonly bus: Bus;
  close(): Promise<void>;
}

/** The engines of one process, all under one data directory. @throws ERR_DATA_LOCKED, ERR_DISK_FAILED, ERR_DATA_CORRUPT */
export async function embeddedEngines(
  config: Config,
  parts: { readonly disk: Disk; readonly clock: Clock; readonly log: Log },
): Promise<Engines> {
  const opened: { close(): Promise<void> }[] = [];
  const keep = <Engine extends { close(): Promise<void> }>(engine: Engine): Engine => {
    opened.unshift(engine);
    return engine;
  };
  const close = async (): Promise<void> => {
    for (const engine of opened) await engine.close();
  };
  try {
    const log = parts.log.child({ part: 'engines' });
    const tableStore = keep(await EmbeddedTableStore.open({ ...parts, log }));
    const metricStore = keep(await EmbeddedMetricStore.open({ ...parts, log }, config.metricStore));
    const sessionStore = keep(await EmbeddedSessionStore.open({ ...parts, log }));
    const bus = keep(await EmbeddedBus.open({ ...parts, log }));
    return { tableStore, metricStore, sessionStore, bus, close };
  } catch (error) {
    await close();
    throw error;
  }
}
