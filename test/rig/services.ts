import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Address } from '../../core/domain.js';
import { formatAddress } from '../../core/domain.js';
import { SeededRng } from '../../core/rng.js';
import { FaultProxy } from '../support/fault-proxy.js';
import type { LogLine } from '../support/foreshift.js';
import { RunningUp } from '../support/foreshift.js';

/** What a test may do to a part of the rig, whichever it is. */
export interface Victim {
  kill(): Promise<void>;
  /** After a kill. */
  start(): Promise<void>;
  pause(): void;
  goOn(): void;
  /** Nothing comes to it or from it any more, and nobody is told. */
  drop(): void;
  heal(): void;
  /** Every connection to it, or from it to the stores. */
  reset(): void;
}

/** Where the parts of a rig find the others. */
export interface Setting {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Behind a link of each service, if it is one; those whom a Sentinel names are reached without. */
  readonly redis: Address | { readonly sentinels: readonly Address[]; readonly master: string };
  readonly influxPort: number;
  /** Lines of the config, the same for all. */
  readonly config: readonly string[];
  /** Of every way to Redis, as long as nothing worse is wrong with it: makes the states of a switch last. */
  readonly redisLatencyMs: number;
}

/** A role of ours as a process of its own; its ways to the stores are links of the test. */
export class Service implements Victim {
  readonly name: string;
  readonly toRedis: FaultProxy;
  readonly toInflux: FaultProxy;
  readonly #args: readonly string[];
  readonly #setting: Setting;
  #running: RunningUp | undefined;

  private constructor(
    name: string,
    args: readonly string[],
    links: { readonly toRedis: FaultProxy; readonly toInflux: FaultProxy },
    setting: Setting,
  ) {
    this.name = name;
    this.toRedis = links.toRedis;
    this.toInflux = links.toInflux;
    this.#args = args;
    this.#setting = setting;
  }

  /** @param args the role and its options */
  static async start(name: string, args: readonly string[], setting: Setting): Promise<Service> {
    const { redis, influxPort, folder } = setting;
    const linkTo = (port: number): Promise<FaultProxy> =>
      FaultProxy.start(() => ({ host: '127.0.0.1', port }), new SeededRng(1));
    const links = {
      toRedis: await linkTo('port' in redis ? redis.port : 0),
      toInflux: await linkTo(influxPort),
    };
    const service = new Service(name, args, links, setting);
    const { toRedis, toInflux } = links;
    const lines = [
      ...setting.config,
      `redis: { ${whereOf(redis, toRedis)}, commandTimeoutMs: 1000 }`,
      `metricStore: { engine: influx, influx: { url: "http://127.0.0.1:${toInflux.at.port}", database: rig } }`,
      '',
    ];
    await writeFile(join(folder, `${name}.yaml`), lines.join('\n'));
    service.heal();
    await service.start();
    return service;
  }

  async start(): Promise<void> {
    const { folder, environment } = this.#setting;
    const args = [...this.#args, '--config', `${this.name}.yaml`];
    this.#running = await RunningUp.start(folder, environment, args);
  }

  get log(): readonly LogLine[] {
    return this.#running?.log ?? [];
  }

  get health(): string {
    return this.#running?.ready.health ?? '';
  }

  async kill(): Promise<void> {
    await this.#running?.kill();
  }

  pause(): void {
    this.#running?.pause();
  }

  goOn(): void {
    this.#running?.goOn();
  }

  /** Its way to the stores: what clients, servers and it say to one another still passes. */
  drop(): void {
    for (const link of this.#links) link.set({ isBlackHole: true });
  }

  heal(): void {
    this.toRedis.set({ latencyMs: this.#setting.redisLatencyMs });
    this.toInflux.set({});
  }

  reset(): void {
    for (const link of this.#links) link.reset();
  }

  async stop(): Promise<void> {
    this.goOn();
    this.heal();
    await this.#running?.stop();
    for (const link of this.#links) await link.stop();
  }

  get #links(): readonly FaultProxy[] {
    return [this.toRedis, this.toInflux];
  }
}

function whereOf(redis: Setting['redis'], link: FaultProxy): string {
  if ('port' in redis) return `url: "redis://${formatAddress(link.at)}"`;
  const addresses = redis.sentinels.map((at) => `"${formatAddress(at)}"`);
  return `sentinels: { master: ${redis.master}, addresses: [${addresses.join(', ')}] }`;
}
