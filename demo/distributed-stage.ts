import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { productFolder } from '../cli/product.js';
import type { Engines } from '../cli/services/engines.js';
import { openEngines } from '../cli/services/engines.js';
import type { Role } from '../cli/services/services.js';
import { configSchema } from '../core/config/schema.js';
import { NodeDisk } from '../core/disk/node.js';
import type { Address } from '../core/domain.js';
import { parseAddress } from '../core/domain.js';
import type { MetricStore } from '../core/metric-store/port.js';
import { TableView } from '../core/table-store/view.js';
import { startInflux, startRedis } from './engines.js';
import { freePort } from './free-port.js';
import type { StartedProgram } from './programs.js';
import { startProgram } from './programs.js';
import { STEP_MS } from './scene.js';
import type { Sight, Stage, StageOptions, StageParts } from './stage.js';

const MAIN = join(productFolder, 'dist', 'cli', 'main.js');
const HOST = '127.0.0.1';
/** Whoever does not end by then is killed. */
const END_TIMEOUT_MS = 15_000;
/** Of a group of its own: Ctrl-C is for the demo, which ends its parts in their order. */
const APART = { detached: true } as const;

interface Opened {
  readonly engines: Engines;
  readonly running: StartedProgram[];
  readonly sights: readonly Sight[];
}

interface Ready {
  readonly api?: string;
  readonly proxy?: readonly string[];
  readonly health: string;
}

/**
 * Each service as a process of its own – collector, forecaster, api, two redirectors – on a Redis and an InfluxDB that are
 * started for it: those of `compose.yaml`, but on free ports and at the pace of the demo.
 */
export class DistributedStage implements Stage {
  readonly stepMs = STEP_MS;
  readonly isNew = true;
  readonly view: TableView;
  readonly #parts: StageParts;
  readonly #options: StageOptions;
  readonly #engines: Engines;
  readonly #stopping = new AbortController();
  /** In the order in which they were started. */
  readonly #running: StartedProgram[];
  readonly #proxies: Address[] = [];
  readonly #sights: Sight[] = [];
  #following: Promise<void> = Promise.resolve();

  private constructor(parts: StageParts, options: StageOptions, opened: Opened) {
    this.#parts = parts;
    this.#options = options;
    this.#engines = opened.engines;
    this.#running = opened.running;
    this.#sights.push(...opened.sights);
    this.view = new TableView({ ...parts, store: opened.engines.tableStore });
  }

  /** Starts the engines. @throws ERR_PROGRAM_ABSENT, ERR_PROGRAM_FAILED */
  static async open(parts: StageParts, options: StageOptions): Promise<DistributedStage> {
    const running: StartedProgram[] = [];
    // Nothing of it outlives the demo, however that ends, short of kill -9.
    process.once('exit', () => {
      for (const { child } of running) child.kill('SIGKILL');
    });
    try {
      const folders = ['redis', 'influx'].map((name) => join(options.folder, name));
      for (const folder of folders) await mkdir(folder);
      const [redisFolder = '', influxFolder = ''] = folders;
      const redisAt = { host: HOST, port: await freePort() };
      const settings = { appendfsync: 'everysec' };
      const redis = await startRedis(
        { folder: redisFolder, port: redisAt.port, settings },
        { spawn: APART },
      );
      running.push(redis);
      const influx = await startInflux({ folder: influxFolder, port: 0 }, { spawn: APART });
      running.push(influx);
      const written = onEngines(options.settings, redisAt.port, influx.port);
      // JSON is YAML, too.
      await writeFile(join(options.folder, 'foreshift.yaml'), JSON.stringify(written, null, 2));
      const engines = await openEngines(
        configSchema.parse(written),
        {
          ...parts,
          disk: new NodeDisk(join(options.folder, 'demo')),
          influxPassword: undefined,
          redis: { at: redisAt },
        },
        ['metricStore'],
      );
      const sights = [
        { name: 'Redis', url: written.redis.url, pid: redis.child.pid ?? 0 },
        { name: 'InfluxDB', url: written.metricStore.influx.url, pid: influx.child.pid ?? 0 },
      ];
      return new DistributedStage(parts, options, { engines, running, sights });
    } catch (error) {
      for (const program of running.reverse()) await end(program, parts);
      throw error;
    }
  }

  get metricStore(): MetricStore {
    return this.#engines.metricStore;
  }

  get proxies(): readonly Address[] {
    return this.#proxies;
  }

  get sights(): readonly Sight[] {
    return this.#sights;
  }

  async start(): Promise<void> {
    await this.view.sync();
    this.#following = this.view.follow(this.#stopping.signal);
    await this.#begin('api', 'api');
    await Promise.all([
      this.#begin('collector', 'collector'),
      this.#begin('forecaster', 'forecaster'),
    ]);
    await this.#begin('r1', 'redirector', '--id', 'r1');
    await this.#begin('r2', 'redirector', '--id', 'r2', '--listen', `${HOST}:0`);
  }

  /** Those that carry traffic first, the engines last. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('stopping'));
    await this.#following;
    await this.#engines.close();
    for (const program of this.#running.reverse()) await end(program, this.#parts);
  }

  async #begin(name: string, role: Role, ...args: readonly string[]): Promise<void> {
    const { folder, secret } = this.#options;
    const program = await startProgram(process.execPath, {
      args: [MAIN, role, '--json', '--config', join(folder, 'foreshift.yaml'), ...args],
      serves: /^\{"ready":.*\}$/m,
      isHeard: true,
      spawn: { ...APART, cwd: folder, env: { ...process.env, FORESHIFT_SECRET: secret } },
    });
    this.#running.push(program);
    const { ready } = JSON.parse(program.match[0]) as { readonly ready: Ready };
    const pid = program.child.pid ?? 0;
    if (ready.api !== undefined) {
      this.#sights.push({ name: 'page', url: `http://${ready.api}`, pid });
      this.#sights.push({ name: 'jobs', url: `http://${ready.api}/jobs`, pid });
    }
    for (const proxy of ready.proxy ?? []) {
      this.#proxies.push(parseAddress(proxy));
      this.#sights.push({ name: `clients of ${name}`, url: `http://${proxy}`, pid });
    }
    this.#sights.push({ name: `metrics of ${name}`, url: `http://${ready.health}/metrics`, pid });
  }
}

function onEngines(settings: StageOptions['settings'], redisPort: number, influxPort: number) {
  return {
    ...settings,
    tableStore: { engine: 'redis' },
    sessionStore: { engine: 'redis' },
    bus: { engine: 'redis' },
    redis: { url: `redis://${HOST}:${redisPort}` },
    metricStore: {
      ...settings.metricStore,
      engine: 'influx',
      influx: { url: `http://${HOST}:${influxPort}`, database: 'demo' },
    },
  };
}

async function end({ child, ended }: StartedProgram, { clock }: StageParts): Promise<void> {
  child.kill('SIGTERM');
  const cancel = clock.after(END_TIMEOUT_MS, () => {
    child.kill('SIGKILL');
  });
  await ended;
  cancel();
}
