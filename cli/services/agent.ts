import { AGENT_DEFAULTS, Agent } from '../../agent/agent.js';
import { ServerWatch } from '../../agent/server-watch.js';
import { SIDECAR_DEFAULTS, Sidecar } from '../../agent/sidecar.js';
import type { Clock } from '../../core/clock/port.js';
import type { MetricsSource } from '../../core/config/metrics-source.js';
import { matchesGlob } from '../../core/config/units.js';
import { NodeDisk } from '../../core/disk/node.js';
import type { Address, Dimension, ResourceId, ServerId } from '../../core/domain.js';
import type { Startable } from '../../core/lifecycle.js';
import { Metrics } from '../../core/metrics.js';
import type { HttpServer } from '../../core/net/http-server.js';
import { Lifecycle } from '../../core/lifecycle.js';
import type { Log } from '../../core/log.js';
import type { Net } from '../../core/net/port.js';
import type { AttachedServer } from './attachments.js';
import { attachmentsOf } from './attachments.js';
import { healthServer } from './health.js';
import { EmbeddedTableStore } from '../../core/table-store/embedded.js';

export interface AgentServiceOptions {
  readonly server: ServerId;
  /** What it may serve, now. */
  readonly resources: () => readonly ResourceId[];
  /** Which of these it serves beside other servers, at the same time: names, with * for any characters. */
  readonly shared: readonly string[];
  /** Where redirectors send requests; what they may be let through to. */
  readonly listen: Address;
  readonly forward: Address;
  /** Where redirectors reach the agent. */
  readonly control: Address;
  /** The host by which redirectors reach both; undefined: as they listen. */
  readonly advertise: string | undefined;
  /** Where it tells how it is. */
  readonly health: Address;
  readonly version: string;
  readonly apiUrls: readonly string[];
  readonly token: string;
  readonly capacity: Readonly<Partial<Record<Dimension, number>>>;
  readonly zone: string | null;
  readonly metrics: MetricsSource | null;
  /** Undefined: requests come through a sidecar, which looks at each. */
  readonly attached: AttachedServer | undefined;
  /** What it owns is kept here, over restarts. */
  readonly dataDir: string;
}

export interface AgentService {
  readonly service: Startable;
  readonly agent: Agent;
  /** Where redirectors send what is for the server. */
  readonly address: () => Address;
  readonly health: HttpServer;
}

/** An agent with its sidecar, beside a server that knows nothing of either. */
export async function agentService(
  options: AgentServiceOptions,
  parts: { readonly net: Net; readonly clock: Clock; readonly log: Log; readonly boot: string },
): Promise<AgentService> {
  const { net, clock, log, boot } = parts;
  const store = await EmbeddedTableStore.open({ disk: new NodeDisk(options.dataDir), log });
  const { attached, forward } = options;
  const sidecar: Sidecar | undefined = attached
    ? undefined
    : new Sidecar(
        { net, clock, log, gate: () => agent.gate },
        { ...SIDECAR_DEFAULTS, listen: options.listen, forward },
      );
  const server = sidecar ?? new ServerWatch(parts, { ...SIDECAR_DEFAULTS, server: forward });
  const address = (): Address => sidecar?.address ?? forward;
  const agent: Agent = new Agent(
    {
      net,
      clock,
      log,
      store,
      boot,
      isServing: () => server.isServing,
      attachments: attached && attachmentsOf(attached, options, parts),
      resources: options.resources,
      isShared: (resource) => options.shared.some((glob) => matchesGlob(glob, resource)),
    },
    {
      ...AGENT_DEFAULTS,
      server: options.server,
      address,
      fence: attached ? 'attachment' : AGENT_DEFAULTS.fence,
      control: options.control,
      advertise: options.advertise,
      apiUrls: options.apiUrls,
      token: options.token,
      capacity: options.capacity,
      zone: options.zone,
      metrics: () => options.metrics,
    },
  );
  let isStopping = false;
  const health = healthServer(
    {
      ...{ net, clock, log },
      metrics: new Metrics(options.version),
      obstacles: () => [
        ...(isStopping ? ['it is stopping'] : []),
        ...(server.isServing ? [] : ['its server takes no connections']),
        ...(agent.isAnnounced ? [] : ['no api has taken its announcement']),
      ],
    },
    options.health,
  );
  const closing: Startable = { start: () => Promise.resolve(), stop: () => store.close() };
  const marking: Startable = {
    start: () => Promise.resolve(),
    stop: () => {
      isStopping = true;
      return Promise.resolve();
    },
  };
  const service = new Lifecycle([closing, health, agent, server, marking]);
  return { service, agent, address, health };
}
