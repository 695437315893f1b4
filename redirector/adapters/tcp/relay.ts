import type { Cancel } from '../../../core/clock/port.js';
import type { ResourceId } from '../../../core/domain.js';
import { Deadline } from '../../../core/net/deadline.js';
import type { CloseReason, Connection } from '../../../core/net/port.js';
import type { AccessEnd } from '../../access-log/access.js';
import type { FrontClient } from '../fronts.js';
import { ClientHelloReader } from './client-hello.js';
import type { TcpContext } from './context.js';
import type { TcpCut, TcpRefusal } from './counters.js';
import type { PassageUser } from './passage.js';
import { Passage } from './passage.js';
import type { TcpRoute } from './route.js';
import { resourceNamed } from './route.js';

/** A client that takes none of what the server sent last for so long is cut off. */
const LINGER_MS = 2000;

const CLIENTS_FAULT = new Set<string | undefined>(['noResource', 'helloInvalid', 'helloLate']);

export interface RelayParts {
  readonly connection: Connection;
  readonly context: TcpContext;
  readonly onClosed: () => void;
}

interface Hello {
  readonly reader: ClientHelloReader;
  readonly names: ReadonlyMap<string, ResourceId>;
}

/**
 * One client's connection, and the one to the server that it leads to. Bytes go on as they come; whoever cannot take more makes
 * the other side wait; each side may finish before the other. Until it leads somewhere it is not read.
 *
 *   entry → open → ending → over        entry: on its way to a server, or it is not known yet for what
 *     └───────┴─────────────↗           ending: the server is done, the client gets the rest
 */
type State = 'entry' | 'open' | 'ending' | 'over';

export class Relay implements FrontClient, PassageUser {
  readonly description = 'an open TCP connection';
  readonly #context: TcpContext;
  readonly #client: Connection;
  readonly #onClosed: () => void;
  readonly #startedAtMs: number;
  readonly #deadline: Deadline;
  #cancelLife: Cancel = () => undefined;
  #state: State = 'entry';
  /** Of the resource; −1 while it is not known. */
  #at = -1;
  /** To a server; undefined while it is not known for what. */
  #passage: Passage | undefined;
  /** Once it is open. */
  #server: Connection | undefined;
  /** While the client has not said yet for what it is. */
  #hello: Hello | undefined;
  /** What the client encrypts is for the server itself. */
  #isThrough = false;
  /** What came before it could be sent. */
  #kept: Uint8Array[] = [];
  #bytesIn = 0;
  #bytesOut = 0;
  #isClientDone = false;
  #isServerDone = false;
  #isClientClosed = false;
  /** Not taken by the client yet, when it was last looked at. */
  #leftBytes = 0;

  constructor({ connection, context, onClosed }: RelayParts) {
    this.#client = connection;
    this.#context = context;
    this.#onClosed = onClosed;
    this.#startedAtMs = context.clock.monotonicMs();
    this.#deadline = new Deadline(context.clock, () => {
      this.#overdue();
    });
    connection.handler = {
      borrows: true,
      opened: () => undefined,
      data: (bytes) => {
        this.#fromClient(bytes);
      },
      drained: () => {
        this.#touch();
        this.#server?.resume();
      },
      ended: () => {
        this.#clientEnded();
      },
      closed: (reason) => {
        this.#clientClosed(reason);
      },
    };
    connection.pause();
  }

  /** From here on to the server of the resource that the route says; which may take a look at what the client says first. */
  begin(route: TcpRoute): void {
    if (route.by === 'listener') {
      this.#goTo(route.resource);
      return;
    }
    this.#isThrough = true;
    this.#hello = { reader: new ClientHelloReader(), names: route.names };
    this.#deadline.set(this.#context.options.helloTimeoutMs);
    this.#client.resume();
  }

  /* ---- as a client of the listener: in the middle of a stream nobody can be told anything ---- */

  leave(): void {
    // It may go on for as long as the redirector does.
  }

  finish(): void {
    // As above: which bytes are the last is the client's to know.
  }

  /** What leads nowhere yet is told to look elsewhere. */
  stop(): void {
    if (this.#state === 'entry') this.refused('stopping');
  }

  destroy(): void {
    this.#cut('stopping');
  }

  /* ---- from a move ---- */

  get ageMs(): number {
    return this.#context.clock.monotonicMs() - this.#startedAtMs;
  }

  cut(): void {
    if (this.#passage?.isOpening === true) this.#passage.enterAgain();
    else this.#cut('move');
  }

  pin(): void {
    const passage = this.#passage;
    if (passage?.isOpening === true) {
      passage.enterAgain();
    } else if (passage?.isEntered === true) {
      this.#context.counters.pinned += 1;
      passage.leave();
    }
  }

  /* ---- to a server ---- */

  #readHello(bytes: Uint8Array, { reader, names }: Hello): void {
    this.#keep(bytes);
    const found = reader.read(bytes);
    if (found === 'more') return;
    this.#client.pause();
    this.#hello = undefined;
    if (found === 'invalid') this.refused('helloInvalid');
    else this.#goTo(resourceNamed(names, found.name));
  }

  #goTo(resource: ResourceId | undefined): void {
    this.#deadline.clear();
    this.#at = resource === undefined ? -1 : this.#context.gate.indexOf(resource);
    if (this.#at < 0) {
      this.refused('noResource');
      return;
    }
    this.#passage = new Passage({
      ...{ context: this.#context, user: this, at: this.#at, client: this.#client },
      isThrough: this.#isThrough,
    });
    this.#passage.enter();
  }

  /* ---- from the passage ---- */

  get keptBytes(): number {
    return this.#kept.reduce((sum, { length }) => sum + length, 0);
  }

  opened(server: Connection): void {
    const { clock, options } = this.#context;
    this.#state = 'open';
    this.#server = server;
    for (const bytes of this.#kept) this.#toServer(server, bytes);
    this.#kept = [];
    if (this.#isClientDone) server.end();
    if (options.lifeMs < Infinity) {
      const leftMs = Math.max(0, options.lifeMs - this.ageMs);
      this.#cancelLife = clock.after(leftMs, () => {
        this.#cut('life');
      });
    }
    this.#touch();
    this.#client.resume();
  }

  refused(name: TcpRefusal): void {
    this.#context.counters.refusedFor(name);
    this.#end('refused', name);
  }

  serverData(bytes: Uint8Array): void {
    if (this.#state !== 'open') return;
    this.#context.counters.bytesOut += bytes.length;
    this.#bytesOut += bytes.length;
    this.#passage?.carry(bytes.length);
    this.#touch();
    if (!this.#client.write(bytes)) this.#server?.pause();
  }

  serverDrained(): void {
    this.#touch();
    this.#client.resume();
  }

  serverEnded(): void {
    this.#isServerDone = true;
    this.#touch();
    this.#client.end();
  }

  serverClosed(reason: CloseReason): void {
    this.#server = undefined;
    if (this.#state !== 'open') return;
    if (!this.#isServerDone) this.#cut('serverLost');
    else if (this.#isClientClosed) this.#end('whole');
    else this.#letClientFinish(reason);
  }

  /* ---- bytes ---- */

  #fromClient(bytes: Uint8Array): void {
    if (this.#state === 'open' && this.#server !== undefined) {
      if (this.#context.gate.isLeaseOver(this.#at)) {
        this.#cut('leaseOver');
        return;
      }
      this.#touch();
      if (!this.#toServer(this.#server, bytes)) this.#client.pause();
    } else if (this.#hello !== undefined) {
      this.#readHello(bytes, this.#hello);
    } else if (this.#state === 'entry') {
      this.#keep(bytes);
    }
  }

  #keep(bytes: Uint8Array): void {
    this.#kept.push(Buffer.from(bytes));
  }

  #toServer(server: Connection, bytes: Uint8Array): boolean {
    this.#context.counters.bytesIn += bytes.length;
    this.#bytesIn += bytes.length;
    this.#passage?.carry(bytes.length);
    return server.write(bytes);
  }

  /** Something moved: the deadline begins anew. */
  #touch(): void {
    if (this.#state !== 'open') return;
    const { idleTimeoutMs, halfClosedTimeoutMs } = this.#context.options;
    const isHalf = this.#isClientDone || this.#isServerDone;
    this.#deadline.set(isHalf ? Math.min(halfClosedTimeoutMs, idleTimeoutMs) : idleTimeoutMs);
  }

  /* ---- ends ---- */

  #clientEnded(): void {
    this.#isClientDone = true;
    this.#touch();
    if (this.#state === 'open') this.#server?.end();
    else if (this.#hello !== undefined) this.refused('helloInvalid');
  }

  #clientClosed(reason: CloseReason): void {
    this.#isClientClosed = true;
    if (this.#state === 'over') {
      this.#onClosed();
      return;
    }
    // Both sides had finished: the server may still be taking what came last.
    if (this.#state === 'open' && reason === 'ended') return;
    if (this.#state === 'ending') {
      this.#end('whole');
      return;
    }
    this.#context.counters.clientsGone += 1;
    this.#end('gone');
  }

  /** Whatever became of what the client sends: it gets all that the server has said, at its own pace. */
  #letClientFinish(reason: CloseReason): void {
    this.#passage?.leave();
    this.#state = 'ending';
    this.#leftBytes = this.#client.buffered;
    this.#deadline.set(LINGER_MS);
    // A reset: the server takes no more of it, and the client learns so by a reset once it has everything.
    if (reason !== 'ended') this.#client.resume();
  }

  #overdue(): void {
    switch (this.#state) {
      case 'entry':
        this.refused('helloLate');
        return;
      case 'open':
        this.#cut('idle');
        return;
      case 'ending': {
        const leftBytes = this.#client.buffered;
        const isMoving = leftBytes < this.#leftBytes;
        this.#leftBytes = leftBytes;
        if (isMoving) this.#deadline.set(LINGER_MS);
        else this.#end('cut', 'linger');
        return;
      }
      case 'over':
        return;
    }
  }

  /** Neither side may take what it has got for the whole. */
  #cut(why: TcpCut): void {
    if (this.#state === 'over') return;
    if (this.#state === 'open') this.#context.counters.cutFor(why);
    this.#end('cut', why);
  }

  /** Over, whatever comes: nothing of it stays anywhere. */
  #end(end: AccessEnd, reason?: string): void {
    this.#state = 'over';
    this.#deadline.stop();
    this.#cancelLife();
    this.#kept = [];
    this.#hello = undefined;
    this.#server = undefined;
    this.#passage?.end();
    this.#log(end, reason);
    if (this.#isClientClosed) this.#onClosed();
    else this.#client.reset();
  }

  #log(end: AccessEnd, reason?: string): void {
    const { accessLog, gate } = this.#context;
    const serverIndex = this.#passage?.serverIndex ?? -1;
    const isWell = end === 'refused' ? CLIENTS_FAULT.has(reason) : end !== 'cut';
    if (accessLog?.wants(isWell) !== true) return;
    accessLog.tcp({
      ...{ client: this.#client.remote.host, end, reason },
      resource: this.#at < 0 ? undefined : gate.resourceId(this.#at),
      server: serverIndex < 0 ? undefined : gate.serverId(serverIndex),
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
      ms: this.ageMs,
    });
  }
}
