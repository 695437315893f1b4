import type { Clock } from '../../core/clock/port.js';
import type { Address } from '../../core/domain.js';
import { latin1Bytes } from '../../core/net/http/bytes.js';
import { ofLength } from '../../core/net/http/framing.js';
import { responseHeadText } from '../../core/net/http/head-text.js';
import { NO_HEADERS, headerOf } from '../../core/net/http/header-list.js';
import type { RequestHead } from '../../core/net/http/request-head.js';
import { RequestReader } from '../../core/net/http/request-reader.js';
import type { Connection, Net } from '../../core/net/port.js';

/** However slow a server is. */
const WORK_MAX_MS = 2000;

/** A request that a server carried out. */
export interface Execution {
  readonly beganAtMs: number;
  /** Infinity while it runs. */
  endedAtMs: number;
  readonly server: string;
  readonly resource: string;
  /** As the fence let it through; empty on a server that has none. */
  readonly since: string;
  readonly id: string;
  readonly method: string;
}

export interface SimAppParts {
  readonly clock: Clock;
  readonly journal: (execution: Execution) => void;
  /** How many times longer work takes now. */
  readonly slowness: () => number;
}

/** The server of the simulation: journals each request when it begins, works on it, answers with its id. */
export class SimApp {
  readonly #server: string;
  readonly #parts: SimAppParts;

  constructor(server: string, parts: SimAppParts) {
    this.#server = server;
    this.#parts = parts;
  }

  async listen(net: Net, at: Address): Promise<void> {
    await net.listen(at, (connection) => {
      this.#serve(connection);
    });
  }

  #serve(connection: Connection): void {
    let head: RequestHead | undefined;
    const reader = new RequestReader({
      head: (read) => {
        head = read;
      },
      body: () => undefined,
      end: () => {
        if (head !== undefined) void this.#run(head, connection);
      },
      fault: () => {
        connection.destroy();
      },
    });
    connection.handler = {
      opened: () => undefined,
      data: (bytes) => {
        let at = 0;
        while (at < bytes.length) at = reader.read(bytes, at);
      },
      drained: () => undefined,
      ended: () => {
        connection.end();
      },
      closed: () => undefined,
    };
  }

  async #run(head: RequestHead, connection: Connection): Promise<void> {
    const { clock, journal, slowness } = this.#parts;
    const id = headerOf(head.headers, 'x-id') ?? '';
    const execution: Execution = {
      beganAtMs: clock.monotonicMs(),
      endedAtMs: Infinity,
      server: this.#server,
      resource: head.path.split('/')[1] ?? '',
      since: headerOf(head.headers, 'foreshift-since') ?? '',
      id,
      method: head.method,
    };
    journal(execution);
    const askedMs = Number(headerOf(head.headers, 'x-work-ms') ?? 0);
    const workMs = Math.min(askedMs * slowness(), WORK_MAX_MS);
    if (workMs > 0) await clock.sleep(workMs);
    execution.endedAtMs = clock.monotonicMs();
    const text = responseHeadText({
      status: 200,
      reason: 'OK',
      headers: NO_HEADERS,
      framing: ofLength(id.length),
      connection: 'persistent',
    });
    connection.write(latin1Bytes(`${text}${id}`));
  }
}
