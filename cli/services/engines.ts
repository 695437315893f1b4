import type { Bus } from '../../core/bus/port.js';
import { EmbeddedBus } from '../../core/bus/embedded.js';
import type { Config } from '../../core/config/schema.js';
import type { MetricStore } from '../../core/metric-store/port.js';
import { EmbeddedSessionStore } from '../../core/session-store/embedded.js';
import type { SessionStore } from '../../core/session-store/port.js';
import { EmbeddedTableStore } from '../../core/table-store/embedded.js';
import type { TableStore } from '../../core/table-store/port.js';
import type { MetricStoreParts } from './metric-store.js';
import { metricStoreOf } from './metric-store.js';

/** What the services rest on. */
export interface Engines {
  readonly tableStore: TableStore;
  readonly metricStore: MetricStore;
  readonly sessionStore: SessionStore;
  readonly bus: Bus;
  close(): Promise<void>;
}

/** The engines of one process, under one data directory but for metrics if the config says so. @throws ERR_DATA_LOCKED, ERR_DISK_FAILED, ERR_DATA_CORRUPT */
export async function embeddedEngines(config: Config, parts: MetricStoreParts): Promise<Engines> {
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
    const metricStore = keep(await metricStoreOf(config, { ...parts, log }));
    const sessionStore = keep(await EmbeddedSessionStore.open({ ...parts, log }));
    const bus = keep(await EmbeddedBus.open({ ...parts, log }));
    return { tableStore, metricStore, sessionStore, bus, close };
  } catch (error) {
    await close();
    throw error;
  }
}
