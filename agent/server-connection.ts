import type { Address } from '../core/domain.js';
import type { HttpFault } from '../core/net/http/fault.js';
import type { HeaderList } from '../core/net/http/header-list.js';
import type { ResponseHead } from '../core/net/http/response-head.js';
import { ResponseReader } from '../core/net/http/response-reader.js';
import type { CloseReason, Connection, Net } from '../core/net/port.js';

/** Whoever asks the server over it: one request after the other. */
export interface ServerUser {
  /** The server has sent something. */
  heard(): void;
  /** Asked before what waited is sent. False: it is not, and the connection was given up. */
  mayGoOn(): boolean;
  /** It takes bytes again. */
  drained(): void;
  answerHead(head: ResponseHead): void;
  answerBody(bytes: Uint8Array): void;
  /** `hasMore`: the server said more than was asked; nothing more may be asked on this connection. */
  answerEnd(trailers: HeaderList, hasMore: boolean): void;
  answerFault(fault: HttpFault): void;
  tunnelData(bytes: Uint8Array): void;
  tunnelEnded(): void;
  /** An attempt to connect ended. */
  reached(isReached: boolean): void;
  /** It is gone. `wasSent`: something of the request may have arrived. */
  closed(wasSent: boolean): void;
}

export interface ServerConnectionOptions {
  /** The server itself, on this machine. */
  readonly forward: Address;
  readonly connectTimeoutMs: number;
}

const PENDING_BYTES_MAX = 64 << 10;

/**
 * The connection to the server that belongs to one of a redirector: it is opened when there is something to ask, and kept for the
 * next request.
 *
 *   away → opening → open ⇄ listening        each → away, when it closes
 *
 * What the server said since its last answer, which nobody asked for, is to be heard before the next question is put: it would be
 * taken for the answer. Until then the request waits as for a connection that opens.
 */
export class ServerConnection {
  readonly #net: Net;
  readonly #options: ServerConnectionOptions;
  readonly #user: ServerUser;
  #state: 'away' | 'opening' | 'open' | 'listening' = 'away';
  #connection: Connection | undefined;
  #responses: ResponseReader;
  /** Of the request under way. */
  #method: string | undefined;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #isTunnel = false;

  constructor(net: Net, options: ServerConnectionOptions, user: ServerUser) {
    this.#net = net;
    this.#options = options;
    this.#user = user;
    this.#responses = this.#newResponses();
  }

  get isAway(): boolean {
    return this.#state === 'away';
  }

  /** What is sent goes out at once. */
  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** A request begins; then it is sent. */
  ask(method: string): void {
    this.#method = method;
    if (this.#state === 'away') this.#connect(method);
    else if (this.#state === 'open') this.#listen(method);
    else this.#responses.expect(method);
  }

  /** Nobody waits for an answer. */
  done(): void {
    this.#method = undefined;
  }

  /** False: it is full; `drained` follows. */
  send(bytes: Uint8Array): boolean {
    if (this.#state === 'open') return this.#connection?.write(bytes) !== false;
    // The tunnel that it was for is no more.
    if (this.#state === 'away') return true;
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    return this.#pendingBytes <= PENDING_BYTES_MAX;
  }

  /** The server has answered 101: what follows is not HTTP. */
  becomeTunnel(): void {
    this.#isTunnel = true;
  }

  pause(): void {
    this.#connection?.pause();
  }

  resume(): void {
    this.#connection?.resume();
  }

  end(): void {
    this.#connection?.end();
  }

  destroy(): void {
    this.#connection?.destroy();
  }

  reset(): void {
    this.#connection?.reset();
  }

  #connect(method: string): void {
    const { forward, connectTimeoutMs } = this.#options;
    const connection = this.#net.connect(forward, { timeoutMs: connectTimeoutMs });
    this.#connection = connection;
    this.#state = 'opening';
    this.#responses = this.#newResponses();
    this.#responses.expect(method);
    const isCurrent = (): boolean => this.#connection === connection;
    connection.handler = {
      opened: () => {
        if (!isCurrent()) return;
        this.#user.reached(true);
        this.#sendPending(connection);
      },
      data: (bytes) => {
        if (isCurrent()) this.#read(bytes);
      },
      drained: () => {
        if (isCurrent()) this.#user.drained();
      },
      ended: () => {
        if (isCurrent()) this.#ended(connection);
      },
      closed: (reason) => {
        if (isCurrent()) this.#closed(reason);
      },
    };
  }

  #listen(method: string): void {
    const connection = this.#connection;
    this.#state = 'listening';
    this.#net.afterArrivals(() => {
      if (connection === undefined || this.#connection !== connection) return;
      this.#responses.expect(method);
      this.#sendPending(connection);
    });
  }

  /** It was just about to be used, and nothing of the request was sent: as good as one that closed before. */
  #connectAgain(method: string): void {
    const before = this.#connection;
    this.#connection = undefined;
    before?.destroy();
    this.#connect(method);
  }

  #sendPending(connection: Connection): void {
    if (!this.#user.mayGoOn()) return;
    this.#state = 'open';
    const pending = this.#pending;
    this.#forgetPending();
    let hasRoom = true;
    for (const bytes of pending) hasRoom = connection.write(bytes);
    if (hasRoom) this.#user.drained();
  }

  #forgetPending(): void {
    this.#pending = [];
    this.#pendingBytes = 0;
  }

  #read(bytes: Uint8Array): void {
    this.#user.heard();
    let at = 0;
    while (at < bytes.length && !this.#isTunnel) at = this.#responses.read(bytes, at);
    if (at < bytes.length) this.#user.tunnelData(at === 0 ? bytes : bytes.subarray(at));
  }

  #newResponses(): ResponseReader {
    return new ResponseReader({
      head: (head) => {
        this.#user.answerHead(head);
      },
      body: (bytes) => {
        this.#user.answerBody(bytes);
      },
      end: (trailers, hasMore) => {
        if (!this.#isTunnel) this.#user.answerEnd(trailers, hasMore);
      },
      fault: (fault) => {
        if (this.#state === 'listening' && this.#method !== undefined) {
          this.#connectAgain(this.#method);
          return;
        }
        this.#connection?.destroy();
        this.#user.answerFault(fault);
      },
    });
  }

  #ended(connection: Connection): void {
    if (this.#isTunnel) {
      this.#user.tunnelEnded();
    } else if (this.#state === 'listening' && this.#method !== undefined) {
      this.#connectAgain(this.#method);
    } else {
      this.#responses.peerEnded();
      connection.destroy();
    }
  }

  #closed(reason: CloseReason): void {
    const before = this.#state;
    if (before === 'listening' && this.#method !== undefined && reason !== 'destroyed') {
      this.#connectAgain(this.#method);
      return;
    }
    this.#connection = undefined;
    this.#state = 'away';
    this.#forgetPending();
    // One that was given up here, since nobody waited for it any more, says nothing of the server.
    if (before === 'opening' && reason !== 'destroyed') this.#user.reached(false);
    this.#user.closed(before === 'open');
  }
}
