import type { Address, ServerId } from '../../../core/domain.js';
import type { SharedListener } from '../../../core/net/shared-listeners.js';
import type { SwitchMove } from '../../data-plane.js';
import type { ProtocolAdapter, Transfer, VacateHow } from '../adapter.js';
import type { FrontListener } from '../fronts.js';
import { Fronts } from '../fronts.js';
import { Reaching } from '../reaching.js';
import type { ServerWay } from '../servers.js';
import { UNSEEN, isSameWay } from '../servers.js';
import { PlainTransfer } from '../transfer.js';
import { WorkUnderWay } from '../under-way.js';
import { ClientConnection } from './client-connection.js';
import type { HttpAdapterParts, HttpContext } from './context.js';
import { HttpCounters } from './counters.js';
import type { HttpOptions } from './options.js';
import { HTTP_DEFAULTS } from './options.js';
import type { Route } from './route.js';
import { mayName } from './route.js';
import { RequestIds } from './request-ids.js';
import { RetryBudgets } from './retry-budget.js';
import { UpstreamPool } from './upstream-pool.js';

interface Pooled {
  readonly way: ServerWay;
  readonly pool: UpstreamPool;
}

export type HttpListener = FrontListener<Route>;

/** HTTP/1.1: listens, routes each request to a resource, and the resource to its server. */
export class HttpAdapter implements ProtocolAdapter {
  readonly protocol = 'http';
  readonly counters = new HttpCounters();
  readonly #parts: HttpAdapterParts;
  readonly #context: HttpContext;
  readonly #fronts: Fronts<Route, ClientConnection>;
  /** By the gate's index of the server. */
  #pools: (Pooled | undefined)[] = [];
  readonly #reaching = new Reaching((target, signal) => this.#connect(target, signal));
  #options: HttpOptions;

  constructor(
    parts: HttpAdapterParts,
    listeners: readonly HttpListener[],
    options: Partial<HttpOptions> = {},
  ) {
    this.#parts = parts;
    this.#options = { ...HTTP_DEFAULTS, ...options };
    const { net, clock, gate, servers } = parts;
    const { counters } = this;
    const optionsNow = (): HttpOptions => this.#options;
    const context: HttpContext = {
      clock,
      gate,
      counters,
      accessLog: parts.accessLog,
      get options() {
        return optionsNow();
      },
      poolOf: (server) => this.#poolOf(server),
      hasFence: (server) => servers.hasFence(gate.serverId(server)),
      suspect: (server) => {
        servers.suspect(gate.serverId(server));
      },
      misdirected: (resource, owner, by) => {
        servers.misdirected(gate.resourceId(resource), owner, gate.serverId(by));
      },
      requestIds: new RequestIds(parts.boot ?? ''),
      retries: new RetryBudgets(clock, () => this.#options.retryBudget),
      work: parts.work ?? UNSEEN,
      underWay: new WorkUnderWay(),
    };
    this.#context = context;
    this.#fronts = new Fronts(
      {
        net,
        clock,
        others: parts.others,
        counters,
        limits: () => this.#options,
        turnedAway: () => {
          counters.connectionsRefused += 1;
        },
        admit: (connection, route, onClosed) =>
          new ClientConnection({ connection, context, route, onClosed }),
      },
      listeners,
    );
  }

  /** Where it really listens, in the order of the listeners. */
  get addresses(): readonly Address[] {
    return this.#fronts.addresses;
  }

  get shared(): readonly SharedListener[] {
    return this.#fronts.shared;
  }

  /** @throws ERR_LISTEN_FAILED */
  start(): Promise<void> {
    return this.#fronts.start();
  }

  /** Other listeners, other options: without a break for those that stay. @throws ERR_LISTEN_FAILED: nothing was changed */
  async reconfigure(
    listeners: readonly HttpListener[],
    options: Partial<HttpOptions>,
  ): Promise<void> {
    await this.#fronts.reconfigure(listeners);
    this.#options = { ...this.#options, ...options };
    for (const pooled of this.#pools) pooled?.pool.reconfigure(this.#options);
  }

  leave(): void {
    this.#fronts.leave();
  }

  /** Takes no more connections, answers what is under way, then closes; after `graceMs` what is left is cut. */
  async stop(graceMs = 10_000): Promise<void> {
    await this.#fronts.stop(graceMs);
    for (const pooled of this.#pools) pooled?.pool.close();
    this.#pools = [];
  }

  vacate(ip: string, how: VacateHow, signal: AbortSignal): Promise<void> {
    return this.#fronts.vacate(ip, how, signal);
  }

  transfer(move: SwitchMove): Transfer {
    const { gate, drainPolicyOf } = this.#parts;
    const { underWay } = this.#context;
    return new PlainTransfer(
      move,
      {
        gate,
        underWay,
        drainPolicyOf,
        // What is not of this protocol may not like to be connected to.
        reach: (target, signal) =>
          this.#fronts.routes.some((route) => mayName(route, move.resource))
            ? this.#reaching.reach(target, signal)
            : Promise.resolve(undefined),
      },
      this.#options.obstacleAgeMs,
    );
  }

  #poolOf(server: number): UpstreamPool | undefined {
    const { net, clock, servers, gate } = this.#parts;
    const id = gate.serverId(server);
    const address = servers.addressOf(id);
    if (address === undefined) return undefined;
    const known = this.#pools[server];
    const way = { address, link: servers.linkOf(id) };
    if (known !== undefined && isSameWay(known.way, way)) return known.pool;
    known?.pool.close();
    const pool = new UpstreamPool({ net, clock, link: way.link }, address, this.#options);
    while (this.#pools.length < server) this.#pools.push(undefined);
    this.#pools[server] = { way, pool };
    return pool;
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
