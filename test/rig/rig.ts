import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from '../../core/clock/system.js';
import type { MemberId, ResourceId, ServerId } from '../../core/domain.js';
import { codeOf } from '../../core/errors.js';
import { formatGeneration, isSameGeneration } from '../../core/generation.js';
import { SILENT_LOG } from '../../core/log.js';
import { recordPlan } from '../../core/table-store/plans.js';
import type { PlanRecord } from '../../core/table-store/records/plan.js';
import { PLAN } from '../../core/table-store/records/plan.js';
import { LOST, SERVER } from '../../core/table-store/records/server.js';
import { ACK, COORDINATOR, MEMBER, SWITCH } from '../../core/table-store/records/switch.js';
import { RedisTableStore } from '../../core/table-store/redis.js';
import { stateOf } from '../../core/table-store/server-state.js';
import { TableView } from '../../core/table-store/view.js';
import { freePort } from '../../demo/free-port.js';
import { InfluxServer } from '../support/influx-server.js';
import { plannedMove } from '../support/planned-moves.js';
import { RedisPair } from '../support/redis-pair.js';
import { RedisServer } from '../support/redis-server.js';
import { untilWithin } from '../support/until.js';
import { Host } from './host.js';
import type { Setting, Victim } from './services.js';
import { Service } from './services.js';

/*
 * The distributed set as it is run: redirectors, api and more as processes of their own, a real Redis, a real InfluxDB, and
 * machines with servers. Whatever a test kills, stops or cuts off is real; only the ways between are the test's links.
 */

export interface RigOptions {
  readonly redirectors: readonly string[];
  /** One process each, with the servers on it. */
  readonly hosts: readonly (readonly string[])[];
  readonly resources: readonly string[];
  readonly mayServe: (server: string, resource: string) => boolean;
  readonly roles: readonly ('collector' | 'forecaster')[];
  /** Lines of the config beside what the rig says itself. */
  readonly config: readonly string[];
  readonly announceLeaseMs: number;
  readonly redisLatencyMs: number;
  /** A master, a replica and a Sentinel, reached without links, instead of one Redis. */
  readonly hasSentinel?: boolean;
}

const SECRET = 'the secret of a rig, which ends with it';
const PASSWORD = 'the-password-of-a-rig';
const PROPOSALS_MAX = 5;

/** A resource, and where it is to go. */
export type Wish = readonly [resource: string, target: string];

export class Rig {
  readonly clock = new SystemClock();
  readonly until = untilWithin(120_000, { pauseMs: 5 });
  readonly options: RigOptions;
  readonly folder: string;
  readonly redis: RedisServer | RedisPair;
  readonly influx: InfluxServer;
  readonly services = new Map<string, Service>();
  readonly hosts: Host[] = [];
  readonly #ports: ReadonlyMap<string, number>;
  readonly #store: RedisTableStore;
  readonly view: TableView;
  readonly #stopping = new AbortController();
  readonly #following: Promise<void>;

  private constructor(
    options: RigOptions,
    folder: string,
    engines: { readonly redis: RedisServer | RedisPair; readonly influx: InfluxServer },
    parts: { readonly store: RedisTableStore; readonly ports: ReadonlyMap<string, number> },
  ) {
    this.options = options;
    this.folder = folder;
    this.redis = engines.redis;
    this.influx = engines.influx;
    this.#store = parts.store;
    this.#ports = parts.ports;
    this.view = new TableView({ ...parts, clock: this.clock, log: SILENT_LOG }, { pollMs: 200 });
    this.#following = this.view.follow(this.#stopping.signal);
  }

  /** Resolves when every resource has a server, and every redirector knows it. */
  static async start(options: RigOptions): Promise<Rig> {
    const folder = await mkdtemp(join(tmpdir(), 'foreshift-rig-'));
    const redis = options.hasSentinel
      ? await RedisPair.start(PASSWORD)
      : await RedisServer.start({ requirepass: PASSWORD });
    const influx = await InfluxServer.start();
    const clock = new SystemClock();
    const store = await RedisTableStore.open(
      { clock, log: SILENT_LOG },
      {
        redis: { at: redis.at, password: PASSWORD, commandTimeoutMs: 1000 },
        prefix: '{foreshift}',
      },
    );
    const ports = new Map<string, number>();
    for (const name of options.redirectors) ports.set(name, await freePort());
    const rig = new Rig(options, folder, { redis, influx }, { store, ports });
    try {
      await rig.#startAll();
    } catch (error) {
      await rig.stop();
      throw error;
    }
    return rig;
  }

  portOf(redirector: string): number {
    return this.#ports.get(redirector) ?? 0;
  }

  get journals(): string[] {
    return this.hosts.map(({ args }) => args.journal);
  }

  hostOf(server: string): Host {
    const host = this.hosts.find((candidate) => candidate.has(server));
    if (host === undefined) throw new Error(`no host has ${server}`);
    return host;
  }

  service(name: string): Service {
    const service = this.services.get(name);
    if (service === undefined) throw new Error(`no service ${name}`);
    return service;
  }

  serverOf(resource: string): string {
    return this.view.table.placementOf(resource as ResourceId)?.server ?? '';
  }

  get pair(): RedisPair {
    if (this.redis instanceof RedisPair) return this.redis;
    throw new Error('this rig has one Redis');
  }

  /** Redis and InfluxDB: cut off from all at once. */
  engine(name: 'redis' | 'influx'): Victim {
    const engine = name === 'redis' ? this.#alone : this.influx;
    const links = () =>
      [...this.services.values()].map(({ toRedis, toInflux }) =>
        name === 'redis' ? toRedis : toInflux,
      );
    return {
      kill: () => engine.kill(),
      start: () => engine.restart(),
      pause: () => {
        engine.pause();
      },
      goOn: () => {
        engine.goOn();
      },
      drop: () => {
        for (const link of links()) link.set({ isBlackHole: true });
      },
      heal: () => {
        for (const service of this.services.values()) service.heal();
      },
      reset: () => {
        for (const link of links()) link.reset();
      },
    };
  }

  /** Writes an approved plan of one batch; the sources are standbys after it. The forecaster may take its number: then with the next. */
  async propose(batch: readonly Wish[]): Promise<PlanRecord> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#propose(batch);
      } catch (error) {
        if (codeOf(error) !== 'ERR_CONFLICT' || tries === PROPOSALS_MAX) throw error;
      }
    }
  }

  async #propose(batch: readonly Wish[]): Promise<PlanRecord> {
    await this.view.sync();
    const nowMs = this.clock.realtimeMs();
    const moves = batch.map(([resource, target]) => plannedMove(this.view, resource, target));
    const servers = moves.flatMap(({ source, target }) =>
      source === null ? [target] : [source, target],
    );
    const states = Object.fromEntries(
      [...new Set(servers)].map((server) => [server, stateOf(this.view, server) as 'ready']),
    );
    const standbys = moves.flatMap(({ resource, source, target }) => {
      const other = source ?? this.#otherThan(target, resource);
      return other === undefined ? [] : [[resource, other] as const];
    });
    return recordPlan(
      {
        trigger: { kind: 'operator', detail: 'test' },
        madeAtMs: nowMs,
        expiresAtMs: nowMs + 60_000,
        base: this.view.table.generation,
        states,
        batches: [{ moves }],
        standbys: Object.fromEntries(standbys),
        analysis: null,
      },
      { by: 'test', reason: '' },
      { store: this.#store, view: this.view, clock: this.clock },
    );
  }

  /** Until the plan is over. Resolves to how it ended. */
  async ended(plan: PlanRecord): Promise<PlanRecord> {
    const { id } = plan.plan;
    const now = (): PlanRecord | undefined => this.view.get(PLAN, id)?.value;
    const isOver = () => (now() ?? plan).finishedAtMs !== null;
    await this.until(`plan ${id} ended`, isOver).catch((error: unknown) => {
      throw new Error(`plan ${id} has not ended: ${this.#evidence(now())}`, { cause: error });
    });
    return now() ?? plan;
  }

  /** What is in the store of a plan that does not end, and what the processes said last. */
  #evidence(plan: PlanRecord | undefined): string {
    const { view } = this;
    const records = [
      ...view.all(SWITCH),
      ...view.all(ACK),
      ...view.all(MEMBER),
      ...view.all(COORDINATOR),
      ...view.all(LOST),
    ];
    const said = [...this.services].map(([name, { log }]) => [name, log.slice(-20)]);
    const status = plan && { status: plan.status, outcomes: plan.outcomes };
    return JSON.stringify({ status, revision: view.revision, records, said });
  }

  /** No switch is open, nobody is lost, every redirector is there and has the newest table. @throws what is not so */
  async settled(): Promise<void> {
    await this.until('all is settled', () => this.#unsettled().length === 0).catch(() => {
      throw new Error(`not settled: ${this.#unsettled().join(', ')}`);
    });
  }

  #unsettled(): string[] {
    const { view } = this;
    const { generation } = view.table;
    const open = view.get(SWITCH, 'open')?.value;
    const behind = this.options.redirectors.filter((name) => {
      const known = view.get(MEMBER, name as MemberId)?.value.generation;
      return known === undefined || !isSameGeneration(known, generation);
    });
    const unplaced = this.options.resources.filter((resource) => this.serverOf(resource) === '');
    return [
      ...(view.regressed ? ['the table store went back'] : []),
      ...(open === undefined ? [] : [`a switch is ${open.state}`]),
      ...[...view.all(LOST).keys()].map((server) => `${server} is lost`),
      ...behind.map((name) => `${name} has not ${formatGeneration(generation)}`),
      ...unplaced.map((resource) => `${resource} has no server`),
    ];
  }

  async stop(): Promise<void> {
    // A stopped engine would keep those who wait for it.
    if (this.redis instanceof RedisServer) this.redis.goOn();
    this.influx.goOn();
    for (const service of [...this.services.values()].reverse()) await service.stop();
    for (const host of this.hosts) await host.stop();
    this.#stopping.abort(new Error('over'));
    await this.#following;
    await this.#store.close();
    await this.redis.dispose();
    await this.influx.dispose();
    await rm(this.folder, { recursive: true, force: true });
  }

  get #alone(): RedisServer {
    if (this.redis instanceof RedisServer) return this.redis;
    throw new Error('this rig has two');
  }

  async #startAll(): Promise<void> {
    const { redirectors, hosts, roles, resources, redisLatencyMs } = this.options;
    const agentsPort = await freePort();
    const setting: Setting = {
      folder: this.folder,
      environment: { FORESHIFT_SECRET: SECRET, FORESHIFT_REDIS_PASSWORD: PASSWORD },
      redis: this.redis.at,
      influxPort: Number(new URL(this.influx.url).port),
      redisLatencyMs,
      config: [
        'mode: observe',
        'log: { level: error }',
        'api: { listen: "127.0.0.1:0" }',
        'health: { listen: "127.0.0.1:0" }',
        `agents: { listen: "127.0.0.1:${agentsPort}" }`,
        'tableStore: { engine: redis }',
        'sessionStore: { engine: redis }',
        'bus: { engine: redis }',
        ...this.options.config,
      ],
    };
    const start = async (name: string, ...args: string[]): Promise<void> => {
      this.services.set(name, await Service.start(name, args, setting));
    };
    await start('api', 'api');
    await Promise.all([
      ...roles.map((role) => start(role, role)),
      ...redirectors.map((name) =>
        start(name, 'redirector', '--id', name, '--listen', `127.0.0.1:${this.portOf(name)}`),
      ),
    ]);
    const started = hosts.map((servers, number) => this.#startHost(servers, number, agentsPort));
    this.hosts.push(...(await Promise.all(started)));
    await this.#placeAll();
    await this.until('all is placed', () =>
      resources.every((resource) => this.serverOf(resource) !== ''),
    );
    await this.settled();
  }

  #startHost(servers: readonly string[], number: number, agentsPort: number): Promise<Host> {
    const { resources, mayServe, announceLeaseMs } = this.options;
    return Host.start({
      servers: servers.map((id) => ({
        id,
        resources: resources.filter((resource) => mayServe(id, resource)),
        dataDir: join(this.folder, `agent-${id}`),
      })),
      registration: `http://127.0.0.1:${agentsPort}`,
      secret: SECRET,
      journal: join(this.folder, `journal-${number}`),
      announceLeaseMs,
    });
  }

  async #placeAll(): Promise<void> {
    const { hosts, resources } = this.options;
    const servers = hosts.flat();
    await this.until('all servers are known', () => this.view.all(SERVER).size === servers.length);
    const wishes = resources.flatMap((resource, number): Wish[] => {
      const able = servers.filter((server) => this.options.mayServe(server, resource));
      const server = able[number % able.length];
      return server === undefined ? [] : [[resource, server]];
    });
    for (const batch of inBatches(wishes)) await this.ended(await this.propose(batch));
  }

  #otherThan(server: string, resource: string): ServerId | undefined {
    const others = this.options.hosts
      .flat()
      .filter((other) => other !== server && this.options.mayServe(other, resource));
    return others[0] as ServerId | undefined;
  }
}

/** In batches of this many, each for a plan of its own. */
export function inBatches(wishes: readonly Wish[], batchMovesMax = 100): Wish[][] {
  const batches: Wish[][] = [];
  for (let at = 0; at < wishes.length; at += batchMovesMax) {
    batches.push(wishes.slice(at, at + batchMovesMax));
  }
  return batches;
}
