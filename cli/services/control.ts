import { AgentCheck } from '../../api/agent-check.js';
import type { JobsPage } from '../../api/jobs/page.js';
import { plainJobsPage } from '../../api/jobs/page.js';
import { DeclaredServers } from '../../api/declared-servers.js';
import { NewsStream } from '../../api/news-stream.js';
import { Preparations } from '../../api/preparations.js';
import type { KnownProcess } from '../../api/processes.js';
import { Processes } from '../../api/processes.js';
import { Registration } from '../../api/registration.js';
import { Access } from '../../api/access/access.js';
import { Refusals } from '../../api/access/refusals.js';
import { apiRoutes } from '../../api/routes/all.js';
import { API_SERVER_DEFAULTS, ApiServer } from '../../api/server.js';
import type { Status } from '../../api/contract/status.js';
import type { Collector } from '../../collector/collector.js';
import type { Bus } from '../../core/bus/port.js';
import type { Clock } from '../../core/clock/port.js';
import type { CredentialTable } from '../../core/credentials/credential-table.js';
import type { Config } from '../../core/config/schema.js';
import type { Address } from '../../core/domain.js';
import type { Startable } from '../../core/lifecycle.js';
import type { Log } from '../../core/log.js';
import type { MetricStore } from '../../core/metric-store/port.js';
import type { Net } from '../../core/net/port.js';
import type { Certificate } from '../../core/net/tls/server-tls.js';
import type { Eligibility } from '../../core/table-store/eligibility.js';
import type { TableStore } from '../../core/table-store/port.js';
import { COLLECTOR } from '../../core/table-store/records/collector.js';
import type { TableView } from '../../core/table-store/view.js';
import { AdviserThread } from '../../forecaster/planner/adviser-thread.js';
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
  readonly credentials: CredentialTable;
  readonly secret: string;
  readonly version: string;
  /** The API's certificate; undefined: it speaks in the clear. */
  readonly tls: Certificate | undefined;
  /** @throws ERR_CALL_FORBIDDEN */
  readonly assertAllowed: (address: Address) => void;
  /** If it runs in this process: how its polls go is part of the status then. */
  readonly collector: Collector | undefined;
  /** How this process is. */
  readonly self: () => Pick<KnownProcess, 'id' | 'says'>;
}

export interface Control {
  readonly registration: Registration;
  readonly declared: DeclaredServers;
  readonly processes: Processes;
  readonly api: ApiServer;
  /** What is prepared for it ahead of questions, and the threads that do so. */
  readonly advising: Startable;
  /** Undefined: nobody asks it. */
  readonly agentCheck: AgentCheck | undefined;
  /** What a reload changes of them. */
  readonly reconfigure: (config: Config) => void;
}

/** Where agents announce themselves, what the config declares, and the API with its page. */
export async function controlOf(config: Config, parts: ControlParts): Promise<Control> {
  const registration = new Registration(parts, { listen: config.agents.listen, ...config.limits });
  const declared = new DeclaredServers(parts, { ...declaredOf(config), retryMs: 5000 });
  let now = config;
  const statusOptions = {
    cluster: config.cluster,
    get mode() {
      return now.mode;
    },
    get windowMs() {
      return now.collector.everyMs;
    },
    get forecast() {
      return now.forecast;
    },
    get planner() {
      return now.planner;
    },
    get planning() {
      return { planner: now.planner, stepMs: now.forecast.stepMs, seed: 1 };
    },
  };
  const planOptions = {
    roundTimeoutMs: 30_000,
    get planLifeMs() {
      return now.planner.planLifeMs;
    },
  };
  const adviser = new AdviserThread();
  const preparations = new Preparations(parts);
  const processes = new Processes(parts);
  const status = {
    ...{ ...parts, processes, adviser, preparations },
    collector: () => collectorStatus(parts),
  };
  const access = new Access(parts, config.api);
  const refusals = new Refusals(parts);
  const api = new ApiServer(
    {
      clock: parts.clock,
      log: parts.log,
      access,
      version: parts.version,
      onForbidden: (identity, what) => {
        refusals.note(identity.name, what);
      },
      assets: await pageAssets(),
      news: new NewsStream(parts),
      jobs: await jobsPageOf(config, parts.bus),
      routes: apiRoutes(status, { state: statusOptions, plans: planOptions }),
    },
    { ...API_SERVER_DEFAULTS, listen: config.api.listen, tls: parts.tls },
  );
  const reconfigure = (read: Config): void => {
    now = read;
    access.reconfigure(read.api);
    declared.reconfigure(declaredOf(read));
  };
  const advising: Startable = {
    start: () => preparations.start(),
    stop: async () => {
      await preparations.stop();
      await adviser.stop();
    },
  };
  const agentCheck = agentCheckOf(config, parts);
  return { registration, declared, processes, api, advising, agentCheck, reconfigure };
}

/** Bull Board where there is BullMQ: only there is either loaded. */
async function jobsPageOf({ bus: { engine } }: Config, bus: Bus): Promise<JobsPage> {
  if (engine === 'embedded') return plainJobsPage(bus);
  const { BullmqBus } = await import('../../core/bus/bullmq.js');
  const { jobsBoard } = await import('../../api/jobs/board.js');
  return bus instanceof BullmqBus ? jobsBoard(bus.queues) : plainJobsPage(bus);
}

function agentCheckOf({ agentCheck }: Config, parts: ControlParts): AgentCheck | undefined {
  const { listen, from } = agentCheck;
  if (listen === undefined) return undefined;
  return new AgentCheck(parts, { listen, from, connectionsMax: 1000, timeoutMs: 2000 });
}

function declaredOf({ servers, resources }: Config) {
  return { servers, resources: resources.names, pins: resources.pins };
}

/** Of all targets where it runs in this process, else of those that it says fail. */
function collectorStatus({ collector, view }: ControlParts): Status['collector'] {
  if (collector !== undefined) {
    return collector.status().targets.map(({ name, lastSuccessMs, fault }) => ({
      target: name,
      lastSuccessMs,
      failing: fault?.message ?? null,
    }));
  }
  const { faults, count } = view.get(COLLECTOR, 'faults')?.value ?? { faults: [], count: 0 };
  const named = faults.map(({ target, lastSuccessMs, message }) => ({
    target,
    lastSuccessMs,
    failing: message,
  }));
  const more = count - faults.length;
  if (more <= 0) return named;
  return [...named, { target: `${more} more`, lastSuccessMs: null, failing: 'as these' }];
}
