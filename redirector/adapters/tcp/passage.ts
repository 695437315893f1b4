import type { CloseReason, Connection } from '../../../core/net/port.js';
import { proxyHeaderBytes } from '../../../core/net/proxy-header.js';
import type { EntryRefusal, EntryUser } from '../entry.js';
import { Entry } from '../entry.js';
import type { UnderWay } from '../under-way.js';
import type { TcpContext } from './context.js';
import type { TcpRefusal } from './counters.js';

/** Whose passage it is, and who hears of the server. */
export interface PassageUser extends UnderWay {
  /** What waits to be sent: it counts against the limits of what is held. */
  readonly keptBytes: number;
  opened(server: Connection): void;
  /** It leads nowhere. */
  refused(name: TcpRefusal): void;
  /* Of the server, once it is open. */
  serverData(bytes: Uint8Array): void;
  serverDrained(): void;
  serverEnded(): void;
  serverClosed(reason: CloseReason): void;
}

export interface PassageParts {
  readonly context: TcpContext;
  readonly user: PassageUser;
  /** Of the resource. */
  readonly at: number;
  readonly client: Pick<Connection, 'remote' | 'local'>;
  /** What the client encrypts is for the server itself. */
  readonly isThrough: boolean;
}

/**
 * The way of one connection through the gate to a server, and its stay there. What opened is told to its user; until then
 * nothing was sent, and it may begin anew.
 *
 *   gate ⇄ opening → open → over        gate: it waits there, or for another try
 *     └───────┴────────┴──────↗
 */
export class Passage implements EntryUser {
  readonly #context: TcpContext;
  readonly #user: PassageUser;
  readonly #parts: PassageParts;
  readonly #entry: Entry;
  #state: 'gate' | 'opening' | 'open' | 'over' = 'gate';
  #server: Connection | undefined;
  /** Since when a connection to it is being opened (monotonic). */
  #connectingAtMs = 0;

  constructor(parts: PassageParts) {
    this.#parts = parts;
    this.#context = parts.context;
    this.#user = parts.user;
    this.#entry = new Entry(parts.context, { user: this, work: parts.user, at: parts.at });
  }

  get isOpening(): boolean {
    return this.#state === 'opening';
  }

  /** It counts as work of the resource, which a move waits for. */
  get isEntered(): boolean {
    return this.#entry.isIn;
  }

  /** The last server that it led to, or was to; −1: none. */
  get serverIndex(): number {
    return this.#entry.server;
  }

  enter(): void {
    this.#state = 'gate';
    this.#entry.enter();
  }

  /** Nothing was sent: from the gate on anew. */
  enterAgain(): void {
    this.#dropServer();
    this.#state = 'gate';
    this.#entry.enterAgain();
  }

  /** So much went through. */
  carry(bytes: number): void {
    if (this.#entry.isIn) this.#context.gate.carry(this.#parts.at, bytes);
  }

  /** Out of the gate, served; the connection to the server may go on. */
  leave(): void {
    this.#entry.leave(0);
  }

  /** Over, whatever comes: nothing of it stays anywhere. */
  end(): void {
    const wasOpen = this.#state === 'open';
    this.#state = 'over';
    this.#entry.stopWaiting();
    this.#dropServer();
    if (wasOpen) this.leave();
    else this.#entry.withdraw();
  }

  /* ---- from the gate ---- */

  get keptBytes(): number {
    return this.#user.keptBytes;
  }

  entered(to: number): void {
    const { addressOf, perServer, options } = this.#context;
    if (perServer.of(to) >= options.serverConnectionsMax) {
      this.#user.refused('serverFull');
      return;
    }
    this.#state = 'opening';
    const address = addressOf(to);
    if (address === undefined) this.#notConnected();
    else this.#connect(address, to);
  }

  refused(name: EntryRefusal): void {
    this.#user.refused(name);
  }

  /* ---- to the server ---- */

  #connect(address: Connection['remote'], to: number): void {
    const { linkOf, perServer, options, net, clock } = this.#context;
    const { client, isThrough } = this.#parts;
    const { tls, proxyProtocol } = linkOf(to);
    const { remote: source, local: destination } = client;
    perServer.add(to);
    const server = net.connect(address, {
      timeoutMs: options.connectTimeoutMs,
      tls: isThrough ? undefined : tls,
      preface: proxyProtocol && proxyHeaderBytes(proxyProtocol, { source, destination }),
    });
    this.#server = server;
    this.#connectingAtMs = clock.monotonicMs();
    const isCurrent = (): boolean => server === this.#server;
    server.handler = {
      borrows: true,
      opened: () => {
        if (isCurrent()) this.#opened(server);
      },
      data: (bytes) => {
        if (isCurrent()) this.#user.serverData(bytes);
      },
      drained: () => {
        if (isCurrent()) this.#user.serverDrained();
      },
      ended: () => {
        if (isCurrent()) this.#user.serverEnded();
      },
      closed: (reason) => {
        perServer.remove(to);
        if (isCurrent()) this.#closed(reason);
      },
    };
  }

  #opened(server: Connection): void {
    const { clock, work } = this.#context;
    if (!this.#entry.isAsEntered) {
      this.enterAgain();
      return;
    }
    this.#state = 'open';
    work.answered(this.#entry.server, 0, clock.monotonicMs() - this.#connectingAtMs);
    this.#user.opened(server);
  }

  #closed(reason: CloseReason): void {
    this.#server = undefined;
    if (this.#state === 'opening') this.#notConnected();
    else this.#user.serverClosed(reason);
  }

  #notConnected(): void {
    this.#state = 'gate';
    this.#entry.notConnected();
  }

  #dropServer(): void {
    const server = this.#server;
    this.#server = undefined;
    server?.reset();
  }
}
