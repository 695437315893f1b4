import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo, Server as NetServer, Socket } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { Agent, AGENT_DEFAULTS } from '../../agent/agent.js';
import type { Attachments } from '../../agent/attachments.js';
import { guarded } from '../../agent/guarded.js';
import { Registration } from '../../api/registration.js';
import { agentToken } from '../../core/agent-protocol.js';
import { SystemClock } from '../../core/clock/system.js';
import type {
  Address,
  DrainPolicy,
  Fence,
  MemberId,
  ResourceId,
  ServerId,
  Sharing,
} from '../../core/domain.js';
import { SILENT_LOG } from '../../core/log.js';
import type { Log } from '../../core/log.js';
import { NodeNet } from '../../core/net/node.js';
import { SeededRng } from '../../core/rng.js';
import type { SessionStore } from '../../core/session-store/port.js';
import { Eligibility } from '../../core/table-store/eligibility.js';
import { MemoryTableStore } from '../../core/table-store/memory.js';
import { recordPlan } from '../../core/table-store/plans.js';
import type { TableStore } from '../../core/table-store/port.js';
import { PLAN } from '../../core/table-store/records/plan.js';
import { stateOf } from '../../core/table-store/server-state.js';
import { TableView } from '../../core/table-store/view.js';
import { HttpAdapter } from '../../redirector/adapters/http/http-adapter.js';
import type { IscsiOptions } from '../../redirector/adapters/iscsi/options.js';
import type { ClientTarget } from '../../redirector/adapters/iscsi/targets.js';
import type { LoginOf } from '../../redirector/adapters/iscsi/iscsi-adapter.js';
import { IscsiAdapter } from '../../redirector/adapters/iscsi/iscsi-adapter.js';
import type { NfsExport } from '../../redirector/adapters/nfs/exports.js';
import { NfsAdapter } from '../../redirector/adapters/nfs/nfs-adapter.js';
import type { NfsOptions } from '../../redirector/adapters/nfs/options.js';
import { PLAIN_LINK } from '../../redirector/adapters/servers.js';
import type { TcpListener } from '../../redirector/adapters/tcp/tcp-adapter.js';
import { TcpAdapter } from '../../redirector/adapters/tcp/tcp-adapter.js';
import type { RedirectorOptions, RedirectorWorkersParts } from '../../redirector/redirector.js';
import { Redirector } from '../../redirector/redirector.js';
import type { AdapterParts } from '../../redirector/traffic.js';
import { SWITCH_LIMITS } from '../../redirector/switch/protocol.js';
import { plannedMove } from './planned-moves.js';
import { CrashableThreads } from './cluster-workers.js';
import { untilWithin } from './until.js';
import { thisMachine } from '../../demo/this-machine.js';

/* A small cluster on loopback, real but for its table store: for tests that need real sockets. */

const LOOPBACK = { host: '127.0.0.1', port: 0 };
export const SECRET = 'a secret for tests only';

export interface Execution {
  readonly server: string;
  readonly resource: string;
  readonly since: string;
  readonly id: string;
  readonly method: string;
}

export interface TestServer {
  readonly id: ServerId;
  readonly agent: Agent;
  stop(): Promise<void>;
}

export const FAST: RedirectorOptions = {
  membership: { leaseMs: 1000, leaseMarginMs: 200 },
  gate: { holdTimeoutMs: 5000 },
  health: { checkMs: 100, recheckMs: 20, timeoutMs: 1000, servingLeaseMs: 1500 },
  agents: { callTimeoutMs: 1000 },
  coordinator: {
    tickMs: 20,
    standbyAfterMs: 50,
    placeAfterMs: 100,
    limits: { ...SWITCH_LIMITS, drainTimeoutMs: 1000, stepTimeoutMs: 1000 },
    queue: { batchAttemptsMax: 3, batchRetryMs: 200 },
    failover: { batchMovesMax: 16, planLifeMs: 60_000 },
    lostServers: {
      servingLeaseMs: 1500,
      servingMarginMs: 100,
      fenceHook: undefined,
      fenceHookTimeoutMs: 1000,
    },
  },
  view: { pollMs: 200, restoreAfterMs: 300 },
  settleTimeoutMs: 1000,
  stopWaitMs: 0,
  stopTimeoutMs: 10_000,
  startRetryMs: 50,
};

/** Of `[resource, target]`. */
type TestBatch = readonly (readonly [string, string])[];
/** A move is asked for again at most so long. */
const STALE_MAX_MS = 20_000;

export interface NfsOfCluster {
  readonly exports: readonly NfsExport[];
  readonly options?: Partial<NfsOptions>;
  readonly mountPortOf: (server: string) => number;
  readonly handles: SessionStore | undefined;
}

export interface IscsiOfCluster {
  readonly targets: readonly ClientTarget[];
  readonly loginOf?: LoginOf;
  readonly options?: Partial<IscsiOptions>;
}

export class TestCluster {
  readonly clock = new SystemClock();
  readonly net: NodeNet;
  readonly store: TableStore;
  readonly log: Log;
  readonly view: TableView;
  readonly servers = new Map<string, TestServer>();
  readonly redirectors: Redirector[] = [];
  /** Every request that a server ran, in the order of their beginnings. */
  readonly journal: Execution[] = [];
  readonly #registration: Registration;
  readonly #stopping = new AbortController();
  readonly #drain: DrainPolicy;
  readonly #sharing: Readonly<Record<string, Sharing>>;
  readonly #tcp: readonly TcpListener[];
  readonly #nfs: NfsOfCluster | undefined;
  readonly #iscsi: IscsiOfCluster | undefined;
  readonly #threads: number;
  /** What beside the main threads carries the redirectors' traffic. */
  readonly workers: CrashableThreads;
  #boots = 0;

  constructor({
    store = new MemoryTableStore(),
    log = SILENT_LOG,
    drain = 'abort',
    tcp = [],
    nfs,
    iscsi,
    sharing = {},
    threads = 1,
  }: {
    readonly store?: TableStore;
    readonly log?: Log;
    readonly drain?: DrainPolicy;
    /** A TCP listener for each of these resources. */
    readonly tcp?: readonly string[];
    /** What its redirectors export, and how their servers' MOUNT is reached. */
    readonly nfs?: NfsOfCluster | undefined;
    /** What initiators find at its redirectors. */
    readonly iscsi?: IscsiOfCluster | undefined;
    /** Resources that several servers serve at the same time. */
    readonly sharing?: Readonly<Record<string, Sharing>>;
    /** Of each redirector, that take connections. */
    readonly threads?: number;
  } = {}) {
    const guard = thisMachine();
    this.net = new NodeNet(this.clock, guard);
    this.store = store;
    this.log = log;
    this.#drain = drain;
    this.#sharing = sharing;
    this.#nfs = nfs;
    this.#iscsi = iscsi;
    this.#threads = threads;
    this.workers = new CrashableThreads(this.clock);
    this.#tcp = tcp.map((resource) => ({
      listen: LOOPBACK,
      route: { by: 'listener', resource: resource as ResourceId },
    }));
    this.view = new TableView({ store, clock: this.clock, log }, { pollMs: 100 });
    this.#registration = new Registration(
      {
        net: this.net,
        store,
        view: this.view,
        clock: this.clock,
        log,
        eligibility: new Eligibility(this),
        secret: SECRET,
        assertAllowed: (address: Address) => void guard.check(address),
      },
      { listen: LOOPBACK, serversMax: 100, resourcesMax: 10_000 },
    );
  }

  async start(): Promise<void> {
    void this.view.follow(this.#stopping.signal);
    await this.#registration.start();
  }

  /** A real HTTP server with an agent inside; it says what it ran, and takes `x-work-ms` over it. */
  async addServer(name: string, resources: readonly string[]): Promise<TestServer> {
    const http = createServer(
      guarded(
        () => this.#serverNamed(name).agent.gate,
        async (request: IncomingMessage, response: ServerResponse) => {
          const { headers, method = '' } = request;
          const resource = String(headers['foreshift-resource']);
          const since = String(headers['foreshift-since']);
          const requestId = String(headers['x-id']);
          this.journal.push({ server: name, resource, since, id: requestId, method });
          const chunks: Buffer[] = [];
          try {
            for await (const chunk of request) chunks.push(chunk as Buffer);
          } catch {
            // Its connection broke: there is nobody to answer.
            return;
          }
          await this.clock.sleep(Number(headers['x-work-ms'] ?? 0));
          const body = JSON.stringify({
            server: name,
            id: requestId,
            bytes: Buffer.concat(chunks).length,
          });
          response.writeHead(200, { 'content-type': 'application/json' });
          response.end(body);
        },
      ),
    );
    return this.#addServer(name, resources, http, () => {
      http.closeAllConnections();
      http.close();
    });
  }

  /**
   * A TCP server, with an agent beside it. Each line is an id: it is journaled under the resource, the server's only one, and
   * sent back after the server's name.
   */
  async addTcpServer(name: string, resource: string): Promise<TestServer> {
    const sockets = new Set<Socket>();
    const tcp = createTcpServer({ allowHalfOpen: true }, (socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
      let rest = '';
      socket.on('data', (bytes) => {
        const lines = (rest + bytes.toString()).split('\n');
        rest = lines.pop() ?? '';
        for (const id of lines) {
          this.journal.push({ server: name, resource, since: '', id, method: '' });
          socket.write(`${name} ${id}\n`);
        }
      });
      socket.on('end', () => socket.end());
    });
    return this.#addServer(name, [resource], tcp, () => {
      for (const socket of sockets) socket.destroy();
      tcp.close();
    });
  }

  #serverNamed(name: string): TestServer {
    const server = this.servers.get(name);
    if (server === undefined) throw new Error(`${name} has not started`);
    return server;
  }

  async #addServer(
    name: string,
    resources: readonly string[],
    listening: NetServer,
    close: () => void,
  ): Promise<TestServer> {
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
    const { port } = listening.address() as AddressInfo;
    return this.addForeignServer({ name, resources, port, close });
  }

  /** An agent beside a server that listens there already. */
  async addForeignServer({
    name,
    resources,
    port,
    fence = AGENT_DEFAULTS.fence,
    attachments,
    close = () => undefined,
  }: {
    readonly name: string;
    readonly resources: readonly string[];
    readonly port: number;
    readonly fence?: Fence;
    readonly attachments?: Attachments;
    readonly close?: () => void;
  }): Promise<TestServer> {
    const id = name as ServerId;
    const agent: Agent = new Agent(
      {
        net: this.net,
        clock: this.clock,
        log: this.log.child({ server: name }),
        store: new MemoryTableStore(),
        boot: `${name}-${++this.#boots}`,
        isServing: () => true,
        resources: () => resources as readonly ResourceId[],
        isShared: (resource) => this.#sharing[resource] !== undefined,
        attachments,
      },
      {
        ...AGENT_DEFAULTS,
        fence,
        server: id,
        address: () => ({ host: '127.0.0.1', port }),
        control: LOOPBACK,
        apiUrls: [`http://127.0.0.1:${this.#registration.address.port}`],
        token: agentToken(SECRET, id),
        announceLeaseMs: 600,
      },
    );
    await agent.start();
    const server: TestServer = {
      id,
      agent,
      stop: async () => {
        close();
        await agent.stop();
      },
    };
    this.servers.set(name, server);
    return server;
  }

  async addRedirector(name: string, options: Partial<RedirectorOptions> = {}): Promise<Redirector> {
    const boot = `${name}-${++this.#boots}`;
    const redirector = new Redirector(
      {
        net: this.net,
        store: this.store,
        clock: this.clock,
        log: this.log.child({ redirector: name }),
        rng: new SeededRng(this.redirectors.length),
        self: name as MemberId,
        boot,
        workers: this.#workersOf(boot),
        agentTokenOf: (server) => agentToken(SECRET, server),
        policyOf: () => ({ onLostSource: 'availability', drain: this.#drain }),
        sharingOf: (resource) => this.#sharing[resource],
        adapters: (parts) => [
          new HttpAdapter({ ...parts, others: parts.othersOf('http') }, [
            { listen: LOOPBACK, route: { by: 'first-path-segment' } },
          ]),
          new TcpAdapter({ ...parts, others: parts.othersOf('tcp') }, this.#tcp),
          ...this.#nfsAdapters(parts),
          ...this.#iscsiAdapters(parts),
        ],
        linkOf: (server) => ({ ...PLAIN_LINK, mountPort: this.#nfs?.mountPortOf(server) }),
      },
      { ...FAST, ...options },
    );
    await redirector.start();
    this.redirectors.push(redirector);
    return redirector;
  }

  #workersOf(boot: string): RedirectorWorkersParts | undefined {
    if (this.#threads === 1) return undefined;
    const { gate, coordinator } = FAST;
    return this.workers.partsFor({
      ...{ boot, threads: this.#threads, sharing: this.#sharing, drain: this.#drain },
      ...{ tcp: this.#tcp, log: this.log },
      holdTimeoutMs: gate.holdTimeoutMs,
      drainTimeoutMs: coordinator.limits.drainTimeoutMs,
    });
  }

  #nfsAdapters(parts: AdapterParts): NfsAdapter[] {
    if (this.#nfs === undefined) return [];
    const { exports, options, handles } = this.#nfs;
    const listeners = [{ listen: LOOPBACK, route: undefined }];
    const nfsParts = { ...parts, handles, randomBytes };
    return [new NfsAdapter(nfsParts, { listeners, exports, ...(options && { options }) })];
  }

  #iscsiAdapters(parts: AdapterParts): IscsiAdapter[] {
    if (this.#iscsi === undefined) return [];
    const listeners = [{ listen: LOOPBACK, route: undefined }];
    const storedSecretOf = (): undefined => undefined;
    return [
      new IscsiAdapter({ ...parts, randomBytes, storedSecretOf }, { listeners, ...this.#iscsi }),
    ];
  }

  iscsiOf(index = 0): IscsiAdapter {
    const adapters = this.redirectors[index]?.adapters ?? [];
    const found = adapters.find((adapter) => adapter instanceof IscsiAdapter);
    if (found === undefined) throw new Error('the redirector has no iSCSI');
    return found;
  }

  nfsOf(index = 0): NfsAdapter {
    return this.redirectors[index]?.adapters[2] as NfsAdapter;
  }

  /** Where clients of a redirector connect. */
  proxyPort(index = 0): number {
    const adapter = this.redirectors[index]?.adapters[0] as HttpAdapter;
    const [address] = adapter.addresses;
    if (address === undefined) throw new Error('the redirector does not listen');
    return address.port;
  }

  tcpOf(index = 0): TcpAdapter {
    return this.redirectors[index]?.adapters[1] as TcpAdapter;
  }

  /** Until the condition holds. */
  until(what: string, holds: () => boolean, timeoutMs = 10_000): Promise<void> {
    return untilWithin(timeoutMs, { pauseMs: 5 })(what, holds);
  }

  /**
   * Submits an approved plan, one batch a list of `[resource, target]`, and waits for its end. On a busy machine a server may be
   * late with its lease, and is another than the plan was made for: nothing moved then, and it is asked for again.
   */
  async switchTo(...batches: readonly TestBatch[]): Promise<string> {
    const endMs = this.clock.monotonicMs() + STALE_MAX_MS;
    let status = await this.#switchOnce(batches);
    while (status === 'stale' && this.clock.monotonicMs() < endMs) {
      status = await this.#switchOnce(batches);
    }
    return status;
  }

  async #switchOnce(batches: readonly TestBatch[]): Promise<string> {
    await this.view.sync();
    const nowMs = this.clock.realtimeMs();
    const moves = batches.map((batch) => ({
      moves: batch.map(([resource, target]) => plannedMove(this.view, resource, target)),
    }));
    const servers = moves.flatMap(({ moves: list }) =>
      list.flatMap(({ source, target }) => [source, target]),
    );
    const states = Object.fromEntries(
      servers.flatMap((server) =>
        server === null ? [] : [[server, stateOf(this.view, server) as 'ready']],
      ),
    );
    const { plan } = await recordPlan(
      {
        trigger: { kind: 'operator', detail: 'test' },
        madeAtMs: nowMs,
        expiresAtMs: nowMs + 60_000,
        base: this.view.table.generation,
        states,
        batches: moves,
        standbys: {},
        analysis: null,
      },
      { by: 'test', reason: '' },
      this,
    );
    const status = (): string => this.view.get(PLAN, plan.id)?.value.status ?? 'gone';
    await this.until(`plan ${plan.id} ended`, () => !['approved', 'applying'].includes(status()));
    return status();
  }

  async stop(): Promise<void> {
    for (const redirector of this.redirectors) await redirector.stop();
    for (const server of this.servers.values()) await server.stop();
    await this.#registration.stop();
    this.#stopping.abort(new Error('over'));
    await this.store.close();
  }
}
