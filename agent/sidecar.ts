import type { Clock } from '../core/clock/port.js';
import type { Address } from '../core/domain.js';
import { every } from '../core/every.js';
import type { Startable } from '../core/lifecycle.js';
import type { Log } from '../core/log.js';
import type { Listener, Net } from '../core/net/port.js';
import type { RequestGate } from './request-gate.js';
import type { SidecarConnectionOptions } from './sidecar-connection.js';
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
  readonly #stopping = new AbortController();
  #checking: Promise<void> = Promise.resolve();
  #listener: Listener | undefined;
  /** The last attempt to reach the server failed. */
  #isServerAway = false;

  constructor(parts: SidecarParts, options: SidecarOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  get address(): Address {
    return this.#listener?.address ?? this.#options.listen;
  }

  /** The server could be reached the last time. */
  get isServing(): boolean {
    return !this.#isServerAway;
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
            this.#reached(isReached);
          },
        },
      );
      this.#connections.add(served);
    });
    const { clock } = this.#parts;
    const { checkMs } = this.#options;
    this.#checking = every(clock, { everyMs: checkMs, signal: this.#stopping.signal }, () =>
      this.#check(),
    );
  }

  /** Takes no more; what is under way has `graceMs` to end. */
  async stop(graceMs = 5000): Promise<void> {
    this.#stopping.abort(new Error('stopping'));
    await this.#checking;
    await this.#listener?.close();
    const closed = [...this.#connections].map((connection) => connection.finish());
    const cancel = this.#parts.clock.after(graceMs, () => {
      for (const connection of this.#connections) connection.destroy();
    });
    await Promise.all(closed);
    cancel();
  }

  /** Whether the server takes connections. */
  #check(): Promise<void> {
    const { forward, connectTimeoutMs } = this.#options;
    const connection = this.#parts.net.connect(forward, { timeoutMs: connectTimeoutMs });
    return new Promise((resolve) => {
      let isReached = false;
      connection.handler = {
        opened: () => {
          isReached = true;
          connection.destroy();
        },
        data: () => undefined,
        drained: () => undefined,
        ended: () => undefined,
        closed: () => {
          this.#reached(isReached);
          resolve();
        },
      };
    });
  }

  #reached(isReached: boolean): void {
    if (this.#isServerAway !== isReached) return;
    this.#isServerAway = !isReached;
    if (isReached) this.#parts.log.info({}, 'server answers again');
    else this.#parts.log.warn({}, 'server does not answer');
  }
}
