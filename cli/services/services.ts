import { strict as assert } from 'node:assert';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Registration } from '../../api/registration.js';
import type { ApiServer } from '../../api/server.js';
import type { Collector } from '../../collector/collector.js';
import type { FaultReportParts } from '../../collector/fault-report.js';
import { FaultReport } from '../../collector/fault-report.js';
import { collectorMetrics } from '../../collector/metrics.js';
import type { MemberTarget } from '../../collector/member-counters.js';
import type { SystemClock } from '../../core/clock/system.js';
import type { Reload } from '../../core/config/reload.js';
import { reloadOf } from '../../core/config/reload.js';
import type { Config } from '../../core/config/schema.js';
import { NodeDisk } from '../../core/disk/node.js';
import type { Disk } from '../../core/disk/port.js';
import type { Address, ResourceId } from '../../core/domain.js';
import { engineMetrics } from '../../core/engine-health.js';
import { fail } from '../../core/errors.js';
import type { Startable } from '../../core/lifecycle.js';
import { Lifecycle } from '../../core/lifecycle.js';
import type { Log } from '../../core/log.js';
import { CredentialBook } from '../../core/credentials/credential-book.js';
import { CredentialTable } from '../../core/credentials/credential-table.js';
import { Keyring } from '../../core/credentials/keyring.js';
import { Metrics } from '../../core/metrics.js';
import type { CompactionParts } from '../../core/metric-store/compaction.js';
import { scheduleCompaction } from '../../core/metric-store/compaction.js';
import type { HttpServer } from '../../core/net/http-server.js';
import { NodeNet } from '../../core/net/node.js';
import { ownServerOptions } from '../../core/net/tls/server-tls.js';
import type { RedisOptions } from '../../core/redis/options.js';
import type { Rng } from '../../core/rng.js';
import { Eligibility } from '../../core/table-store/eligibility.js';
import { MEMBER } from '../../core/table-store/records/switch.js';
import { TableView } from '../../core/table-store/view.js';
import { countersRoute } from '../../redirector/counters-route.js';
import { redirectorMetrics } from '../../redirector/metrics.js';
import type { Redirector } from '../../redirector/redirector.js';
import { workersLimits } from '../../redirector/workers/worker-pool.js';
import type { WorkersHome } from '../../redirector/workers/workers.js';
import { Workers } from '../../redirector/workers/workers.js';
import { adapterMetrics } from './adapter-counts.js';
import { accessLogOf } from './access-log.js';
import type { EngineName, Engines } from './engines.js';
import { openEngines } from './engines.js';
import { healthServer } from './health.js';
import { shippedWeights } from './weights.js';
import { namedFilesOf, readNamedFiles } from './named-files.js';
import { membersNet, outboundGuard, ownListeners } from './outbound.js';
import { ProcessReport, processSays } from './process-report.js';
import {
  reconfigureAdapters,
  redirectorOf,
  redirectorOptionsOf,
  sharingOf,
  threadsOf,
} from './redirector.js';
import { certificateIn, SecurityWatch } from './security.js';
import type { WorkerSettings } from './worker-threads.js';
import { WorkerThreads } from './worker-threads.js';

/** What one process can be, alone or together. */
export const ROLES = ['redirector', 'collector', 'forecaster', 'api'] as const;
export type Role = (typeof ROLES)[number];

export interface ServicesParts {
  readonly clock: SystemClock;
  readonly rng: Rng;
  readonly log: Log;
  readonly version: string;
  readonly secret: string;
  /** What it was before, as long as credentials rest under it. */
  readonly formerSecrets?: readonly string[];
  /** Where the engines keep everything. */
  readonly dataDir: string;
  /** Where the config stands: files that it names are relative to it; undefined: to the working directory. */
  readonly folder?: string;
  readonly influxPassword?: string | undefined;
  /** For the engines that rest in it. */
  readonly redis?: RedisOptions | undefined;
}

/** Which engines a role rests on, besides the table store. */
const ENGINES_OF: Readonly<Record<Role, readonly EngineName[]>> = {
  redirector: ['sessionStore'],
  collector: ['metricStore'],
  forecaster: ['metricStore', 'bus'],
  api: ['metricStore', 'bus', 'sessionStore'],
};

const FAULTS_REPORT_MS = 5000;

interface Built {
  readonly config: Config;
  /** Takes up another config. @throws ERR_LISTEN_FAILED: nothing was changed */
  readonly reconfigure: (config: Config) => Promise<void>;
  /** The part of it that may fail, alone: files that the config names may be others. @throws coded errors: nothing was changed */
  readonly secure: (config: Config) => Promise<void>;
  readonly redirector: Redirector | undefined;
  readonly collector: Collector | undefined;
  readonly registration: Registration | undefined;
  readonly api: ApiServer | undefined;
  readonly health: HttpServer;
  readonly view: TableView;
  readonly engines: Engines;
}

/**
 * The services of one process, on the engines that the config names: all of them, or some beside other processes. Which modules
 * a role needs are loaded with it: a redirector has no planner, no API and no page in its memory.
 */
export class Services implements Startable {
  readonly #built: Built;
  readonly #lifecycle: Lifecycle;
  #config: Config;
  #changing: Promise<void> = Promise.resolve();

  private constructor(built: Built, lifecycle: Lifecycle) {
    this.#built = built;
    this.#config = built.config;
    this.#lifecycle = lifecycle;
  }

  /**
   * Opens the engines and builds the rest; nothing listens yet.
   * @throws ERR_ROLE_ALONE, ERR_DATA_LOCKED, ERR_DISK_FAILED, ERR_DATA_CORRUPT, ERR_REDIS_…
   */
  static async open(
    config: Config,
    parts: ServicesParts,
    roles: readonly Role[] = ROLES,
  ): Promise<Services> {
    assertShared(config, roles);
    const { clock, rng, log, influxPassword, redis } = parts;
    const disk = new NodeDisk(parts.dataDir);
    const engines = await openEngines(
      config,
      { disk, clock, rng, log, influxPassword, redis },
      roles.flatMap((role) => ENGINES_OF[role]),
    );
    try {
      return await Services.#on(engines, config, { ...parts, disk }, roles);
    } catch (error) {
      await engines.close();
      throw error;
    }
  }

  static async #on(
    engines: Engines,
    config: Config,
    parts: ServicesParts & { readonly disk: Disk },
    roles: readonly Role[],
  ): Promise<Services> {
    const { clock, rng, log, version, secret, formerSecrets, disk, folder = '.' } = parts;
    const { tableStore: store } = engines;
    const guard = outboundGuard(config);
    const net = new NodeNet(clock, guard);
    const has = (role: Role): boolean => roles.includes(role);
    let phase: 'starting' | 'serving' | 'stopping' = 'starting';

    const keyring = new Keyring(secret, formerSecrets);
    const credentialsOf = (): CredentialTable =>
      new CredentialTable({ store: engines.sessionStore, keyring, clock });
    const credentialBook = has('redirector')
      ? new CredentialBook({
          table: credentialsOf(),
          clock,
          log: log.child({ part: 'credentials' }),
        })
      : undefined;
    const metrics = new Metrics(version);
    const boot = randomUUID();
    const settingsOf = async (now: Config): Promise<WorkerSettings> => {
      const files = await readNamedFiles(now, { clock, folder, secret });
      return { config: now, files, folder, boot };
    };
    let settings = has('redirector') ? await settingsOf(config) : undefined;
    let files = settings && namedFilesOf(config, settings.files);
    const accesses = accessLogOf(config, clock, folder, () =>
      (workers?.pool.stats ?? []).map(({ accessLog }) => accessLog),
    );
    const limits = workersLimits(threadsOf(config));
    let workers: Workers<WorkerSettings> | undefined;
    const makeWorkers = (home: WorkersHome): Workers<WorkerSettings> => {
      const host = new WorkerThreads(clock);
      workers = new Workers(
        { host, clock, limits, log: log.child({ part: 'workers' }), settings: () => the(settings) },
        home,
        { resourcesMax: config.limits.resourcesMax },
      );
      return workers;
    };
    const sharing = sharingOf(config);
    const redirector = has('redirector')
      ? redirectorOf(config, {
          ...{ store, clock, rng, net, log, secret, boot },
          security: () => the(files).security,
          errorPages: the(files).errorPages,
          workers: limits.threads > 1 ? { limits, make: makeWorkers } : undefined,
          accessLog: accesses.log,
          sharingOf: sharing,
          membersNet: membersNet(config, clock),
          sessionStore: engines.sessionStore,
          storedSecretOf: (name) => credentialBook?.secretOf(name),
          health: () => reachable(health.address, config),
        })
      : undefined;
    // One a process: what the store holds is read and kept once.
    const view = redirector?.view ?? new TableView({ store, clock, log });
    const isShared = (resource: ResourceId): boolean => sharing?.(resource) !== undefined;
    const eligibility = new Eligibility({ view, clock, isShared });
    const common = { store, view, clock, log: log.child({ room: 'api' }) };
    const health: HttpServer = healthServer(
      {
        ...{ net, clock, log, metrics },
        obstacles: () => [
          ...(phase === 'serving' ? [] : [`it is ${phase}`]),
          ...(redirector === undefined ? [] : obstaclesOf(redirector)),
        ],
        routes:
          redirector === undefined
            ? []
            : [
                countersRoute({ gate: redirector, clock, member: config.redirector.id, boot }),
                ...(redirector.addresses?.routes ?? []),
              ],
      },
      config.health.listen,
    );
    if (redirector !== undefined) {
      metrics.add(
        ...redirectorMetrics(redirector),
        ...adapterMetrics(redirector),
        ...accesses.metrics,
      );
    }
    const collecting = has('collector')
      ? await (
          await import('./collector.js')
        ).collectorOf(config, {
          ...{ clock, rng, log, net, disk, view },
          metricStore: engines.metricStore,
          membersNet: membersNet(config, clock),
          members: () => membersOf(view),
        })
      : undefined;
    const collector = collecting?.collector;
    if (collector !== undefined) metrics.add(...collectorMetrics(collector));
    metrics.add(...engines.metrics, ...engineMetrics(engines, clock));
    const facts = {
      ...{ clock, roles, engines },
      outbox: collector && (() => collector.status().outbox),
    };
    const id = (): string => processId(roles, config, health.address);
    const forecasting = has('forecaster')
      ? (await import('./forecaster.js')).forecasterOf(config, {
          ...{ ...common, ...engineParts(engines), log, eligibility, disk },
          weights: await shippedWeights(),
        })
      : undefined;
    if (forecasting !== undefined) metrics.add(...forecasting.metrics);
    const apiTlsOf = async ({ api }: Config) => api.tls && certificateIn(api.tls, folder);
    const control = has('api')
      ? await (
          await import('./control.js')
        ).controlOf(config, {
          ...{ ...common, ...engineParts(engines), net, eligibility, secret, version },
          credentials: credentialsOf(),
          tls: await apiTlsOf(config),
          assertAllowed: (address) => {
            guard.check(address);
          },
          collector,
          self: () => ({ id: id(), says: processSays(facts) }),
        })
      : undefined;
    if (control?.agentCheck !== undefined) metrics.add(...control.agentCheck.metrics);
    const secure = async (now: Config): Promise<void> => {
      const apiTls = has('api') ? await apiTlsOf(now) : undefined;
      const apiContext = apiTls && ownServerOptions(apiTls);
      if (redirector !== undefined) {
        const read = await settingsOf(now);
        const named = namedFilesOf(now, read.files);
        const change = async (): Promise<void> => {
          await reconfigureAdapters(redirector.adapters, now, named);
          redirector.reconfigure(redirectorOptionsOf(now));
          settings = read;
          files = named;
        };
        if (workers === undefined) await change();
        else await workers.reconfigure(change);
      }
      if (apiContext !== undefined) control?.api.renew(apiContext);
    };
    const watch = new SecurityWatch({
      ...{ clock, log, folder, secret },
      config: () => services.config,
      reread: () => services.#reread(),
    });
    const built: Built = {
      secure,
      ...{ config, redirector, collector, health, view, engines },
      reconfigure: async (now) => {
        // The only one that may fail comes first.
        await secure(now);
        accesses.reconfigure(now);
        guard.exclude(ownListeners(now));
        collecting?.reconfigure(now);
        forecasting?.reconfigure(now);
        control?.reconfigure(now);
      },
      registration: control?.registration,
      api: control?.api,
    };
    // In the order in which they need one another; they stop the other way round.
    const lifecycle = new Lifecycle([
      { start: () => Promise.resolve(), stop: () => engines.close() },
      ...(has('forecaster') ? [compacting({ ...common, ...engineParts(engines), log })] : []),
      redirector === undefined ? following(view) : synced(view),
      health,
      // One with a table store of its own has nobody to tell.
      ...(config.tableStore.engine === 'embedded'
        ? []
        : [new ProcessReport({ ...facts, store, log, id })]),
      ...(control === undefined ? [] : [control.processes, control.registration, control.declared]),
      ...(collector !== undefined && control === undefined
        ? [reporting(collector, { store, clock, log })]
        : []),
      accesses.service,
      ...[
        credentialBook,
        redirector,
        collector,
        forecasting?.service,
        control?.agentCheck,
        control?.advising,
        control?.api,
        redirector !== undefined || config.api.tls !== undefined ? watch : undefined,
      ].filter((part) => part !== undefined),
      {
        start: () => {
          phase = 'serving';
          return Promise.resolve();
        },
        stop: () => {
          phase = 'stopping';
          return Promise.resolve();
        },
      },
    ]);
    const services: Services = new Services(built, lifecycle);
    return services;
  }

  /** @throws ERR_LISTEN_FAILED and what the engines throw; what had started is stopped */
  start(): Promise<void> {
    return this.#lifecycle.start();
  }

  stop(): Promise<void> {
    return this.#lifecycle.stop();
  }

  /** What it runs by. */
  get config(): Config {
    return this.#config;
  }

  /**
   * Takes up what can be changed while it runs, without a break for anybody; the rest stays as it was.
   * @throws ERR_LISTEN_FAILED: nothing was changed
   */
  async reload(read: Config): Promise<Reload> {
    const reload = reloadOf(this.#config, read);
    await this.#alone(async () => {
      const { reconfigure, secure } = this.#built;
      if (reload.changed.length > 0) await reconfigure(reload.config);
      else await secure(reload.config);
      this.#config = reload.config;
    });
    return reload;
  }

  #reread(): Promise<void> {
    return this.#alone(() => this.#built.secure(this.#config));
  }

  /** Two at once could leave the one half and half the other. */
  #alone(change: () => Promise<void>): Promise<void> {
    const turn = this.#changing.then(change);
    this.#changing = turn.catch(() => undefined);
    return turn;
  }

  get engines(): Engines {
    return this.#built.engines;
  }

  get view(): TableView {
    return this.#built.view;
  }

  get health(): HttpServer {
    return this.#built.health;
  }

  /** Of the roles: asked for only where they are run. */
  get redirector(): Redirector {
    return the(this.#built.redirector);
  }

  get collector(): Collector {
    return the(this.#built.collector);
  }

  get registration(): Registration {
    return the(this.#built.registration);
  }

  get api(): ApiServer {
    return the(this.#built.api);
  }

  /** Where clients connect: protocol by protocol, in the order of the config's listeners. */
  get listeners(): readonly Address[] {
    return this.redirector.adapters.flatMap(({ addresses }) => addresses);
  }
}

function the<Part>(part: Part | undefined): Part {
  assert.ok(part !== undefined, 'this process does not run that role');
  return part;
}

/** Processes that share the work must share what it rests on. */
function assertShared(config: Config, roles: readonly Role[]): void {
  if (roles.length === ROLES.length) return;
  const names = new Set<EngineName | 'tableStore'>(['tableStore']);
  for (const role of roles) for (const name of ENGINES_OF[role]) names.add(name);
  for (const name of names) {
    if (config[name].engine === 'embedded')
      fail('ERR_ROLE_ALONE', { role: roles.join(', '), name });
  }
}

function engineParts({ metricStore, bus }: Engines) {
  return { metricStore, bus };
}

/** A redirector follows the table store itself; what starts before it needs to know what is there. */
function synced(view: TableView): Startable {
  return { start: () => view.sync(), stop: () => Promise.resolve() };
}

function following(view: TableView): Startable {
  const stopping = new AbortController();
  let run: Promise<void> = Promise.resolve();
  return {
    start: async () => {
      await view.sync();
      run = view.follow(stopping.signal);
    },
    stop: () => {
      stopping.abort(new Error('stopping'));
      return run;
    },
  };
}

function membersOf(view: TableView): MemberTarget[] {
  return [...view.all(MEMBER)].flatMap(
    ([
      id,
      {
        value: { health },
      },
    ]) => (health === null ? [] : [{ id, address: health }]),
  );
}

/** Among all processes of the cluster, and the same after its next start: a redirector's own name, else where its health is asked. */
function processId(roles: readonly Role[], { redirector }: Config, { port }: Address): string {
  const what = roles.length === ROLES.length ? 'up' : roles.join('+');
  return `${what}@${roles.includes('redirector') ? redirector.id : `${hostname()}:${port}`}`;
}

/** Where others reach what listens there. */
function reachable({ host, port }: Address, { redirector }: Config): Address {
  return { host: redirector.advertise ?? host, port };
}

/** Where the api runs in another process. */
function reporting(collector: Collector, parts: Omit<FaultReportParts, 'targets'>): FaultReport {
  const targets = () => collector.status().targets;
  return new FaultReport({ ...parts, targets }, { everyMs: FAULTS_REPORT_MS });
}

function compacting(parts: CompactionParts): Startable {
  return { start: () => scheduleCompaction(parts), stop: () => Promise.resolve() };
}

function obstaclesOf({ membership, isServing }: Redirector): string[] {
  return [
    ...(isServing ? [] : ['the redirector does not listen yet']),
    ...(membership.isUsurped ? ['another redirector runs under this name'] : []),
  ];
}
