import { DeclaredServers } from '../../api/declared-servers.js';
import { NewsStream } from '../../api/news-stream.js';
import { Registration } from '../../api/registration.js';
import { actRoutes } from '../../api/routes/acts.js';
import { planRoutes } from '../../api/routes/plans.js';
import { stateRoutes } from '../../api/routes/state.js';
import { API_SERVER_DEFAULTS, ApiServer } from '../../api/server.js';
import type { Collector } from '../../collector/collector.js';
import type { Bus } from '../../core/bus/port.js';
import type { Clock } from '../../core/clock/port.js';
import type { Config } from '../../core/config/schema.js';
import type { Address } from '../../core/domain.js';
import type { Log } from '../../core/log.js';
import type { MetricStore } from '../../core/metric-store/port.js';
import type { Net } from '../../core/net/port.js';
import type { Eligibility } from '../../core/table-store/eligibility.js';
import type { TableStore } from '../../core/table-store/port.js';
import type { TableView } from '../../core/table-store/view.js';
import { pageAssets } from './assets.js';

export interface ControlParts {
  readonly store: TableStore;
  readonly view: TableView;
  readonly metricStore: MetricStore;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
  readonly net: Net;
  readonly eligibility: Eligibility;
  readonly secret: string;
  /** @throws ERR_CALL_FORBIDDEN */
  readonly assertAllowed: (address: Address) => void;
  /** If it runs in this process: how its polls go is part of the status then. */
  readonly collector: Collector | undefined;
}

export interface Control {
  readonly registration: Registration;
  readonly declared: DeclaredServers;
  readonly api: ApiServer;
}

/** Where agents announce themselves, what the config declares, and the API with its page. */
export async function controlOf(config: Config, parts: ControlParts): Promise<Control> {
  const registration = new Registration(parts, { listen: config.agents.listen, ...config.limits });
  const declared = new DeclaredServers(parts, {
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
  const status = { ...parts, collector: () => collectorStatus(parts.collector) };
  const api = new ApiServer(
    {
      log: parts.log,
      assets: await pageAssets(),
      news: new NewsStream(parts),
      routes: [
        ...stateRoutes(status, statusOptions),
        ...planRoutes(parts, { ...config.planner, roundTimeoutMs: 30_000 }),
        ...actRoutes(parts),
      ],
    },
    { ...API_SERVER_DEFAULTS, listen: config.api.listen },
  );
  return { registration, declared, api };
}

function collectorStatus(collector: Collector | undefined) {
  const targets = collector?.status().targets ?? [];
  return targets.map(({ name, lastSuccessMs, fault }) => ({
    target: name,
    lastSuccessMs,
    failing: fault?.message ?? null,
  }));
}
