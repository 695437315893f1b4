import type { Socket } from 'node:net';
import type { Address } from '../domain.js';
import type { CloseReason, Connection, ConnectionHandler } from './port.js';
import { UNHANDLED } from './unhandled.js';

/** Why a connection did not open, by the system's error code; `unreachable` for all others. */
const OPENING_REASONS: Readonly<Record<string, CloseReason>> = {
  ECONNREFUSED: 'refused',
  ETIMEDOUT: 'timeout',
};

/**
 * A TCP socket as a `Connection`. Node calls back in later turns only, and all its errors end in `closed`.
 *
 *   opening → open → closed      (an accepted one is open from the start)
 */
export class NodeConnection implements Connection {
  handler: ConnectionHandler = UNHANDLED;
  readonly remote: Address;
  readonly #socket: Socket;
  #isOpen: boolean;
  #reason: CloseReason | undefined;

  /** `opening`: where a socket that is not connected yet will lead. */
  constructor(socket: Socket, opening?: Address) {
    this.#socket = socket;
    this.#isOpen = opening === undefined;
    this.remote = opening ?? addressOf(socket.remoteAddress, socket.remotePort);
    socket
      .on('connect', () => {
        this.#isOpen = true;
        this.handler.opened();
      })
      .on('data', (bytes) => {
        this.handler.data(bytes);
      })
      .on('drain', () => {
        this.handler.drained();
      })
      .on('end', () => {
        this.handler.ended();
      })
      .on('error', (error: NodeJS.ErrnoException) => {
        this.#reason ??= this.#isOpen
          ? 'reset'
          : (OPENING_REASONS[error.code ?? ''] ?? 'unreachable');
      })
      .on('close', () => {
        this.handler.closed(this.#reason ?? 'ended');
      });
  }

  get local(): Address {
    return addressOf(this.#socket.localAddress, this.#socket.localPort);
  }

  get buffered(): number {
    return this.#socket.writableLength;
  }

  write(bytes: Uint8Array): boolean {
    return this.#socket.writable && this.#socket.write(bytes);
  }

  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
  }

  end(): void {
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
      socket.resetAndDestroy();
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
