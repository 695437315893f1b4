import { strict as assert } from 'node:assert';
import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { agentToken } from '../../core/agent-protocol.js';
import type { Clock } from '../../core/clock/port.js';
import { STRIPE_BYTES_DEFAULT } from '../../core/config/iscsi-units.js';
import type { Config } from '../../core/config/schema.js';
import { matchesGlob } from '../../core/config/units.js';
import type { CredentialName } from '../../core/credentials/credential-table.js';
import type { Address, ResourceId, Sharing } from '../../core/domain.js';
import type { ForeshiftError } from '../../core/errors.js';
import type { Log } from '../../core/log.js';
import { BODY_LIMITS, HEAD_LIMITS } from '../../core/net/http/limits.js';
import { trustsOf } from '../../core/net/guard.js';
import type { Net } from '../../core/net/port.js';
import type { Rng } from '../../core/rng.js';
import type { SessionStore } from '../../core/session-store/port.js';
import type { TableStore } from '../../core/table-store/port.js';
import { HookAddressDriver } from '../../core/floating-address/hook.js';
import { LinuxAddressDriver } from '../../core/floating-address/linux.js';
import type { AddressDriver } from '../../core/floating-address/port.js';
import type { AddressesOptions } from '../../redirector/addresses/options.js';
import { ADDRESSES_DEFAULTS } from '../../redirector/addresses/options.js';
import type { FrontListener } from '../../redirector/adapters/fronts.js';
import { HttpAdapter } from '../../redirector/adapters/http/http-adapter.js';
import type { HttpListener } from '../../redirector/adapters/http/http-adapter.js';
import type { ErrorPages } from '../../redirector/adapters/http/error-pages.js';
import type { HttpOptions } from '../../redirector/adapters/http/options.js';
import type { Route } from '../../redirector/adapters/http/route.js';
import type { IscsiSetting, LoginOf } from '../../redirector/adapters/iscsi/iscsi-adapter.js';
import { IscsiAdapter } from '../../redirector/adapters/iscsi/iscsi-adapter.js';
import type { ClientTarget, TargetUnit } from '../../redirector/adapters/iscsi/targets.js';
import type { NfsSetting } from '../../redirector/adapters/nfs/nfs-adapter.js';
import { NfsAdapter } from '../../redirector/adapters/nfs/nfs-adapter.js';
import type { TcpOptions } from '../../redirector/adapters/tcp/options.js';
import type { TcpRoute } from '../../redirector/adapters/tcp/route.js';
import type { TcpListener } from '../../redirector/adapters/tcp/tcp-adapter.js';
import { TcpAdapter } from '../../redirector/adapters/tcp/tcp-adapter.js';
import type { ProtocolAdapter } from '../../redirector/adapters/adapter.js';
import type { RedirectorOptions, RedirectorWorkersParts } from '../../redirector/redirector.js';
import { Redirector } from '../../redirector/redirector.js';
import { PLAN_QUEUE_DEFAULTS } from '../../redirector/switch/plan-queue.js';
import { SWITCH_LIMITS } from '../../redirector/switch/protocol.js';
import type { AccessLog } from '../../redirector/access-log/access-log.js';
import type { AdapterParts, ResourcePolicy, TrafficOptions } from '../../redirector/traffic.js';
import type { NamedFiles } from './named-files.js';
import type { Security } from './security.js';

/* A redirector as the config wants it. */

export interface RedirectorParts {
  readonly store: TableStore;
  readonly sessionStore: SessionStore;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly net: Net;
  /** For what is asked of the other redirectors. */
  readonly membersNet: Net;
  readonly log: Log;
  /** Names this process; no other has the same. */
  readonly boot: string;
  /** Where this process tells how it is. */
  readonly health: () => Address;
  /** Undefined: the credential table has none. */
  readonly storedSecretOf: (name: CredentialName) => string | undefined;
  /** The cluster's: agents' tokens are made from it. */
  readonly secret: string;
  /** As it is now. */
  readonly security: () => Security;
  readonly errorPages: ErrorPages;
  readonly accessLog: AccessLog;
  readonly sharingOf: ((resource: ResourceId) => Sharing | undefined) | undefined;
  /** Undefined: one thread carries all traffic. */
  readonly workers: RedirectorWorkersParts | undefined;
}

/** That take connections. */
export function threadsOf({ redirector: { workers } }: Config): number {
  return workers === 'auto' ? availableParallelism() : workers;
}

export function redirectorOf(config: Config, parts: RedirectorParts): Redirector {
  const { security } = parts;
  const log = parts.log.child({ room: 'redirector' });
  const loginRefused = (err: ForeshiftError): void => {
    log.warn({ err, remedy: err.remedy }, 'an iSCSI server refused our login');
  };
  return new Redirector(
    {
      ...parts,
      log,
      self: config.redirector.id,
      agentTokenOf: (server) => agentToken(parts.secret, server),
      policyOf: policiesOf(config),
      addresses:
        config.redirector.addresses.length === 0
          ? undefined
          : {
              driver: addressDriverOf(config, parts),
              membersNet: parts.membersNet,
              secret: parts.secret,
            },
      adapters: (adapterParts) => [
        ...adaptersOf(config, { security: security(), errorPages: parts.errorPages }, adapterParts),
        // Of this thread alone: what it remembers of its clients' calls is one memory.
        new NfsAdapter(
          { ...adapterParts, handles: parts.sessionStore, randomBytes },
          nfsSettingOf(config, security()),
        ),
        // The same: a session and its connections to servers are on one thread.
        new IscsiAdapter(
          { ...adapterParts, randomBytes, loginRefused, storedSecretOf: parts.storedSecretOf },
          iscsiSettingOf(config, security()),
        ),
      ],
      linkOf: (server) => security().linkOf(server),
    },
    redirectorOptionsOf(config),
  );
}

export function adaptersOf(
  config: Config,
  { security, errorPages }: NamedFiles,
  parts: AdapterParts,
): readonly ProtocolAdapter[] {
  return [
    new HttpAdapter(
      { ...parts, others: parts.othersOf('http') },
      httpListenersOf(config, security),
      httpOptionsOf(config, errorPages),
    ),
    new TcpAdapter(
      { ...parts, others: parts.othersOf('tcp') },
      tcpListenersOf(config, security),
      tcpOptionsOf(config),
    ),
  ];
}

/** What the config says of each resource. */
export function policiesOf({ resources }: Config): (resource: ResourceId) => ResourcePolicy {
  return remembered((resource) => {
    const matching = resources.policies.filter(({ match }) => matchesGlob(match, resource));
    return {
      onLostSource:
        matching.find(({ onLostSource }) => onLostSource !== undefined)?.onLostSource ??
        resources.onLostSource,
      drain: matching.find(({ drain }) => drain !== undefined)?.drain ?? resources.drain,
    };
  });
}

/** Which resources several servers serve at the same time. Undefined: none. */
export function sharingOf({
  resources,
}: Config): ((resource: ResourceId) => Sharing | undefined) | undefined {
  const policies = resources.policies.filter(({ shared }) => shared !== undefined);
  if (policies.length === 0) return undefined;
  return remembered(
    (resource) => policies.find(({ match }) => matchesGlob(match, resource))?.shared,
  );
}

/** Asked once a resource. */
function remembered<Answer>(
  answerFor: (resource: ResourceId) => Answer,
): (resource: ResourceId) => Answer {
  const known = new Map<ResourceId, { readonly answer: Answer }>();
  return (resource) => {
    let entry = known.get(resource);
    if (entry === undefined) {
      entry = { answer: answerFor(resource) };
      known.set(resource, entry);
    }
    return entry.answer;
  };
}

/** What a reload changes of adapters. @throws ERR_LISTEN_FAILED: a listener of the new config cannot be opened; nothing was changed */
export async function reconfigureAdapters(
  adapters: readonly ProtocolAdapter[],
  config: Config,
  { security, errorPages }: NamedFiles,
): Promise<void> {
  for (const adapter of adapters) {
    if (adapter instanceof HttpAdapter) {
      await adapter.reconfigure(
        httpListenersOf(config, security),
        httpOptionsOf(config, errorPages),
      );
    } else if (adapter instanceof TcpAdapter) {
      await adapter.reconfigure(tcpListenersOf(config, security), tcpOptionsOf(config));
    } else if (adapter instanceof NfsAdapter) {
      await adapter.reconfigure(nfsSettingOf(config, security));
    } else if (adapter instanceof IscsiAdapter) {
      await adapter.reconfigure(iscsiSettingOf(config, security));
    }
  }
}

/** Of the traffic of one thread. */
export function trafficOptionsOf(config: Config): TrafficOptions {
  const { redirector, limits } = config;
  return {
    gate: {
      resourcesMax: limits.resourcesMax,
      heldPerResourceMax: partOf(config, redirector.heldPerResourceMax),
      heldMax: redirector.heldMax,
      heldBytesMax: redirector.heldBytesMax,
      holdTimeoutMs: redirector.holdTimeoutMs,
    },
    atWork: { outliers: redirector.outliers, slowStartMs: redirector.slowStartMs },
    drainTimeoutMs: redirector.drainTimeoutMs,
  };
}

/** Of a limit that threads do not count together: each has its part. */
function partOf(config: Config, limit: number): number {
  return Math.ceil(limit / threadsOf(config));
}

export function redirectorOptionsOf(config: Config): RedirectorOptions {
  const { redirector, agents, planner } = config;
  const { gate, atWork, drainTimeoutMs } = trafficOptionsOf(config);
  return {
    membership: { leaseMs: redirector.memberLeaseMs, leaseMarginMs: redirector.memberLeaseMs / 5 },
    gate,
    atWork,
    health: {
      checkMs: redirector.healthCheckMs,
      timeoutMs: redirector.healthTimeoutMs,
      servingLeaseMs: redirector.servingLeaseMs,
    },
    agents: { callTimeoutMs: agents.callTimeoutMs },
    coordinator: {
      tickMs: 100,
      standbyAfterMs: redirector.standbyAfterMs,
      placeAfterMs: 2 * redirector.healthCheckMs,
      limits: { ...SWITCH_LIMITS, drainTimeoutMs },
      queue: PLAN_QUEUE_DEFAULTS,
      failover: {
        batchMovesMax: planner.unservedBatchMovesMax,
        planLifeMs: planner.planLifeMs,
      },
      lostServers: {
        servingLeaseMs: redirector.servingLeaseMs,
        servingMarginMs: redirector.servingLeaseMs / 5,
        fenceHook: redirector.fenceHook,
        fenceHookTimeoutMs: 10_000,
      },
    },
    view: {},
    addresses: addressesOptionsOf(config),
    settleTimeoutMs: redirector.drainTimeoutMs,
    startRetryMs: 1000,
    stopWaitMs: redirector.stopWaitMs,
    stopTimeoutMs: redirector.stopTimeoutMs,
  };
}

function addressesOptionsOf({ redirector }: Config): AddressesOptions {
  const { redundancy, addresses, takeover } = redirector;
  const { drainTimeoutMs, announceEveryMs, handBackAfterMs, onCutOff } = takeover;
  return {
    ...ADDRESSES_DEFAULTS,
    ...{ redundancy, handBackAfterMs, onCutOff },
    addresses: addresses.map(({ address, ...others }) => ({ ...address, ...others })),
    holder: { ...ADDRESSES_DEFAULTS.holder, drainTimeoutMs, announceEveryMs },
  };
}

function addressDriverOf(
  { redirector }: Config,
  { clock, log }: Pick<RedirectorParts, 'clock' | 'log'>,
): AddressDriver {
  const { command, commandTimeoutMs: timeoutMs } = redirector.takeover;
  return command === undefined
    ? new LinuxAddressDriver({ clock, log }, { timeoutMs })
    : new HookAddressDriver(clock, { command, timeoutMs });
}

/** Those of one protocol; `routeOf`: what its adapter makes of a route. */
function listenersOf<Route>(
  { listeners }: Config,
  security: Security,
  protocol: Config['listeners'][number]['protocol'],
  routeOf: (route: RouteConfig) => Route,
): FrontListener<Route>[] {
  return listeners
    .filter((each) => each.protocol === protocol)
    .map((each) => ({
      listen: each.listen,
      route: routeOf(each.route),
      ...security.of(each),
    }));
}

function httpListenersOf(config: Config, security: Security): HttpListener[] {
  return listenersOf(config, security, 'http', httpRouteOf);
}

function tcpListenersOf(config: Config, security: Security): TcpListener[] {
  return listenersOf(config, security, 'tcp', tcpRouteOf);
}

function nfsSettingOf(config: Config, security: Security): NfsSetting {
  const { exports, ...options } = config.nfs;
  return {
    listeners: listenersOf(config, security, 'nfs', () => undefined),
    exports: exports.map((each) => ({
      path: each.path,
      resource: each.resource,
      serverPath: each.serverPath ?? each.path,
      clients: each.clients && trustsOf(each.clients),
      clientNames: each.clients ?? [],
      isReadOnly: each.access === 'ro',
      squash: each.squash,
      anonymous: { uid: each.anonymousUid, gid: each.anonymousGid },
    })),
    options,
  };
}

function iscsiSettingOf(config: Config, security: Security): IscsiSetting {
  const { targets, serverLogins, ...options } = config.iscsi;
  return {
    listeners: listenersOf(config, security, 'iscsi', () => undefined),
    loginOf: loginsOf(serverLogins, security),
    targets: targets.map((target) => iscsiTargetOf(target, security)),
    options,
  };
}

function loginsOf(serverLogins: Config['iscsi']['serverLogins'], security: Security): LoginOf {
  const logins = serverLogins.map(({ match, target, chap, mutualChap }) => ({
    ...{ match, target },
    login: { chap: security.chapOf(chap), mutualChap: mutualChap && security.chapOf(mutualChap) },
  }));
  return (server, { serverName }) =>
    logins.find((each) => matchesGlob(each.match, server) && matchesGlob(each.target, serverName))
      ?.login;
}

function iscsiTargetOf(
  { name, resource, serverName = name, units, ...of }: Config['iscsi']['targets'][number],
  security: Security,
): ClientTarget {
  const access = {
    ...{ name, initiators: of.initiators },
    clients: of.clients && trustsOf(of.clients),
    chap: of.chap && security.chapOf(of.chap),
    mutualChap: of.mutualChap && security.chapOf(of.mutualChap),
  };
  if (resource !== undefined) return { ...access, resource, serverName };
  assert.ok(units !== undefined, 'the config has checked that there is one of the two');
  return { ...access, units: units.map(iscsiUnitOf) };
}

function iscsiUnitOf({
  lun,
  resource,
  serverName,
  serverLun = lun,
  ...made
}: NonNullable<Config['iscsi']['targets'][number]['units']>[number]): TargetUnit {
  const { parts, layout, stripeBytes = STRIPE_BYTES_DEFAULT } = made;
  if (parts !== undefined) {
    return { lun, parts, stripeBytes: layout === 'striped' ? stripeBytes : undefined };
  }
  const isPlaced = resource !== undefined && serverName !== undefined;
  assert.ok(isPlaced, 'the config has checked that it is either');
  return { lun, place: { resource, serverName, serverLun } };
}

type RouteConfig = Config['listeners'][number]['route'];

function httpRouteOf(route: RouteConfig): Route {
  if (route === 'first-path-segment') return { by: 'first-path-segment' };
  if ('header' in route) return { by: 'header', header: route.header.toLowerCase() };
  if ('host' in route) {
    const hosts = Object.entries(route.host).map(
      ([host, resource]) => [host.toLowerCase(), resource] as const,
    );
    return { by: 'host', hosts: new Map(hosts) };
  }
  assert.ok('pathPrefix' in route, 'the config has checked that the route is of HTTP');
  return { by: 'path-prefix', prefixes: new Map(Object.entries(route.pathPrefix).map(unslashed)) };
}

function tcpRouteOf(route: RouteConfig): TcpRoute {
  assert.ok(route !== 'first-path-segment', 'the config has checked that the route is of TCP');
  if ('resource' in route) return { by: 'listener', resource: route.resource };
  assert.ok('serverName' in route, 'as above');
  return { by: 'server-name', names: new Map(Object.entries(route.serverName)) };
}

/** `/a/` and `/a` are one prefix. */
function unslashed([prefix, resource]: [string, ResourceId]): [string, ResourceId] {
  return [prefix.length > 1 && prefix.endsWith('/') ? prefix.slice(0, -1) : prefix, resource];
}

function httpOptionsOf(config: Config, errorPages: ErrorPages): Partial<HttpOptions> {
  const { headBytesMax, headersMax, ...options } = config.http;
  return {
    ...options,
    serverConnectionsMax: partOf(config, options.serverConnectionsMax),
    retryBudget: {
      ...options.retryBudget,
      perSecond: options.retryBudget.perSecond / threadsOf(config),
      savedMax: partOf(config, options.retryBudget.savedMax),
    },
    errorPages,
    message: {
      head: {
        ...HEAD_LIMITS,
        headBytesMax,
        headersMax,
        targetBytesMax: Math.min(HEAD_LIMITS.targetBytesMax, headBytesMax - 64),
      },
      body: BODY_LIMITS,
    },
  };
}

function tcpOptionsOf(config: Config): Partial<TcpOptions> {
  const { lifeMs = Infinity, serverConnectionsMax, ...options } = config.tcp;
  return {
    ...options,
    lifeMs,
    serverConnectionsMax: partOf(config, serverConnectionsMax),
  };
}
