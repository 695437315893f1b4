import { strict as assert } from 'node:assert';
import type { Cancel } from '../../../core/clock/port.js';
import type { CloseReason, Connection } from '../../../core/net/port.js';
import { proxyHeaderBytes } from '../../../core/net/proxy-header.js';
import type { Entrance, Ticket } from '../../gate.js';
import { HELD, LEASE_OVER, UNASSIGNED, UNREACHABLE } from '../../gate.js';
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
export class Passage {
  readonly #context: TcpContext;
  readonly #user: PassageUser;
  readonly #parts: PassageParts;
  readonly #at: number;
  #state: 'gate' | 'opening' | 'open' | 'over' = 'gate';
  #isEntered = false;
  #server: Connection | undefined;
  #serverIndex = -1;
  /** Since when that server serves the resource, as the gate said on entering. */
  #since = '';
  /** Since when a connection to it is being opened (monotonic). */
  #connectingAtMs = 0;
  #ticket: Ticket | undefined;
  /** A server that failed just now: others that serve the resource as well are asked before it. */
  #avoid = -1;
  #cancelRetry: Cancel = () => undefined;

  constructor(parts: PassageParts) {
    this.#parts = parts;
    this.#context = parts.context;
    this.#user = parts.user;
    this.#at = parts.at;
  }

  get isOpening(): boolean {
    return this.#state === 'opening';
  }

  /** It counts as work of the resource, which a move waits for. */
  get isEntered(): boolean {
    return this.#isEntered;
  }

  /** The last server that it led to, or was to; −1: none. */
  get serverIndex(): number {
    return this.#serverIndex;
  }

  enter(): void {
    const { gate } = this.#context;
    this.#state = 'gate';
    const entrance = gate.enter(this.#at, this.#avoid);
    if (entrance !== HELD) {
      this.#entered(entrance);
      return;
    }
    this.#ticket = gate.park(this.#at, this.#user.keptBytes, (later) => {
      this.#ticket = undefined;
      if (later === 'expired') this.#user.refused('holdTooLong');
      else this.#entered(later);
    });
    if (this.#ticket === undefined) this.#user.refused('holdFull');
  }

  /** Nothing was sent: from the gate on anew. */
  enterAgain(): void {
    this.#dropServer();
    this.#withdraw();
    this.enter();
  }

  /** So much went through. */
  carry(bytes: number): void {
    if (this.#isEntered) this.#context.gate.carry(this.#at, bytes);
  }

  /** Out of the gate, served; the connection to the server may go on. */
  leave(): void {
    if (!this.#isEntered) return;
    this.#forgetEntry();
    this.#context.gate.leave(this.#at, 0, this.#user.ageMs);
  }

  /** Over, whatever comes: nothing of it stays anywhere. */
  end(): void {
    const wasOpen = this.#state === 'open';
    this.#state = 'over';
    this.#ticket?.cancel();
    this.#ticket = undefined;
    this.#cancelRetry();
    this.#dropServer();
    if (wasOpen) this.leave();
    else this.#withdraw();
  }

  #entered(entrance: Entrance): void {
    if (entrance < 0) {
      this.#user.refused(closedBy(entrance));
      return;
    }
    const { gate, underWay, addressOf, perServer, options, work } = this.#context;
    this.#isEntered = true;
    underWay.add(this.#at, this.#user);
    work.entered(entrance);
    this.#since = gate.sinceText(this.#at);
    this.#serverIndex = entrance;
    if (perServer.of(entrance) >= options.serverConnectionsMax) {
      this.#user.refused('serverFull');
      return;
    }
    this.#state = 'opening';
    const address = addressOf(entrance);
    if (address === undefined) this.#notConnected();
    else this.#connect(address, entrance);
  }

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
    const { gate, clock, work } = this.#context;
    if (gate.sinceText(this.#at) !== this.#since || gate.isLeaseOver(this.#at)) {
      this.enterAgain();
      return;
    }
    this.#state = 'open';
    work.answered(this.#serverIndex, 0, clock.monotonicMs() - this.#connectingAtMs);
    this.#user.opened(server);
  }

  #closed(reason: CloseReason): void {
    this.#server = undefined;
    if (this.#state === 'opening') this.#notConnected();
    else this.#user.serverClosed(reason);
  }

  #notConnected(): void {
    const { gate, suspect, options, work } = this.#context;
    this.#withdraw();
    work.failed(this.#serverIndex);
    suspect(this.#serverIndex);
    if (this.#user.ageMs >= options.retryForMs) {
      this.#user.refused('unreachable');
    } else if (gate.isShared(this.#at)) {
      this.#avoid = this.#serverIndex;
      this.#enterSoon();
    } else {
      gate.stall(this.#at);
      this.enter();
    }
  }

  /** Again, after a pause that lets news arrive. */
  #enterSoon(): void {
    const { clock, options } = this.#context;
    this.#state = 'gate';
    this.#cancelRetry = clock.after(options.retryPauseMs, () => {
      this.enter();
    });
  }

  #dropServer(): void {
    const server = this.#server;
    this.#server = undefined;
    server?.reset();
  }

  /** Out of the gate without having been served. */
  #withdraw(): void {
    if (!this.#isEntered) return;
    this.#forgetEntry();
    this.#context.gate.withdraw(this.#at);
  }

  #forgetEntry(): void {
    this.#isEntered = false;
    this.#context.work.left(this.#serverIndex);
    this.#context.underWay.remove(this.#at, this.#user);
  }
}

function closedBy(entrance: Entrance): TcpRefusal {
  switch (entrance) {
    case UNREACHABLE:
      return 'unreachable';
    case LEASE_OVER:
      return 'leaseOver';
    default:
      assert.equal(entrance, UNASSIGNED);
      return 'unassigned';
  }
}
