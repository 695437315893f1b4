import type { Clock } from '../core/clock/port.js';
import type { Address } from '../core/domain.js';
import { every } from '../core/every.js';
import type { Startable } from '../core/lifecycle.js';
import type { Log } from '../core/log.js';
import type { Net } from '../core/net/port.js';

export interface ServerWatchOptions {
  /** The server itself. */
  readonly server: Address;
  readonly connectTimeoutMs: number;
  /** It is looked at this often: without requests nobody else would find out how it is. */
  readonly checkMs: number;
}

/** Whether the server beside the agent takes connections. */
export class ServerWatch implements Startable {
  readonly #parts: { readonly net: Net; readonly clock: Clock; readonly log: Log };
  readonly #options: ServerWatchOptions;
  readonly #stopping = new AbortController();
  #checking: Promise<void> = Promise.resolve();
  /** The last attempt to reach it failed. */
  #isAway = false;

  constructor(
    parts: { readonly net: Net; readonly clock: Clock; readonly log: Log },
    options: ServerWatchOptions,
  ) {
    this.#parts = parts;
    this.#options = options;
  }

  /** It could be reached the last time. */
  get isServing(): boolean {
    return !this.#isAway;
  }

  start(): Promise<void> {
    const { checkMs: everyMs } = this.#options;
    const { signal } = this.#stopping;
    this.#checking = every(this.#parts.clock, { everyMs, signal }, () => this.#check());
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error('stopping'));
    await this.#checking;
  }

  /** Somebody has tried. */
  reached(isReached: boolean): void {
    if (this.#isAway !== isReached) return;
    this.#isAway = !isReached;
    if (isReached) this.#parts.log.info({}, 'server answers again');
    else this.#parts.log.warn({}, 'server does not answer');
  }

  #check(): Promise<void> {
    const { server, connectTimeoutMs } = this.#options;
    const connection = this.#parts.net.connect(server, { timeoutMs: connectTimeoutMs });
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
          this.reached(isReached);
          resolve();
        },
      };
    });
  }
}
