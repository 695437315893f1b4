import type { Clock } from '../core/clock/port.js';
import type { Address } from '../core/domain.js';
import type { Startable } from '../core/lifecycle.js';
import type { Log } from '../core/log.js';
import type { Listener, Net } from '../core/net/port.js';
import type { RequestGate } from './request-gate.js';
import type { SidecarConnectionOptions } from './sidecar-connection.js';
import { ServerWatch } from './server-watch.js';
import { SidecarConnection } from './sidecar-connection.js';

export interface SidecarParts {
  readonly net: Net;
  readonly clock: Clock;
  readonly log: Log;
  readonly gate: () => RequestGate;
}

export interface SidecarOptions extends SidecarConnectionOptions {
  /** Where redirectors send requests. */
  readonly listen: Address;
  readonly connectionsMax: number;
  /** The server is looked at this often: without requests nobody else would find out how it is. */
  readonly checkMs: number;
}

export const SIDECAR_DEFAULTS = {
  connectTimeoutMs: 2000,
  stallTimeoutMs: 60_000,
  idleTimeoutMs: 60_000,
  connectionsMax: 4096,
  checkMs: 500,
} as const;

/** The fence as a small proxy in front of a server that knows nothing of it. */
export class Sidecar implements Startable {
  readonly #parts: SidecarParts;
  readonly #options: SidecarOptions;
  readonly #connections = new Set<SidecarConnection>();
  readonly #watch: ServerWatch;
  #listener: Listener | undefined;

  constructor(parts: SidecarParts, options: SidecarOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#watch = new ServerWatch(parts, { ...options, server: options.forward });
  }

  get address(): Address {
    return this.#listener?.address ?? this.#options.listen;
  }

  /** The server could be reached the last time. */
  get isServing(): boolean {
    return this.#watch.isServing;
  }

  /** @throws ERR_LISTEN_FAILED */
  async start(): Promise<void> {
    this.#listener = await this.#parts.net.listen(this.#options.listen, (connection) => {
      if (this.#connections.size >= this.#options.connectionsMax) {
        connection.destroy();
        return;
      }
      const { net, clock, gate } = this.#parts;
      const served: SidecarConnection = new SidecarConnection(
        { connection, net, clock, gate: gate() },
        this.#options,
        {
          closed: () => {
            this.#connections.delete(served);
          },
          reached: (isReached) => {
            this.#watch.reached(isReached);
          },
        },
      );
      this.#connections.add(served);
    });
    await this.#watch.start();
  }

  /** Takes no more; what is under way has `graceMs` to end. */
  async stop(graceMs = 5000): Promise<void> {
    await this.#watch.stop();
    await this.#listener?.close();
    const closed = [...this.#connections].map((connection) => connection.finish());
    const cancel = this.#parts.clock.after(graceMs, () => {
      for (const connection of this.#connections) connection.destroy();
    });
    await Promise.all(closed);
    cancel();
  }
}
