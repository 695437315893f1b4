import type { Socket } from 'node:net';
import { isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { connect as connectTls } from 'node:tls';
import type { Address } from '../domain.js';
import type { CloseReason, Connection, ConnectionHandler } from './port.js';
import type { ClientTls } from './tls/client-tls.js';
import { UNHANDLED } from './unhandled.js';

/** Why a connection did not open, by the system's error code; `unreachable` for all others. */
const OPENING_REASONS: Readonly<Record<string, CloseReason>> = {
  ECONNREFUSED: 'refused',
  ETIMEDOUT: 'timeout',
};

/** So much of what is corked is copied into one piece: cheaper than a system call more, or than one for many pieces. */
const JOINED_BYTES_MAX = 16 << 10;

/** What a connection is besides its socket. */
export interface NodeConnectionParts {
  /** Where a socket that is not connected yet will lead, and how. */
  readonly opening?: Opening;
  /** TLS over the socket, after its handshake. */
  readonly secured?: TLSSocket | undefined;
  /** Of the peer, if somebody else than the socket says it. */
  readonly remote?: Address | undefined;
}

interface Opening {
  readonly to: Address;
  readonly preface?: Uint8Array | undefined;
  readonly tls?: ClientTls | undefined;
}

/**
 * A TCP socket as a `Connection`, or TLS over one. Node calls back in later turns only, and all its errors end in `closed`.
 *
 *   opening → (shaking hands →) open → closed      (an accepted one is open from the start)
 */
export class NodeConnection implements Connection {
  handler: ConnectionHandler = UNHANDLED;
  readonly remote: Address;
  /** TCP's. */
  readonly #lower: Socket;
  /** Where the bytes go: the same, or TLS over it. */
  #socket: Socket;
  #isOpen: boolean;
  #reason: CloseReason | undefined;
  #corks = 0;
  /** Written since it was corked. */
  #corked: Uint8Array[] = [];
  #corkedBytes = 0;

  constructor(socket: Socket, { opening, secured, remote }: NodeConnectionParts = {}) {
    this.#lower = socket;
    this.#socket = secured ?? socket;
    this.#isOpen = opening === undefined;
    this.remote = remote ?? opening?.to ?? addressOf(socket.remoteAddress, socket.remotePort);
    this.#bind(this.#socket);
    if (opening !== undefined) {
      socket.once('connect', () => {
        this.#connected(opening);
      });
    }
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get isSecure(): boolean {
    return this.#socket !== this.#lower;
  }

  #connected({ to, preface, tls }: Opening): void {
    if (preface !== undefined) this.#lower.write(preface);
    if (tls === undefined) {
      this.#opened();
      return;
    }
    const { context, serverName, protocols } = tls;
    const name = serverName ?? to.host;
    const secured = connectTls({
      socket: this.#lower,
      secureContext: context,
      host: name,
      // An IP has no place in a hello (RFC 6066 §3), but is looked for in the certificate.
      ...(isIP(name) === 0 && { servername: name }),
      ...(protocols.length > 0 && { ALPNProtocols: [...protocols] }),
    });
    this.#socket = secured;
    this.#bind(secured);
    secured
      .once('secureConnect', () => {
        this.#opened();
      })
      .on('error', () => {
        // Node's types leave out that it is null as long as nothing was wrong with the certificate.
        const why = secured.authorizationError as Error | null | undefined;
        if (!this.#isOpen && why !== null && why !== undefined) this.#reason = 'untrusted';
      });
  }

  #opened(): void {
    this.#isOpen = true;
    this.handler.opened();
  }

  /** Once TLS is over it, what the lower socket does is TLS's to hear. */
  #bind(socket: Socket): void {
    const isCurrent = (): boolean => socket === this.#socket;
    socket
      .on('data', (bytes: Uint8Array) => {
        this.handler.data(bytes);
      })
      .on('drain', () => {
        if (isCurrent()) this.handler.drained();
      })
      .on('end', () => {
        if (isCurrent()) this.handler.ended();
      })
      .on('error', (error: NodeJS.ErrnoException) => {
        this.#reason ??= this.#isOpen
          ? 'reset'
          : (OPENING_REASONS[error.code ?? ''] ?? 'unreachable');
      })
      .on('close', () => {
        if (isCurrent()) this.handler.closed(this.#reason ?? 'ended');
      });
  }

  get local(): Address {
    return addressOf(this.#socket.localAddress, this.#socket.localPort);
  }

  get buffered(): number {
    return this.#socket.writableLength + this.#corkedBytes;
  }

  write(bytes: Uint8Array): boolean {
    const socket = this.#socket;
    if (!socket.writable) return false;
    if (this.#corks === 0) return socket.write(bytes);
    if (this.#corkedBytes + bytes.length > JOINED_BYTES_MAX) {
      if (this.#corkedBytes === 0) return socket.write(bytes);
      socket.cork();
      this.#writeCorked();
      const hasRoom = socket.write(bytes);
      socket.uncork();
      return hasRoom;
    }
    this.#corked.push(bytes);
    this.#corkedBytes += bytes.length;
    return !socket.writableNeedDrain;
  }

  cork(): void {
    this.#corks += 1;
  }

  uncork(): void {
    if (this.#corks > 0) this.#corks -= 1;
    if (this.#corks === 0) this.#writeCorked();
  }

  #writeCorked(): void {
    const [first, ...others] = this.#corked;
    if (first === undefined) return;
    const bytes = others.length === 0 ? first : Buffer.concat(this.#corked, this.#corkedBytes);
    this.#corked = [];
    this.#corkedBytes = 0;
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  end(): void {
    this.#writeCorked();
    if (this.#socket.writable) this.#socket.end();
  }

  destroy(): void {
    this.giveUp('destroyed');
  }

  reset(): void {
    const socket = this.#socket;
    // While a FIN is on its way the system refuses to reset, and Node would then leave the descriptor open.
    const isEnding = socket.writableEnded && !socket.writableFinished;
    if (this.#isOpen && !isEnding && !socket.destroyed) {
      this.#reason ??= 'destroyed';
      this.#lower.resetAndDestroy();
      // TLS over it says nothing more, since there is nobody to say it to.
      socket.destroy();
    } else {
      this.destroy();
    }
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Closes it from this side, for this reason unless there was one before. */
  giveUp(reason: CloseReason): void {
    this.#reason ??= reason;
    this.#socket.destroy();
  }
}

/** An IPv4 client of a socket for both families has an address in disguise. */
function addressOf(host = '', port = 0): Address {
  return { host: host.replace(/^::ffff:(?=[0-9.]+$)/, ''), port };
}
