import { Agent, AGENT_DEFAULTS } from '../../agent/agent.js';
import { SIDECAR_DEFAULTS, Sidecar } from '../../agent/sidecar.js';
import { Registration } from '../../api/registration.js';
import { agentToken } from '../../core/agent-protocol.js';
import { SimulatedClock } from '../../core/clock/simulated.js';
import type { Address, MemberId, ResourceId, ServerId } from '../../core/domain.js';
import { SILENT_LOG } from '../../core/log.js';
import type { Log } from '../../core/log.js';
import type { Connection } from '../../core/net/port.js';
import { SimulatedNet } from '../../core/net/simulated.js';
import type { Rng } from '../../core/rng.js';
import { SeededRng, seedFor } from '../../core/rng.js';
import { Draft } from '../../core/table-store/draft.js';
import { Eligibility } from '../../core/table-store/eligibility.js';
import { MemoryTableStore } from '../../core/table-store/memory.js';
import { ELIGIBLE, SERVER } from '../../core/table-store/records/server.js';
import { TableView } from '../../core/table-store/view.js';
import { HttpAdapter } from '../../redirector/adapters/http/http-adapter.js';
import { Redirector } from '../../redirector/redirector.js';
import type { Execution } from './app.js';
import { SimApp } from './app.js';
import { Checker } from './checker.js';
import type { LedgerEntry } from './client.js';
import type { Outage } from './judge.js';
import { SimProcess } from './process.js';
import {
  ADAPTER_OPTIONS,
  HELD_MAX,
  HELD_PER_RESOURCE_MAX,
  HOLD_TIMEOUT_MS,
  REDIRECTOR_OPTIONS,
  isFenced,
  policyOf,
  shapeOf,
} from './shape.js';
import type { Shape } from './shape.js';
import { FaultyStore, SimStore } from './store.js';
import { Violation } from './violation.js';

export const PROXY_PORT = 7701;
const DATA_PORT = 8080;
const LOCAL_PORT = 9000;
const CONTROL_PORT = 7704;
const REGISTRATION_PORT = 7703;
const SECRET = 'a secret for the simulation';

interface ServerHost {
  readonly process: SimProcess;
  agent: Agent | undefined;
  /** What the agent keeps on its disk. */
  disk: MemoryTableStore;
}

/**
 * A whole cluster in one process: real redirectors, agents, registration, built by the constructors that
 * `foreshift up` uses; simulated clock, chance, network and engines beneath, faults all around.
 */
export class World {
  readonly clock = new SimulatedClock(1_700_000_000_000);
  readonly shape: Shape;
  readonly net: SimulatedNet;
  readonly store: SimStore;
  readonly checker: Checker;
  readonly journal: Execution[] = [];
  readonly ledger: LedgerEntry[] = [];
  readonly outages = new Map<string, Outage[]>();
  readonly redirectors = new Map<string, { process: SimProcess; redirector: Redirector }>();
  readonly servers = new Map<string, ServerHost>();
  /** What processes that are no redirectors know of the table. */
  readonly readers = new Map<string, TableView>();
  /** How many times longer a server's work takes. */
  readonly slowness = new Map<string, number>();
  /** The latest process of each host. */
  readonly #processes = new Map<string, SimProcess>();
  /** How far the wall clocks of hosts are off. */
  readonly #wallOffsets = new Map<string, number>();
  /** What happened, for the one who reads a failure. */
  readonly trail: string[] = [];
  readonly #seed: number;
  readonly #log: Log;
  readonly #lives = new Map<string, SimProcess>();
  readonly #tokens = new Map<ServerId, string>();
  /** Which resource's request a connection to a server without a fence carries. */
  readonly #carried = new Map<number, ResourceId>();
  #api: SimProcess | undefined;
  #boots = 0;
  violation: Violation | undefined;

  constructor(seed: number, log: Log = SILENT_LOG) {
    this.#seed = seed;
    this.#log = log;
    this.shape = shapeOf(this.rng('shape'));
    this.net = new SimulatedNet(this.clock, this.rng('net'), {
      latencyMs: { min: 0.1, max: 2 },
      windowBytes: this.shape.windowBytes,
      ...this.shape.calls,
    });
    this.checker = new Checker({
      policyOf,
      drainPolicyOf: (resource) => this.shape.drain.get(resource) ?? 'abort',
      isFenced,
      processOf: (boot) => this.#lives.get(boot.split('.')[0] ?? ''),
      heldMax: HELD_MAX,
      heldPerResourceMax: HELD_PER_RESOURCE_MAX,
      heldMaxMs: HOLD_TIMEOUT_MS + 1,
    });
    this.store = new SimStore({
      clock: this.clock,
      rng: this.rng('store'),
      onTransact: (process, transaction, result, sentAtMs) => {
        if (result.committed) {
          this.say(`${process.name} wrote ${transaction.writes.map(summary).join(' ')}`);
        }
        const nowMs = this.clock.monotonicMs();
        this.guard(() => {
          this.checker.transacted(process, transaction, result, { sentAtMs, nowMs });
        });
      },
      onRead: (process, sentAtMs) => {
        this.checker.hasRead(process, sentAtMs, this.clock.monotonicMs());
      },
    });
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
    this.startApi();
    if (this.shape.servers.includes('foreign')) await this.#declareForeign();
    for (const name of this.shape.servers) await this.startServer(name);
    for (const name of this.shape.redirectors) this.startRedirector(name);
  }

  storeFor(process: SimProcess): FaultyStore {
    return new FaultyStore(this.store, process);
  }

  newProcess(name: string): SimProcess {
    const former = this.#processes.get(name);
    if (former?.isAlive === true) former.kill(this.net);
    const isRedirector = this.shape.redirectors.includes(name);
    const onWrite = (connection: Connection, bytes: Uint8Array): void => {
      if (isRedirector) this.#wrote(name, connection, bytes);
    };
    const process = new SimProcess(name, this.clock, this.net.restart(name), onWrite);
    process.wallOffsetMs = this.#wallOffsets.get(name) ?? 0;
    this.#processes.set(name, process);
    return process;
  }

  setWallClock(host: string, offsetMs: number): void {
    this.#wallOffsets.set(host, offsetMs);
    const process = this.#processes.get(host);
    if (process !== undefined) process.wallOffsetMs = offsetMs;
  }

  startRedirector(name: string): void {
    if (this.redirectors.get(name)?.process.isAlive === true) this.killRedirector(name);
    const process = this.newProcess(name);
    this.checker.forget(`gate of ${name}`, `view of ${name}`);
    const log = this.#log.child({ redirector: name });
    const boot = `${name}-${++this.#boots}`;
    this.#lives.set(boot, process);
    const redirector = new Redirector(
      {
        store: this.storeFor(process),
        clock: process.clock,
        net: process.net,
        rng: this.rng(`${name}-${this.#boots}`),
        log,
        self: name as MemberId,
        boot,
        agentTokenOf: (server) => this.#tokenOf(server),
        policyOf: (resource) => ({
          onLostSource: policyOf(resource),
          drain: this.shape.drain.get(resource) ?? 'abort',
        }),
        adapters: (parts) => [
          new HttpAdapter(
            parts,
            [{ listen: { host: name, port: PROXY_PORT }, route: { by: 'first-path-segment' } }],
            ADAPTER_OPTIONS,
          ),
        ],
      },
      REDIRECTOR_OPTIONS,
    );
    this.redirectors.set(name, { process, redirector });
    this.checker.redirectors.set(name, { redirector, process });
    const startedAtMs = this.clock.monotonicMs();
    redirector.start().then(
      () => {
        this.#endOutage(name, startedAtMs);
      },
      (error: unknown) => {
        this.say(`${name} did not start: ${String(error)}`);
      },
    );
  }

  killRedirector(name: string): void {
    this.#beginOutage(name);
    this.redirectors.get(name)?.process.kill(this.net);
    this.checker.forget(`gate of ${name}`, `view of ${name}`);
  }

  /** Gracefully, as for an update. */
  async stopRedirector(name: string): Promise<void> {
    this.#beginOutage(name);
    const { process, redirector } = this.redirectors.get(name) ?? {};
    if (process?.isAlive !== true) return;
    await redirector?.stop();
    process.kill(this.net);
  }

  async startServer(name: string): Promise<void> {
    const process = this.newProcess(name);
    const disk = this.servers.get(name)?.disk ?? new MemoryTableStore();
    const host: ServerHost = { process, agent: undefined, disk };
    this.servers.set(name, host);
    const app = new SimApp(name, {
      clock: process.clock,
      journal: (execution) => this.journal.push(execution),
      slowness: () => this.slowness.get(name) ?? 1,
    });
    if (name === 'foreign') {
      await app.listen(process.net, { host: name, port: DATA_PORT });
      return;
    }
    await app.listen(process.net, { host: '127.0.0.1', port: LOCAL_PORT });
    await this.#startAgent(name, host);
  }

  /** Its work ends, and what its agent knows is on its disk only. */
  killServer(name: string): void {
    this.servers.get(name)?.process.kill(this.net);
    this.checker.forget(`agent of ${name}`);
    const nowMs = this.clock.monotonicMs();
    for (const execution of this.journal) {
      if (execution.server === name && execution.endedAtMs === Infinity) {
        execution.endedAtMs = nowMs;
      }
    }
  }

  loseDisk(name: string): void {
    const host = this.servers.get(name);
    if (host !== undefined) host.disk = new MemoryTableStore();
  }

  startApi(): void {
    const process = this.newProcess('api');
    this.#api = process;
    const { clock, net } = process;
    const store = this.storeFor(process);
    const log = this.#log.child({ api: true });
    const view = new TableView({ store, clock, log }, { pollMs: 200, restoreAfterMs: 300 });
    this.readers.set('api', view);
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
    void registration.start();
  }

  killApi(): void {
    this.#api?.kill(this.net);
  }

  get api(): SimProcess | undefined {
    return this.#api;
  }

  /** The store begins anew with what its backup holds. */
  async putStoreBack(): Promise<void> {
    const backup = this.store.putBack();
    this.checker.putBack(backup, this.clock.monotonicMs());
    this.say(`store put back: revision ${backup?.revision ?? 0}`);
    // Whoever starts the service writes what stands in the config, if it is not there.
    const isDeclared = backup?.entries.some(({ key }) => key === SERVER.key('foreign' as ServerId));
    if (this.shape.servers.includes('foreign') && isDeclared !== true) await this.#declareForeign();
  }

  /** Redirectors and api start anew on an older store. */
  async restartService(): Promise<void> {
    for (const name of this.shape.redirectors) this.killRedirector(name);
    this.killApi();
    await this.putStoreBack();
    this.startApi();
    for (const name of this.shape.redirectors) this.startRedirector(name);
  }

  /** Who coordinates, as the store says. */
  get coordinator(): string | undefined {
    return this.checker.records.coordinator?.member;
  }

  observe(): void {
    this.guard(() => {
      this.checker.observe(this.clock.monotonicMs());
      for (const [name, { agent, process }] of this.servers) {
        if (agent !== undefined && process.isAlive && agent.isStarted) {
          this.checker.agentHeard(name, agent.ownership.highest);
        }
      }
    });
  }

  #tokenOf(server: ServerId): string {
    let token = this.#tokens.get(server);
    if (token === undefined) {
      token = agentToken(SECRET, server);
      this.#tokens.set(server, token);
    }
    return token;
  }

  #beginOutage(name: string): void {
    const fromMs = this.clock.monotonicMs();
    const known = this.outages.get(name) ?? [];
    this.outages.set(name, [...known, { fromMs, toMs: Infinity }]);
  }

  /** The process that was started then serves. */
  #endOutage(name: string, startedAtMs: number): void {
    const toMs = this.clock.monotonicMs();
    for (const outage of this.outages.get(name) ?? []) {
      if (outage.fromMs <= startedAtMs) outage.toMs = Math.min(outage.toMs, toMs);
    }
  }

  /** What goes to the server without a fence is looked at. */
  #wrote(from: string, { remote, local }: Connection, bytes: Uint8Array): void {
    if (isFenced(remote.host)) return;
    const text = Buffer.from(bytes).toString('latin1');
    const head = /^[A-Z]+ \/(vol-[0-9]+)\//.exec(text)?.[1] as ResourceId | undefined;
    if (head !== undefined) this.#carried.set(local.port, head);
    const resource = this.#carried.get(local.port);
    if (resource === undefined) return;
    const sent = { resource, isHead: head !== undefined, nowMs: this.clock.monotonicMs() };
    this.guard(() => {
      this.checker.forwarded(from, remote.host, sent);
    });
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
        resources: () => this.shape.resources,
      },
      {
        ...AGENT_DEFAULTS,
        server: id,
        address: () => data,
        control: { host: name, port: CONTROL_PORT },
        apiUrls: [`http://api:${REGISTRATION_PORT}`],
        token: this.#tokenOf(id),
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
    const { engine } = this.store;
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
      .put(ELIGIBLE, id, { resources: [...this.shape.resources] });
    const result = await engine.transact(draft.transaction);
    this.store.onTransact(process, draft.transaction, result, 0);
  }
}

function summary({ key, value }: { readonly key: string; readonly value: unknown }): string {
  if (value === null) return `-${key}`;
  const { state, step, server, boot, loss, status } = value as Record<string, string | undefined>;
  const detail = state ?? step ?? server ?? loss ?? status ?? boot;
  return detail === undefined ? key : `${key}=${detail}`;
}
