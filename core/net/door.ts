import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Cancel, Clock } from '../clock/port.js';
import type { Address } from '../domain.js';
import { parseIp } from './ip.js';
import type { ListenOptions } from './port.js';
import { readProxyHeader } from './proxy-header.js';

/** A connection that came in, past what stands before its bytes. */
export interface Entered {
  readonly socket: Socket;
  readonly secured: TLSSocket | undefined;
  /** As a proxy said; undefined: as the socket has it. */
  readonly remote: Address | undefined;
}

export interface DoorParts {
  readonly clock: Clock;
  readonly options: ListenOptions;
  readonly enter: (entered: Entered) => void;
}

const PROXY_HEADER_TIMEOUT_MS = 5000;
/** Connections between their opening and their entering; one beyond is closed. */
const WAITING_MAX = 5000;

/**
 * What stands between a socket that was accepted and its handler: the header of a proxy, if the peer is one that is believed, and
 * the TLS handshake, if the listener wants one. Whoever fails there is gone, and was never heard of.
 */
export class Door {
  readonly #parts: DoorParts;
  #waiting = 0;

  constructor(parts: DoorParts) {
    this.#parts = parts;
  }

  take(socket: Socket): void {
    const { proxies, tls } = this.#parts.options;
    const trusted = proxies?.();
    const hasHeader = trusted?.(parseIp(socket.remoteAddress ?? '')) === true;
    if (!hasHeader && tls?.() === undefined) {
      this.#parts.enter({ socket, secured: undefined, remote: undefined });
      return;
    }
    if (this.#waiting >= WAITING_MAX) {
      this.#fail(socket, 'too many connections are being opened');
      return;
    }
    this.#waiting += 1;
    socket.once('close', () => {
      leave();
    });
    let isWaiting = true;
    const leave = (): void => {
      if (isWaiting) this.#waiting -= 1;
      isWaiting = false;
    };
    if (hasHeader)
      this.#readHeader(socket, (remote) => {
        this.#secure(socket, remote, leave);
      });
    else this.#secure(socket, undefined, leave);
  }

  #readHeader(socket: Socket, read: (remote: Address | undefined) => void): void {
    let sofar: Buffer = Buffer.alloc(0);
    const late: Cancel = this.#parts.clock.after(PROXY_HEADER_TIMEOUT_MS, () => {
      this.#fail(socket, 'the header of the proxy did not come in time');
    });
    const onError = (): void => undefined;
    const onData = (bytes: Buffer): void => {
      sofar = sofar.length === 0 ? bytes : Buffer.concat([sofar, bytes]);
      const found = readProxyHeader(sofar);
      if (found === 'more') return;
      end();
      if (found === 'invalid') {
        this.#fail(socket, 'the header of the proxy is not valid');
        return;
      }
      socket.pause();
      if (found.bytes < sofar.length) socket.unshift(sofar.subarray(found.bytes));
      read(found.source);
    };
    const onEnd = (): void => {
      end();
      socket.destroy();
    };
    const end = (): void => {
      late();
      socket.off('data', onData).off('end', onEnd).off('close', end).off('error', onError);
    };
    socket.on('data', onData).on('end', onEnd).on('close', end).on('error', onError);
  }

  #secure(socket: Socket, remote: Address | undefined, leave: () => void): void {
    const { options, enter } = this.#parts;
    const tls = options.tls?.();
    if (tls === undefined) {
      leave();
      // Its handler hears of the rest, unless it pauses it itself.
      if (socket.isPaused()) socket.resume();
      enter({ socket, secured: undefined, remote });
      return;
    }
    tls.shake(socket, (secured) => {
      leave();
      if (secured === undefined) options.acceptFailed?.('the TLS handshake failed');
      else enter({ socket, secured, remote });
    });
  }

  #fail(socket: Socket, why: string): void {
    this.#parts.options.acceptFailed?.(why);
    socket.on('error', () => undefined);
    socket.destroy();
  }
}
