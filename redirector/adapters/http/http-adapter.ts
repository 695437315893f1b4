import type { Address } from '../../../core/domain.js';
import { formatAddress } from '../../../core/domain.js';
import type { Move } from '../../../core/plan.js';
import type { Listener } from '../../../core/net/port.js';
import type { ProtocolAdapter, Transfer } from '../adapter.js';
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

/** HTTP/1.1: listens, routes each request to a resource, and the resource to its server. */
export class HttpAdapter implements ProtocolAdapter {
  readonly protocol = 'http';
  readonly counters = new HttpCounters();
  readonly #parts: HttpAdapterParts;
  readonly #routes: readonly HttpListener[];
  readonly #options: HttpOptions;
  readonly #context: HttpContext;
  readonly #clients = new Set<ClientConnection>();
  readonly #pools = new Map<number, { readonly address: string; readonly pool: UpstreamPool }>();
  #listeners: Listener[] = [];
  #onEmpty: (() => void) | undefined;

  constructor(
    parts: HttpAdapterParts,
    listeners: readonly HttpListener[],
    options: Partial<HttpOptions> = {},
  ) {
    this.#parts = parts;
    this.#routes = listeners;
    this.#options = { ...HTTP_DEFAULTS, ...options };
    const { clock, gate, servers } = parts;
    this.#context = {
      clock,
      gate,
      counters: this.counters,
      options: this.#options,
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
    return this.#listeners.map(({ address }) => address);
  }

  /** @throws ERR_LISTEN_FAILED */
  async start(): Promise<void> {
    for (const { listen, route } of this.#routes) {
      const listener = await this.#parts.net.listen(listen, (connection) => {
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
          route,
          onClosed: () => {
            this.#forget(client);
          },
        });
        this.#clients.add(client);
      });
      this.#listeners.push(listener);
    }
  }

  /** Takes no more connections, answers what is under way, then closes; after `graceMs` what is left is cut. */
  async stop(graceMs = 10_000): Promise<void> {
    for (const listener of this.#listeners) await listener.close();
    this.#listeners = [];
    for (const client of this.#clients) client.stop();
    await this.#emptied(graceMs);
    for (const client of this.#clients) client.destroy();
    for (const { pool } of this.#pools.values()) pool.close();
    this.#pools.clear();
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

  #emptied(graceMs: number): Promise<void> {
    if (this.#clients.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.#parts.clock.after(graceMs, resolve);
      this.#onEmpty = () => {
        cancel();
        resolve();
      };
    });
  }

  #forget(client: ClientConnection): void {
    this.counters.connections -= 1;
    this.#clients.delete(client);
    if (this.#clients.size === 0) this.#onEmpty?.();
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

  /** A connection to the target, before anybody depends on it. */
  #reach({ target }: Move, signal: AbortSignal): Promise<string | undefined> {
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
