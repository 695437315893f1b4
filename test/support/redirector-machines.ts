import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunningUp } from './foreshift.js';
import { Namespaces } from './namespaces.js';
import { untilWithin } from './until.js';

/** A redirector that is not heard of for so long is out. */
export const MEMBER_LEASE_MS = 3000;
const PASSWORD = 'a password for tests of takeover';
const ENVIRONMENT = {
  FORESHIFT_SECRET: 'a secret for tests of takeover',
  FORESHIFT_REDIS_PASSWORD: PASSWORD,
};
/** The redirector that `up` runs beside all else; it takes no address. */
const OF_UP = 'r0';
const until = untilWithin(60_000);

/** Where everything is: IPs, one or several of each. */
export interface Places {
  /** Redis, the servers, and all that `up` runs. */
  readonly services: readonly [string, ...string[]];
  readonly client: readonly string[];
  readonly redirectors: Readonly<Record<string, readonly [string, ...string[]]>>;
  /** What clients use: which redirectors have it goes to and fro. */
  readonly address: string;
}

/** Redirectors, each on a machine of its own, before one Redis. All of it goes with `dispose`. */
export class RedirectorMachines {
  readonly names: readonly string[];
  readonly services: string;
  readonly network: Namespaces;
  readonly #running = new Map<string, RunningUp>();
  readonly #processes: ChildProcess[] = [];
  #redis: ChildProcess | undefined;

  private constructor(
    readonly folder: string,
    private readonly places: Places,
  ) {
    this.names = Object.keys(places.redirectors);
    [this.services] = places.services;
    this.network = new Namespaces(
      Object.fromEntries(
        Object.entries({
          ...places.redirectors,
          services: places.services,
          client: places.client,
        }).map(([name, ips]) => [name, ips.map(withPrefix)]),
      ),
    );
  }

  /** With Redis; `up` and the redirectors come by `run`, when their servers are there. */
  static async start(places: Places): Promise<RedirectorMachines> {
    const folder = await mkdtemp(join(tmpdir(), 'foreshift-redirectors-'));
    const machines = new RedirectorMachines(folder, places);
    await machines.startRedis();
    return machines;
  }

  async startRedis(): Promise<void> {
    const settings = { bind: this.services, dir: this.folder, save: '', appendonly: 'yes' };
    const args = Object.entries({ ...settings, requirepass: PASSWORD });
    const child = this.keep(
      this.network.spawn(
        'services',
        'redis-server',
        ...args.flatMap(([name, value]) => [`--${name}`, value]),
      ),
    );
    this.#redis = child;
    await new Promise<void>((resolve) => {
      child.stdout?.on('data', (chunk: Buffer) => {
        if (chunk.toString().includes('Ready to accept')) resolve();
      });
    });
  }

  /** As kill -9 does. */
  killRedis(): void {
    this.#redis?.kill('SIGKILL');
  }

  /** Killed with all the rest. */
  keep<Child extends ChildProcess>(child: Child): Child {
    this.#processes.push(child);
    return child;
  }

  /**
   * All that `up` runs, then the redirectors.
   * @param lines of the config of each: listeners, servers, resources
   * @param addresses lines of `redirector`, for those that take addresses
   */
  async run(lines: readonly string[], addresses: readonly string[]): Promise<void> {
    await this.#configure(OF_UP, this.services, lines);
    for (const [name, [ip]] of Object.entries(this.places.redirectors)) {
      await this.#configure(name, ip, lines, addresses);
    }
    await this.#run(OF_UP, 'up', 'services');
    for (const name of this.names) await this.start(name);
  }

  start(name: string): Promise<void> {
    return this.#run(name, 'redirector', name);
  }

  /** One that runs. */
  the(name: string): RunningUp {
    const found = this.#running.get(name);
    if (found === undefined) throw new Error(`${name} does not run`);
    return found;
  }

  holders(ip = this.places.address): string[] {
    return this.names.filter((name) => this.network.has(name, ip));
  }

  async holder(): Promise<string> {
    await until('one has the address', () => this.holders().length === 1);
    return this.holders()[0] ?? '';
  }

  async dispose(): Promise<void> {
    for (const each of this.#running.values()) await each.kill();
    for (const child of this.#processes) child.kill('SIGKILL');
    this.network.dispose();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #run(name: string, verb: string, machine: string): Promise<void> {
    const args = [verb, '--config', `${name}.yaml`];
    const within = this.network.within(machine);
    this.#running.set(name, await RunningUp.start(this.folder, ENVIRONMENT, args, within));
  }

  #configure(
    name: string,
    ip: string,
    lines: readonly string[],
    addresses: readonly string[] = [],
  ): Promise<void> {
    const config = [
      'mode: propose',
      `dataDir: ./${name}`,
      'log: { level: warn }',
      'health: { listen: "0.0.0.0:7702" }',
      'tableStore: { engine: redis }',
      'sessionStore: { engine: redis }',
      'bus: { engine: redis }',
      `redis: { url: "redis://${this.services}:6379", commandTimeoutMs: 1000, connectTimeoutMs: 500 }`,
      ...lines,
      'redirector:',
      `  id: ${name}`,
      `  advertise: ${ip}`,
      `  memberLeaseMs: ${MEMBER_LEASE_MS}`,
      ...addresses.map((line) => `  ${line}`),
      '',
    ];
    return writeFile(join(this.folder, `${name}.yaml`), config.join('\n'));
  }
}

function withPrefix(ip: string): string {
  return `${ip}/${ip.includes(':') ? 64 : 24}`;
}
