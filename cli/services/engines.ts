import { strict as assert } from 'node:assert';
import type { Bus } from '../../core/bus/port.js';
import type { Config } from '../../core/config/schema.js';
import type { MetricStore } from '../../core/metric-store/port.js';
import type { EngineHealth, Watched, WatchedEngines } from '../../core/engine-health.js';
import type { MetricSource } from '../../core/metrics.js';
import type { RedisOptions } from '../../core/redis/options.js';
import { EmbeddedSessionStore } from '../../core/session-store/embedded.js';
import type { SessionStore } from '../../core/session-store/port.js';
import { EmbeddedTableStore } from '../../core/table-store/embedded.js';
import type { TableStore } from '../../core/table-store/port.js';
import type { MetricStoreParts } from './metric-store.js';

/** Those that only some services rest on; all rest on the table store. */
export type EngineName = 'metricStore' | 'sessionStore' | 'bus';

/** What the services of a process rest on. */
export class Engines implements WatchedEngines {
  readonly tableStore: TableStore;
  readonly #opened: Opened;
  readonly close: () => Promise<void>;

  constructor(tableStore: TableStore, opened: Opened, close: () => Promise<void>) {
    this.tableStore = tableStore;
    this.#opened = opened;
    this.close = close;
  }

  get metricStore(): MetricStore {
    return wanted(this.#opened.metricStore);
  }

  /** Of those that are outside this process. */
  get health(): readonly EngineHealth[] {
    const { metricStore, sessionStore, bus } = this.#opened;
    return [this.tableStore, metricStore, sessionStore, bus, ...workersOf(bus)].flatMap((engine) =>
      isWatched(engine) ? [engine.health] : [],
    );
  }

  /** What the engines count of themselves. */
  get metrics(): readonly MetricSource[] {
    const { metricStore } = this.#opened;
    return metricStore !== undefined && counts(metricStore) ? metricStore.metrics : [];
  }

  get sessionStore(): SessionStore {
    return wanted(this.#opened.sessionStore);
  }

  get bus(): Bus {
    return wanted(this.#opened.bus);
  }
}

interface Opened {
  readonly metricStore: MetricStore | undefined;
  readonly sessionStore: SessionStore | undefined;
  readonly bus: Bus | undefined;
}

function isWatched(engine: object | undefined): engine is Watched {
  return engine !== undefined && 'health' in engine;
}

/** Of a bus in this process there are none to watch. */
function workersOf(bus: object | undefined): readonly Watched[] {
  return bus !== undefined && hasWorkers(bus) ? bus.workers : [];
}

function hasWorkers(bus: object): bus is { readonly workers: readonly Watched[] } {
  return 'workers' in bus;
}

function counts(engine: object): engine is { readonly metrics: readonly MetricSource[] } {
  return 'metrics' in engine;
}

function wanted<Engine>(engine: Engine | undefined): Engine {
  assert.ok(engine !== undefined, 'no role of this process wanted this engine');
  return engine;
}

export interface EngineParts extends MetricStoreParts {
  /** For the engines that rest in Redis; undefined: none does. */
  readonly redis: RedisOptions | undefined;
}

/**
 * The engines that the config names; the embedded ones under one data directory.
 * @throws ERR_DATA_LOCKED, ERR_DISK_FAILED, ERR_DATA_CORRUPT, ERR_REDIS_…
 */
export async function openEngines(
  config: Config,
  parts: EngineParts,
  names: readonly EngineName[],
): Promise<Engines> {
  const log = parts.log.child({ part: 'engines' });
  const opened: { close(): Promise<void> }[] = [];
  const keep = <Engine extends { close(): Promise<void> }>(engine: Engine): Engine => {
    opened.unshift(engine);
    return engine;
  };
  const close = async (): Promise<void> => {
    for (const engine of opened) await engine.close();
  };
  try {
    const shared = await sharedEngines(config, { ...parts, log });
    const tableStore = keep(await shared.tableStore());
    const has = (name: EngineName): boolean => names.includes(name);
    const opened = {
      metricStore: has('metricStore')
        ? keep(await metricStoreFor(config, { ...parts, log }))
        : undefined,
      sessionStore: has('sessionStore') ? keep(await shared.sessionStore()) : undefined,
      bus: has('bus') ? keep(await shared.bus()) : undefined,
    };
    return new Engines(tableStore, opened, close);
  } catch (error) {
    await close();
    throw error;
  }
}

/** Loaded by whom it serves. */
async function metricStoreFor(config: Config, parts: MetricStoreParts): Promise<MetricStore> {
  return (await import('./metric-store.js')).metricStoreOf(config, parts);
}

/** Those that several processes may share: each in the data directory, or in a Redis that was looked at before. */
async function sharedEngines(config: Config, parts: EngineParts) {
  const embedded = {
    tableStore: (): Promise<TableStore> => EmbeddedTableStore.open(parts),
    sessionStore: (): Promise<SessionStore> => EmbeddedSessionStore.open(parts),
    bus: async (): Promise<Bus> =>
      (await import('../../core/bus/embedded.js')).EmbeddedBus.open(parts),
  };
  const { tableStore, sessionStore, bus } = config;
  if ([tableStore, sessionStore, bus].every(({ engine }) => engine === 'embedded')) return embedded;
  const { redis } = parts;
  assert.ok(redis !== undefined, 'who opens engines in Redis says which Redis');
  const { checkSafety } = await import('../../core/redis/safety.js');
  await checkSafety(parts, redis, config.redis);
  // In braces: all keys of one cluster belong together, wherever Redis keeps them.
  const options = { redis, prefix: `{${config.cluster}}` };
  return {
    tableStore:
      tableStore.engine === 'embedded'
        ? embedded.tableStore
        : async () =>
            (await import('../../core/table-store/redis.js')).RedisTableStore.open(parts, options),
    sessionStore:
      sessionStore.engine === 'embedded'
        ? embedded.sessionStore
        : async () =>
            (await import('../../core/session-store/redis.js')).RedisSessionStore.open(
              parts,
              options,
            ),
    bus:
      bus.engine === 'embedded'
        ? embedded.bus
        : async () => (await import('../../core/bus/bullmq.js')).BullmqBus.open(parts, options),
  };
}
