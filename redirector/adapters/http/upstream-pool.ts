import type { Clock } from '../../../core/clock/port.js';
import type { Address } from '../../../core/domain.js';
import type { CloseReason, Net } from '../../../core/net/port.js';
import type { HttpOptions } from './options.js';
import type { ServerLink } from '../servers.js';
import { Upstream } from './upstream.js';

/** Whoever wants a connection to the server. Exactly one of the two is called, unless it was cancelled. */
export interface PoolWaiter {
  connected(upstream: Upstream): void;
  /** Nothing was sent. `full`: the queue for connections is. */
  notConnected(why: CloseReason | 'full'): void;
}

export interface PoolParts {
  readonly net: Net;
  readonly clock: Clock;
  readonly link: ServerLink;
}

interface Listened {
  readonly upstream: Upstream;
  /** Undefined: gone. */
  waiter: PoolWaiter | undefined;
}

/**
 * The connections to one server: kept for the next request, limited in number, with a queue behind. A waiter
 * waits in one pool, for one connection: one that was cancelled hears nothing more.
 */
export class UpstreamPool {
  readonly #parts: PoolParts;
  readonly #address: Address;
  #options: HttpOptions;
  /** The one used last is used next: the others grow old and are closed. */
  readonly #idle: Upstream[] = [];
  readonly #queue = new Set<PoolWaiter>();
  /** Whom each connection is being opened for; undefined: no longer for anybody. */
  readonly #opening = new Map<Upstream, PoolWaiter | undefined>();
  readonly #all = new Set<Upstream>();
  /** No longer idle, and not used yet. */
  #listened: Listened[] = [];
  #isClosed = false;

  constructor(parts: PoolParts, address: Address, options: HttpOptions) {
    this.#parts = parts;
    this.#address = address;
    this.#options = options;
  }

  /** From now on; connections that are open stay. */
  reconfigure(options: HttpOptions): void {
    this.#options = options;
  }

  /**
   * One that was idle is given away only after all is heard that had arrived by now: a server that says what nobody asked for
   * is to be found out before the next one asks, who would take it for his answer.
   */
  acquire(waiter: PoolWaiter): void {
    const idle = this.#takeIdle();
    if (idle !== undefined) {
      this.#listenTo(idle, waiter);
    } else if (this.#hasRoom) {
      this.#open(waiter);
    } else if (this.#queue.size < this.#options.serverQueueMax) {
      this.#queue.add(waiter);
    } else {
      waiter.notConnected('full');
    }
  }

  /** A connection that nobody used before, for what must not be mixed with other requests. */
  acquireFresh(waiter: PoolWaiter): void {
    if (!this.#hasRoom) this.#dropIdle();
    if (this.#hasRoom) this.#open(waiter);
    else waiter.notConnected('full');
  }

  /** Nobody waits any more; a connection that is being opened will serve another. */
  cancel(waiter: PoolWaiter): void {
    if (this.#queue.delete(waiter)) return;
    for (const listened of this.#listened) {
      if (listened.waiter === waiter) listened.waiter = undefined;
    }
    for (const [upstream, waiting] of this.#opening) {
      if (waiting === waiter) this.#opening.set(upstream, undefined);
    }
  }

  /** Gives a connection back; one that cannot be used again is closed. */
  release(upstream: Upstream): void {
    if (!upstream.isReusable || this.#isClosed) {
      upstream.destroy();
      return;
    }
    const [next] = this.#queue;
    if (next !== undefined) {
      this.#queue.delete(next);
      next.connected(upstream);
      return;
    }
    upstream.expireIn(this.#options.serverIdleTimeoutMs);
    this.#idle.push(upstream);
  }

  /** Idle connections go at once, the others with their requests. */
  close(): void {
    this.#isClosed = true;
    for (const upstream of this.#idle.splice(0)) upstream.destroy();
    for (const upstream of this.#opening.keys()) upstream.destroy();
    this.#turnAway('destroyed');
  }

  get #hasRoom(): boolean {
    return this.#all.size < this.#options.serverConnectionsMax;
  }

  #listenTo(upstream: Upstream, waiter: PoolWaiter): void {
    this.#listened.push({ upstream, waiter });
    if (this.#listened.length > 1) return;
    this.#parts.net.afterArrivals(() => {
      const listened = this.#listened;
      this.#listened = [];
      for (const one of listened) this.#heard(one);
    });
  }

  #heard({ upstream, waiter }: Listened): void {
    if (waiter === undefined) this.release(upstream);
    else if (this.#isClosed) {
      upstream.destroy();
      waiter.notConnected('destroyed');
    } else if (upstream.isReusable) waiter.connected(upstream);
    else this.acquire(waiter);
  }

  #takeIdle(): Upstream | undefined {
    for (;;) {
      const upstream = this.#idle.pop();
      if (upstream === undefined) return undefined;
      upstream.expireIn(Infinity);
      if (upstream.isReusable) return upstream;
    }
  }

  /** The oldest gives way. */
  #dropIdle(): void {
    const oldest = this.#idle.shift();
    if (oldest === undefined) return;
    oldest.destroy();
    this.#all.delete(oldest);
  }

  #open(waiter: PoolWaiter): void {
    const upstream: Upstream = new Upstream(
      {
        ...this.#parts,
        address: this.#address,
        onOpen: () => {
          const opened = this.#opening.get(upstream);
          this.#opening.delete(upstream);
          if (opened === undefined) this.release(upstream);
          else opened.connected(upstream);
        },
        onClosed: (reason) => {
          this.#closed(upstream, reason);
        },
      },
      this.#options,
    );
    this.#all.add(upstream);
    this.#opening.set(upstream, waiter);
  }

  #closed(upstream: Upstream, reason: CloseReason): void {
    this.#all.delete(upstream);
    const at = this.#idle.indexOf(upstream);
    if (at >= 0) this.#idle.splice(at, 1);
    if (this.#opening.has(upstream)) {
      const failed = this.#opening.get(upstream);
      this.#opening.delete(upstream);
      failed?.notConnected(reason);
      // Those behind would only find out the same, one after the other.
      this.#turnAway(reason);
      return;
    }
    const [next] = this.#queue;
    if (next === undefined || !this.#hasRoom) return;
    this.#queue.delete(next);
    this.#open(next);
  }

  #turnAway(reason: CloseReason): void {
    const waiting = [...this.#queue];
    this.#queue.clear();
    for (const waiter of waiting) waiter.notConnected(reason);
  }
}
