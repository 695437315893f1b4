import { Agent, AGENT_DEFAULTS } from '../../agent/agent.js';
import { SIDECAR_DEFAULTS, Sidecar } from '../../agent/sidecar.js';
import { Registration } from '../../api/registration.js';
import { agentToken } from '../../core/agent-protocol.js';
import { SimulatedClock } from '../../core/clock/simulated.js';
import type {
  Address,
  LostSourcePolicy,
  MemberId,
  ResourceId,
  ServerId,
} from '../../core/domain.js';
import { SILENT_LOG } from '../../core/log.js';
import type { Log } from '../../core/log.js';
import { SimulatedNet } from '../../core/net/simulated.js';
import type { Rng } from '../../core/rng.js';
import { SeededRng, seedFor } from '../../core/rng.js';
import { Eligibility } from '../../core/table-store/eligibility.js';
import { MemoryTableStore } from '../../core/table-store/memory.js';
import { Draft } from '../../core/table-store/draft.js';
import { ELIGIBLE, SERVER } from '../../core/table-store/records/server.js';
import { TableView } from '../../core/table-store/view.js';
import { HttpAdapter } from '../../redirector/adapters/http/http-adapter.js';
import type { RedirectorOptions } from '../../redirector/redirector.js';
import { Redirector } from '../../redirector/redirector.js';
import { SWITCH_LIMITS } from '../../redirector/switch/protocol.js';
import { SimApp } from './app.js';
import { Checker, Violation } from './checker.js';
import type { StoreWorld } from './faulty-store.js';
import { FaultyStore } from './faulty-store.js';
import { SimProcess } from './process.js';

export const PROXY_PORT = 7701;
const DATA_PORT = 8080;
const LOCAL_PORT = 9000;
const CONTROL_PORT = 7704;
const REGISTRATION_PORT = 7703;
const SECRET = 'a secret for the simulation';
const HELD_MAX = 200;
const LATENCY_MAX_MS = 2;

export interface WorldOptions {
  readonly redirectors: number;
  readonly servers: number;
  /** One more server, which has no agent. */
  readonly hasForeign: boolean;
  readonly resources: number;
  readonly lostCallProbability: number;
  readonly lostAnswerProbability: number;
  readonly doubledCallProbability: number;
}

interface ServerHost {
  process: SimProcess;
  agent: Agent | undefined;
  /** What the agent keeps on its disk. */
  disk: MemoryTableStore;
}

const OPTIONS: RedirectorOptions = {
  membership: { leaseMs: 500, leaseMarginMs: 100 },
  gate: {
    holdTimeoutMs: 1500,
    stallTimeoutMs: 800,
    heldPerResourceMax: 20,
    heldMax: HELD_MAX,
    resumeBurst: 4,
  },
  health: { checkMs: 150, recheckMs: 40, timeoutMs: 200, servingLeaseMs: 600 },
  agents: { callTimeoutMs: 200 },
  coordinator: {
    tickMs: 50,
    standbyAfterMs: 100,
    placeAfterMs: 300,
    limits: {
      ...SWITCH_LIMITS,
      prepareTimeoutMs: 400,
      drainTimeoutMs: 400,
      stepTimeoutMs: 500,
      resumeTimeoutMs: 600,
    },
    queue: { batchAttemptsMax: 2, batchRetryMs: 300 },
    failover: { batchMovesMax: 4, planLifeMs: 60_000 },
    lostServers: {
      servingLeaseMs: 600,
      servingMarginMs: 100,
      fenceHook: undefined,
      fenceHookTimeoutMs: 200,
    },
  },
  viewPollMs: 200,
  settleTimeoutMs: 500,
  startRetryMs: 50,
};

/** Every second resource prefers consistency. */
export function policyOf(resource: ResourceId): LostSourcePolicy {
  return Number(resource.split('-')[1]) % 2 === 0 ? 'consistency' : 'availability';
}

/**
 * A whole cluster in one process: real redirectors, agents, registration, built by the constructors that
 * `foreshift up` uses; simulated clock, chance, network and engines beneath, faults all around.
 */
export class World {
  readonly clock = new SimulatedClock(1_700_000_000_000);
  readonly net: SimulatedNet;
  readonly checker: Checker;
  readonly storeWorld: StoreWorld;
  readonly resources: readonly ResourceId[];
  readonly serverNames: readonly string[];
  readonly redirectorNames: readonly string[];
  readonly redirectors = new Map<string, { process: SimProcess; redirector: Redirector }>();
  readonly servers = new Map<string, ServerHost>();
  /** What happened, for the one who reads a failure. */
  readonly trail: string[] = [];
  readonly #seed: number;
  readonly #options: WorldOptions;
  readonly #log: Log;
  #api: SimProcess | undefined;
  #boots = 0;
  violation: Violation | undefined;

  constructor(seed: number, options: WorldOptions, log: Log = SILENT_LOG) {
    this.#seed = seed;
    this.#options = options;
    this.#log = log;
    this.resources = named('vol', options.resources) as ResourceId[];
    this.serverNames = [...named('s', options.servers), ...(options.hasForeign ? ['foreign'] : [])];
    this.redirectorNames = named('r', options.redirectors);
    this.net = new SimulatedNet(this.clock, this.rng('net'), {
      latencyMs: { min: 0.1, max: LATENCY_MAX_MS },
      ...options,
    });
    this.checker = new Checker({
      policyOf,
      isFenced: (server) => server !== 'foreign',
      heldMax: HELD_MAX,
    });
    this.storeWorld = {
      store: new MemoryTableStore(),
      clock: this.clock,
      rng: this.rng('store'),
      isDown: false,
      cutOff: new Set(),
      lostAnswerProbability: 0,
      lostCallProbability: 0,
      onTransact: (process, transaction, result, sentAtMs) => {
        const nowMs = this.clock.monotonicMs();
        if (result.committed) {
          this.say(`${process.name} wrote ${transaction.writes.map(summary).join(' ')}`);
        }
        this.guard(() => {
          this.checker.transacted(process.name, transaction, result, { sentAtMs, nowMs });
        });
      },
    };
  }

  rng(stream: string): Rng {
    return new SeededRng(seedFor(this.#seed, stream));
  }

  say(what: string): void {
    this.trail.push(`${this.clock.monotonicMs().toFixed(1).padStart(8)} ${what}`);
  }

  /** Runs a check; what it finds is kept, so that it does not end in some promise. */
  guard(check: () => void): void {
    try {
      check();
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.say(error.message);
      this.violation ??= error;
    }
  }

  async start(): Promise<void> {
    await this.startApi();
    if (this.#options.hasForeign) await this.#declareForeign();
    for (const name of this.serverNames) await this.startServer(name);
    for (const name of this.redirectorNames) this.startRedirector(name);
  }

  storeFor(process: SimProcess): FaultyStore {
    return new FaultyStore(this.storeWorld, process);
  }

  newProcess(name: string): SimProcess {
    return new SimProcess(name, this.clock, this.net.restart(name), (to, bytes) => {
      if (to.host !== 'foreign' || !this.redirectorNames.includes(name)) return;
      const [, resource] =
        /^[A-Z]+ \/(vol-[0-9]+)\//.exec(Buffer.from(bytes).toString('latin1')) ?? [];
      if (resource === undefined) return;
      this.guard(() => {
        this.checker.forwarded(name, resource as ResourceId, this.clock.monotonicMs());
      });
    });
  }

  startRedirector(name: string): void {
    const process = this.newProcess(name);
    const log = this.#log.child({ redirector: name });
    this.checker.forget(`gate of ${name}`);
    const redirector = new Redirector(
      {
        store: this.storeFor(process),
        clock: process.clock,
        net: process.net,
        rng: this.rng(`${name}-${this.#boots}`),
        log,
        self: name as MemberId,
        newBoot: () => `${name}-${++this.#boots}`,
        agentTokenOf: (server) => agentToken(SECRET, server),
        policyOf: (resource) => ({ onLostSource: policyOf(resource), drain: 'abort' }),
        adapters: (parts) => [
          new HttpAdapter(
            parts,
            [{ listen: { host: name, port: PROXY_PORT }, route: { by: 'first-path-segment' } }],
            {
              retryForMs: 1500,
              retryPauseMs: 10,
              answerTimeoutMs: 2500,
              connectTimeoutMs: 200,
              obstacleAgeMs: 300,
              serverConnectionsMax: 8,
              serverQueueTimeoutMs: 1500,
            },
          ),
        ],
      },
      OPTIONS,
    );
    this.redirectors.set(name, { process, redirector });
    this.checker.redirectors.set(name, {
      redirector,
      isAlive: () => process.isAlive,
    });
    redirector.start().catch((error: unknown) => {
      this.say(`${name} did not start: ${String(error)}`);
    });
  }

  async startServer(name: string): Promise<void> {
    const process = this.newProcess(name);
    const known = this.servers.get(name);
    const host: ServerHost = {
      process,
      agent: undefined,
      disk: known?.disk ?? new MemoryTableStore(),
    };
    this.servers.set(name, host);
    const app = new SimApp(name, process.clock, (execution) => {
      this.guard(() => {
        this.checker.executed(execution);
      });
    });
    if (name === 'foreign') {
      await app.listen(process.net, { host: name, port: DATA_PORT });
      return;
    }
    await app.listen(process.net, { host: '127.0.0.1', port: LOCAL_PORT });
    await this.#startAgent(name, host);
  }

  async startApi(): Promise<void> {
    const process = this.newProcess('api');
    this.#api = process;
    const { clock, net } = process;
    const store = this.storeFor(process);
    const log = this.#log.child({ api: true });
    const view = new TableView({ store, clock, log }, { pollMs: 200 });
    void view.follow(new AbortController().signal);
    const registration = new Registration(
      {
        net,
        store,
        view,
        clock,
        log,
        eligibility: new Eligibility({ view, clock }),
        secret: SECRET,
        assertAllowed: () => undefined,
      },
      { listen: { host: 'api', port: REGISTRATION_PORT }, serversMax: 100, resourcesMax: 1000 },
    );
    await registration.start();
  }

  killApi(): void {
    this.#api?.kill(this.net);
  }

  /** What the agents heard never falls while they keep their disks. */
  observe(): void {
    this.guard(() => {
      this.checker.observe();
      for (const [name, { agent, process }] of this.servers) {
        if (agent !== undefined && process.isAlive && agent.isStarted) {
          this.checker.agentHeard(name, agent.ownership.highest);
        }
      }
    });
  }

  loseDisk(name: string): void {
    const host = this.servers.get(name);
    if (host === undefined) return;
    host.disk = new MemoryTableStore();
    this.checker.forget(`agent of ${name}`);
  }

  async #startAgent(name: string, host: ServerHost): Promise<void> {
    const { process, disk } = host;
    const { clock, net } = process;
    const log = this.#log.child({ agent: name });
    const id = name as ServerId;
    const data: Address = { host: name, port: DATA_PORT };
    const sidecar: Sidecar = new Sidecar(
      { net, clock, log, gate: () => agent.gate },
      {
        ...SIDECAR_DEFAULTS,
        listen: data,
        forward: { host: '127.0.0.1', port: LOCAL_PORT },
        connectTimeoutMs: 200,
      },
    );
    const agent: Agent = new Agent(
      {
        net,
        clock,
        log,
        store: disk,
        boot: `${name}-${++this.#boots}`,
        isServing: () => sidecar.isServing,
        resources: () => this.resources,
      },
      {
        ...AGENT_DEFAULTS,
        server: id,
        address: () => data,
        control: { host: name, port: CONTROL_PORT },
        apiUrls: [`http://api:${REGISTRATION_PORT}`],
        token: agentToken(SECRET, id),
        announceLeaseMs: 900,
        announceTimeoutMs: 200,
        bootGraceMs: 1000,
      },
    );
    await process.seen(agent.start());
    await process.seen(sidecar.start());
    host.agent = agent;
  }

  /** A server that stands in the config: nobody announces it. */
  async #declareForeign(): Promise<void> {
    const process = this.newProcess('operator');
    const store = this.storeWorld.store;
    const view = new TableView({ store, clock: this.clock, log: SILENT_LOG });
    const id = 'foreign' as ServerId;
    const draft = new Draft()
      .put(SERVER, id, {
        address: { host: 'foreign', port: DATA_PORT },
        control: null,
        fence: 'none',
        healthPath: null,
        capacity: {},
        metrics: null,
        spare: false,
        zone: null,
        origin: 'config',
      })
      .put(ELIGIBLE, id, { resources: [...this.resources] });
    const result = await store.transact(draft.transaction);
    this.storeWorld.onTransact(process, draft.transaction, result, 0);
    await view.sync();
  }
}

function named(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${index + 1}`);
}

function summary({ key, value }: { readonly key: string; readonly value: unknown }): string {
  if (value === null) return `-${key}`;
  const { state, step, server, boot, loss, status } = value as Record<string, string | undefined>;
  const detail = state ?? step ?? server ?? loss ?? status ?? boot;
  return detail === undefined ? key : `${key}=${detail}`;
}
