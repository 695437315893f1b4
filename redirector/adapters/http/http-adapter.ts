import { isDeepStrictEqual } from 'node:util';
import type { Address, ServerId } from '../../../core/domain.js';
import { formatAddress } from '../../../core/domain.js';
import type { Move } from '../../../core/plan.js';
import type { Connection, Listener } from '../../../core/net/port.js';
import type { Ip } from '../../../core/net/ip.js';
import { parseIp } from '../../../core/net/ip.js';
import { within } from '../../../core/within.js';
import type { ProtocolAdapter, Transfer, VacateHow } from '../adapter.js';
import { ClientConnection } from './client-connection.js';
import type { HttpAdapterParts, HttpContext, UnderWay } from './context.js';
import { HttpCounters } from './counters.js';
import type { HttpOptions } from './options.js';
import { HTTP_DEFAULTS } from './options.js';
import type { Route } from './route.js';
import { HttpTransfer } from './transfer.js';
import { UpstreamPool } from './upstream-pool.js';

export interface HttpListener {
  readonly listen: Address;
  readonly route: Route;
}

/** A listener that is open, and who came by it. */
interface Front {
  readonly listen: Address;
  route: Route;
  readonly listener: Listener;
  /** No longer wanted. */
  isLeft: boolean;
  readonly clients: Set<ClientConnection>;
}

/** HTTP/1.1: listens, routes each request to a resource, and the resource to its server. */
export class HttpAdapter implements ProtocolAdapter {
  readonly protocol = 'http';
  readonly counters = new HttpCounters();
  readonly #parts: HttpAdapterParts;
  readonly #context: HttpContext;
  readonly #pools = new Map<number, { readonly address: string; readonly pool: UpstreamPool }>();
  /** Targets that are being connected to for a switch, which the signal stands for. */
  readonly #reaching = new Map<
    ServerId,
    { readonly signal: AbortSignal; readonly outcome: Promise<string | undefined> }
  >();
  /** IPs whose connections end. */
  readonly #vacating = new Set<Ip | undefined>();
  readonly #onForgotten = new Set<() => void>();
  #wanted: readonly HttpListener[];
  #options: HttpOptions;
  /** In the order of the listeners that are wanted. */
  #fronts: readonly Front[] = [];
  readonly #clients = new Set<ClientConnection>();
  #isStarted = false;
  #isLeaving = false;

  constructor(
    parts: HttpAdapterParts,
    listeners: readonly HttpListener[],
    options: Partial<HttpOptions> = {},
  ) {
    this.#parts = parts;
    this.#wanted = listeners;
    this.#options = { ...HTTP_DEFAULTS, ...options };
    const { clock, gate, servers } = parts;
    const optionsNow = (): HttpOptions => this.#options;
    this.#context = {
      clock,
      gate,
      counters: this.counters,
      get options() {
        return optionsNow();
      },
      poolOf: (server) => this.#poolOf(server),
      hasFence: (server) => servers.hasFence(gate.serverId(server)),
      suspect: (server) => {
        servers.suspect(gate.serverId(server));
      },
      misdirected: (resource, owner) => {
        servers.misdirected(gate.resourceId(resource), owner);
      },
      underWay: new Map<number, Set<UnderWay>>(),
    };
  }

  /** Where it really listens, in the order of the listeners. */
  get addresses(): readonly Address[] {
    return this.#fronts.map(({ listener: { address } }) => address);
  }

  /** @throws ERR_LISTEN_FAILED */
  async start(): Promise<void> {
    this.#fronts = await this.#open(this.#wanted);
    this.#isStarted = true;
  }

  /**
   * Other listeners, other options. What listens where it did goes on without a break, by its new route from the next request on;
   * a listener that is gone takes no more connections, and those it has end after their next answer.
   * @throws ERR_LISTEN_FAILED: nothing was changed
   */
  async reconfigure(
    listeners: readonly HttpListener[],
    options: Partial<HttpOptions>,
  ): Promise<void> {
    if (this.#isStarted) await this.#listenAt(listeners);
    this.#wanted = listeners;
    this.#options = { ...this.#options, ...options };
    for (const { pool } of this.#pools.values()) pool.reconfigure(this.#options);
  }

  leave(): void {
    this.#isLeaving = true;
    for (const client of this.#clients) client.leave();
  }

  /** Takes no more connections, answers what is under way, then closes; after `graceMs` what is left is cut. */
  async stop(graceMs = 10_000): Promise<void> {
    this.leave();
    this.#isStarted = false;
    for (const { listener } of this.#fronts) await listener.close();
    this.#fronts = [];
    for (const client of this.#clients) client.stop();
    await within(this.#parts.clock, graceMs, (signal) =>
      this.#gone(() => this.#clients.size > 0, signal),
    );
    for (const client of this.#clients) client.destroy();
    for (const { pool } of this.#pools.values()) pool.close();
    this.#pools.clear();
  }

  async vacate(ip: string, how: VacateHow, signal: AbortSignal): Promise<void> {
    const at = parseIp(ip);
    this.#vacating.add(at);
    for (const client of this.#clientsAt(at)) {
      if (how === 'finish') client.finish();
      else client.stop();
    }
    await this.#gone(() => this.#hasClientAt(at), signal);
    if (how === 'finish') return;
    this.#vacating.delete(at);
    for (const client of this.#clientsAt(at)) client.destroy();
  }

  transfer(move: Move): Transfer {
    const { gate } = this.#parts;
    return new HttpTransfer(
      move,
      {
        gate,
        underWay: (resource) => [...(this.#context.underWay.get(gate.indexOf(resource)) ?? [])],
        drainPolicyOf: this.#parts.drainPolicyOf,
        reach: (reached, signal) => this.#reach(reached, signal),
      },
      this.#options.obstacleAgeMs,
    );
  }

  /** All of them, or none. @throws ERR_LISTEN_FAILED */
  async #open(wanted: readonly HttpListener[]): Promise<Front[]> {
    const opened: Front[] = [];
    try {
      for (const { listen, route } of wanted) {
        const clients = new Set<ClientConnection>();
        const listener = await this.#parts.net.listen(listen, (connection) => {
          this.#accept(connection, front);
        });
        const front: Front = { listen, route, listener, isLeft: false, clients };
        opened.push(front);
      }
    } catch (error) {
      for (const { listener } of opened) await listener.close();
      throw error;
    }
    return opened;
  }

  async #listenAt(wanted: readonly HttpListener[]): Promise<void> {
    const left = [...this.#fronts];
    const kept = wanted.map(({ listen }) => {
      const at = left.findIndex((front) => isDeepStrictEqual(front.listen, listen));
      return at < 0 ? undefined : left.splice(at, 1)[0];
    });
    const opened = await this.#open(wanted.filter((_, at) => kept[at] === undefined));
    this.#fronts = wanted.flatMap(({ route }, at) => {
      const front = kept[at] ?? opened.shift();
      if (front === undefined) return [];
      front.route = route;
      return [front];
    });
    for (const front of left) {
      front.isLeft = true;
      await front.listener.close();
      for (const client of front.clients) client.leave();
    }
  }

  #accept(connection: Connection, front: Front): void {
    if (this.#clients.size >= this.#options.connectionsMax) {
      this.counters.connectionsRefused += 1;
      connection.handler = IGNORED;
      connection.destroy();
      return;
    }
    this.counters.connections += 1;
    const client: ClientConnection = new ClientConnection({
      connection,
      context: this.#context,
      route: () => front.route,
      onClosed: () => {
        front.clients.delete(client);
        this.#forget(client);
      },
    });
    front.clients.add(client);
    this.#clients.add(client);
    if (this.#isLeaving || front.isLeft) client.leave();
    if (this.#vacating.has(client.localIp)) client.finish();
  }

  /** Until none of them is left, at the latest when the signal aborts. */
  #gone(isAnyLeft: () => boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!signal.aborted && isAnyLeft()) return;
        this.#onForgotten.delete(look);
        signal.removeEventListener('abort', look);
        resolve();
      };
      this.#onForgotten.add(look);
      signal.addEventListener('abort', look);
      look();
    });
  }

  #clientsAt(ip: Ip | undefined): ClientConnection[] {
    return [...this.#clients].filter(({ localIp }) => localIp === ip);
  }

  /** Asked for at each end of a connection: stops at the first. */
  #hasClientAt(ip: Ip | undefined): boolean {
    for (const { localIp } of this.#clients) if (localIp === ip) return true;
    return false;
  }

  #forget(client: ClientConnection): void {
    this.counters.connections -= 1;
    this.#clients.delete(client);
    for (const look of this.#onForgotten) look();
  }

  #poolOf(server: number): UpstreamPool | undefined {
    const address = this.#parts.servers.addressOf(this.#parts.gate.serverId(server));
    if (address === undefined) return undefined;
    const known = this.#pools.get(server);
    const text = formatAddress(address);
    if (known?.address === text) return known.pool;
    known?.pool.close();
    const { net, clock } = this.#parts;
    const pool = new UpstreamPool({ net, clock }, address, this.#options);
    this.#pools.set(server, { address: text, pool });
    return pool;
  }

  /** A connection to the target, before anybody depends on it: one for all moves of a switch that go there. */
  #reach({ target }: Move, signal: AbortSignal): Promise<string | undefined> {
    const known = this.#reaching.get(target);
    if (known?.signal === signal) return known.outcome;
    const reaching = { signal, outcome: this.#connect(target, signal) };
    this.#reaching.set(target, reaching);
    return reaching.outcome.finally(() => {
      if (this.#reaching.get(target) === reaching) this.#reaching.delete(target);
    });
  }

  #connect(target: ServerId, signal: AbortSignal): Promise<string | undefined> {
    const pool = this.#poolOf(this.#parts.gate.serverIndexOf(target));
    if (pool === undefined) return Promise.resolve(`the address of ${target} is not known`);
    return new Promise((resolve) => {
      const onAbort = (): void => {
        pool.cancel(waiter);
        resolve('the switch is over');
      };
      const settle = (why: string | undefined): void => {
        signal.removeEventListener('abort', onAbort);
        resolve(why);
      };
      const waiter = {
        connected: (upstream: Parameters<UpstreamPool['release']>[0]) => {
          pool.release(upstream);
          settle(undefined);
        },
        notConnected: (why: string) => {
          // A full pool is a busy server, not one out of reach.
          settle(why === 'full' ? undefined : `${target} is ${why}`);
        },
      };
      signal.addEventListener('abort', onAbort, { once: true });
      pool.acquireFresh(waiter);
    });
  }
}

const IGNORED = {
  opened: () => undefined,
  data: () => undefined,
  drained: () => undefined,
  ended: () => undefined,
  closed: () => undefined,
};
