import { join } from 'node:path';
import type { Engines } from '../cli/services/engines.js';
import { openEngines } from '../cli/services/engines.js';
import type { Config } from '../core/config/schema.js';
import { NodeDisk } from '../core/disk/node.js';
import type { Address } from '../core/domain.js';
import { formatAddress } from '../core/domain.js';
import { fail } from '../core/errors.js';
import type { MetricStore } from '../core/metric-store/port.js';
import type { RedisOptions } from '../core/redis/options.js';
import { TableView } from '../core/table-store/view.js';
import type { Sight, Stage, StageParts } from './stage.js';

/** A Foreshift of this machine that runs already, as its own processes know it. */
export interface Joined {
  readonly config: Config;
  readonly secret: string;
  readonly redis: RedisOptions;
  readonly influxPassword: string | undefined;
  /** Where its redirectors take clients. */
  readonly proxies: readonly Address[];
}

/** That Foreshift, left as it is: the demo brings servers and requests, and goes with them. */
export class JoinedStage implements Stage {
  readonly view: TableView;
  readonly isNew: boolean;
  readonly #joined: Joined;
  readonly #engines: Engines;
  readonly #stopping = new AbortController();
  #following: Promise<void> = Promise.resolve();

  private constructor(joined: Joined, opened: { engines: Engines; view: TableView }) {
    this.#joined = joined;
    this.#engines = opened.engines;
    this.view = opened.view;
    this.isNew = opened.view.table.size === 0;
  }

  /** @param folder for what is the demo's own. @throws ERR_ROLE_ALONE, ERR_REDIS_… */
  static async open(parts: StageParts, joined: Joined, folder: string): Promise<JoinedStage> {
    const { config, redis, influxPassword } = joined;
    for (const name of ['tableStore', 'metricStore'] as const) {
      if (config[name].engine === 'embedded') fail('ERR_ROLE_ALONE', { role: 'demo', name });
    }
    const disk = new NodeDisk(join(folder, 'demo'));
    const engines = await openEngines(config, { ...parts, disk, redis, influxPassword }, [
      'metricStore',
    ]);
    const view = new TableView({ ...parts, store: engines.tableStore });
    try {
      await view.sync();
    } catch (error) {
      await engines.close();
      throw error;
    }
    return new JoinedStage(joined, { engines, view });
  }

  get stepMs(): number {
    return this.#joined.config.forecast.stepMs;
  }

  get metricStore(): MetricStore {
    return this.#engines.metricStore;
  }

  get proxies(): readonly Address[] {
    return this.#joined.proxies;
  }

  get sights(): readonly Sight[] {
    return [
      { name: 'page', url: `http://${formatAddress(this.#joined.config.api.listen)}` },
      ...this.proxies.map((proxy) => ({ name: 'clients', url: `http://${formatAddress(proxy)}` })),
    ];
  }

  start(): Promise<void> {
    this.#following = this.view.follow(this.#stopping.signal);
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('stopping'));
    await this.#following;
    await this.#engines.close();
  }
}
