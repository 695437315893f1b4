import { randomUUID } from 'node:crypto';
import { DeclaredServers } from '../../api/declared-servers.js';
import { NewsStream } from '../../api/news-stream.js';
import { Registration } from '../../api/registration.js';
import { actRoutes } from '../../api/routes/acts.js';
import { planRoutes } from '../../api/routes/plans.js';
import { stateRoutes } from '../../api/routes/state.js';
import { API_SERVER_DEFAULTS, ApiServer } from '../../api/server.js';
import type { Collector } from '../../collector/collector.js';
import { collectorMetrics } from '../../collector/metrics.js';
import type { Clock } from '../../core/clock/port.js';
import type { Config } from '../../core/config/schema.js';
import { NodeDisk } from '../../core/disk/node.js';
import type { Address } from '../../core/domain.js';
import type { Startable } from '../../core/lifecycle.js';
import { Lifecycle } from '../../core/lifecycle.js';
import type { Log } from '../../core/log.js';
import { Metrics } from '../../core/metrics.js';
import { OutboundGuard } from '../../core/net/guard.js';
import { scheduleCompaction } from '../../core/metric-store/compaction.js';
import { InfluxMetricStore } from '../../core/metric-store/influx/store.js';
import type { HttpServer } from '../../core/net/http-server.js';
import { NodeNet } from '../../core/net/node.js';
import type { Rng } from '../../core/rng.js';
import { Eligibility } from '../../core/table-store/eligibility.js';
import { TableView } from '../../core/table-store/view.js';
import { HttpAdapter } from '../../redirector/adapters/http/http-adapter.js';
import { countersRoute } from '../../redirector/counters-route.js';
import { redirectorMetrics } from '../../redirector/metrics.js';
import type { Redirector } from '../../redirector/redirector.js';
import { pageAssets } from './assets.js';
import { collectorOf } from './collector.js';
import type { Engines } from './engines.js';
import { embeddedEngines } from './engines.js';
import { forecasterOf } from './forecaster.js';
import { healthServer } from './health.js';
import { redirectorOf } from './redirector.js';

export interface UpParts {
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly version: string;
  readonly secret: string;
  /** Where the engines keep everything. */
  readonly dataDir: string;
  readonly influxPassword?: string | undefined;
}

/** Every service in one process, on embedded engines. */
export class Up implements Startable {
  readonly engines: Engines;
  readonly view: TableView;
  readonly redirector: Redirector;
  readonly collector: Collector;
  readonly registration: Registration;
  readonly api: ApiServer;
  readonly health: HttpServer;
  readonly #lifecycle: Lifecycle;

  private constructor(
    parts: {
      readonly engines: Engines;
      readonly view: TableView;
      readonly redirector: Redirector;
      readonly collector: Collector;
      readonly registration: Registration;
      readonly api: ApiServer;
      readonly health: HttpServer;
    },
    lifecycle: Lifecycle,
  ) {
    this.engines = parts.engines;
    this.view = parts.view;
    this.redirector = parts.redirector;
    this.collector = parts.collector;
    this.registration = parts.registration;
    this.api = parts.api;
    this.health = parts.health;
    this.#lifecycle = lifecycle;
  }

  /** Opens the engines and builds the rest; nothing listens yet. @throws ERR_DATA_LOCKED, ERR_DISK_FAILED, ERR_DATA_CORRUPT */
  static async open(config: Config, parts: UpParts): Promise<Up> {
    const { clock, rng, log, version, secret } = parts;
    const disk = new NodeDisk(parts.dataDir);
    const engines = await embeddedEngines(config, {
      disk,
      clock,
      rng,
      log,
      influxPassword: parts.influxPassword,
    });
    const { tableStore: store, metricStore, bus } = engines;
    const guard = outboundGuard(config);
    const net = new NodeNet(clock, guard);
    const view = new TableView({ store, clock, log });
    const eligibility = new Eligibility({ view, clock });
    const control = { store, view, clock, log: log.child({ room: 'api' }), bus, metricStore };

    const redirector = redirectorOf(config, {
      store,
      clock,
      rng,
      net,
      log,
      boot: randomUUID(),
      secret,
    });
    const metrics = new Metrics(version);
    metrics.add(...redirectorMetrics(redirector, httpCountersOf(redirector)));
    const health = healthServer(
      {
        net,
        clock,
        log,
        metrics,
        obstacles: () => obstaclesOf(redirector),
        routes: [
          countersRoute({
            gate: redirector.gate,
            clock,
            member: config.redirector.id,
            boot: randomUUID(),
          }),
        ],
      },
      config.health.listen,
    );
    const collector = await collectorOf(config, {
      clock,
      rng,
      log,
      net,
      ownNet: ownNet(clock),
      disk,
      view,
      metricStore,
      members: () => [{ id: config.redirector.id, address: health.address }],
    });
    metrics.add(...collectorMetrics(collector));
    if (metricStore instanceof InfluxMetricStore) metrics.add(...metricStore.metrics);
    const forecaster = forecasterOf(config, { ...control, log, eligibility });
    const registration = new Registration(
      {
        ...control,
        net,
        eligibility,
        secret,
        assertAllowed: (address) => {
          guard.check(address);
        },
      },
      { listen: config.agents.listen, ...config.limits },
    );
    const declared = new DeclaredServers(control, {
      servers: config.servers,
      resources: config.resources.names,
      pins: config.resources.pins,
      retryMs: 5000,
    });
    const statusOptions = {
      cluster: config.cluster,
      mode: config.mode,
      windowMs: config.collector.everyMs,
      forecast: config.forecast,
      quantile: config.planner.quantile,
      explain: { planner: config.planner, stepMs: config.forecast.stepMs, seed: 1 },
    };
    const status = {
      ...control,
      eligibility,
      collector: () => collectorStatus(collector),
    };
    const api = new ApiServer(
      {
        log: control.log,
        assets: await pageAssets(),
        news: new NewsStream(control),
        routes: [
          ...stateRoutes(status, statusOptions),
          ...planRoutes(control, { ...config.planner, roundTimeoutMs: 30_000 }),
          ...actRoutes(control),
        ],
      },
      { ...API_SERVER_DEFAULTS, listen: config.api.listen },
    );
    // In the order in which they need one another; they stop the other way round.
    const lifecycle = new Lifecycle([
      { start: () => scheduleCompaction(control), stop: () => engines.close() },
      following(view),
      health,
      registration,
      declared,
      redirector,
      collector,
      forecaster,
      api,
    ]);
    return new Up({ engines, view, redirector, collector, registration, api, health }, lifecycle);
  }

  /** @throws ERR_LISTEN_FAILED and what the engines throw; what had started is stopped */
  start(): Promise<void> {
    return this.#lifecycle.start();
  }

  stop(): Promise<void> {
    return this.#lifecycle.stop();
  }

  /** Where clients connect, in the order of the config's listeners. */
  get listeners(): readonly Address[] {
    return this.redirector.adapters.flatMap((adapter) =>
      adapter instanceof HttpAdapter ? adapter.addresses : [],
    );
  }
}

/** Follows the table store for those who have no view of their own. */
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

/** Servers, agents, exporters, hooks: within the allowed networks, and never one of our own listeners. */
function outboundGuard(config: Config): OutboundGuard {
  const { api, health, agents, listeners, limits } = config;
  return new OutboundGuard({
    networks: limits.outboundNetworks,
    ports: [{ first: 1, last: 65_535 }],
    excluded: [
      api.listen,
      health.listen,
      agents.listen,
      ...listeners.map(({ listen }) => listen),
    ].filter(({ port }) => port > 0),
  });
}

/** For what this process asks of itself. */
function ownNet(clock: Clock): NodeNet {
  const guard = new OutboundGuard({
    networks: ['127.0.0.0/8', '::1/128'],
    ports: [{ first: 1, last: 65_535 }],
    excluded: [],
  });
  return new NodeNet(clock, guard);
}

function httpCountersOf({ adapters }: Redirector) {
  return adapters.flatMap((adapter) => (adapter instanceof HttpAdapter ? [adapter.counters] : []));
}

function obstaclesOf({ membership, isServing }: Redirector): string[] {
  return [
    ...(isServing ? [] : ['the redirector does not listen yet']),
    ...(membership.isUsurped ? ['another redirector runs under this name'] : []),
  ];
}

function collectorStatus(collector: Collector) {
  return collector.status().targets.map(({ name, lastSuccessMs, fault }) => ({
    target: name,
    lastSuccessMs,
    failing: fault?.message ?? null,
  }));
}
