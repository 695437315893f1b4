import type { Socket } from 'node:net';
import { isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { connect as connectTls } from 'node:tls';
import type { Address } from '../domain.js';
import type { CloseReason, Connection, ConnectionHandler } from './port.js';
import type { ClientTls } from './tls/client-tls.js';
import { readIntoOwn } from './own-reads.js';
import type { Block } from './block.js';
import type { MessageMemory } from './message-memory.js';
import type { Piece, SocketMemory } from './socket-memory.js';
import { UNHANDLED } from './unhandled.js';

/** Why a connection did not open, by the system's error code; `unreachable` for all others. */
const OPENING_REASONS: Readonly<Record<string, CloseReason>> = {
  ECONNREFUSED: 'refused',
  ETIMEDOUT: 'timeout',
};

/** So much of what is corked is copied into one piece: cheaper than a system call more, or than one for many pieces. */
const JOINED_BYTES_MAX = 16 << 10;
/** One read that brings so much is followed by more: it gets memory of its own. */
const BULK_BYTES_MIN = 32 << 10;
/** One that brings no more has come to an end of it: nobody holds on to a block in silence. */
const QUIET_BYTES_MAX = 16 << 10;

const OWNER = Symbol('connection');

type BoundSocket = Socket & { readonly [OWNER]: NodeConnection };

/** What a connection is besides its socket. */
export interface NodeConnectionParts {
  readonly memory: SocketMemory;
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
  readonly #memory: SocketMemory;
  /** TCP's. */
  readonly #lower: Socket;
  /** Where the bytes go: the same, or TLS over it. */
  #socket: Socket;
  #isOpen: boolean;
  #reason: CloseReason | undefined;
  /** Where the next read goes. */
  #block: Block;
  /** Memory of the handler's, in place of that. */
  #into: Uint8Array | undefined;
  /** Lent of the last one. */
  #lastRead = 0;
  #isPaused = false;
  #corks = 0;
  /** Written since it was corked, and not passed on. */
  #joined: Piece | undefined;

  constructor(socket: Socket, { memory, opening, secured, remote }: NodeConnectionParts) {
    this.#memory = memory;
    this.#block = memory.shared;
    this.#lower = socket;
    this.#socket = secured ?? socket;
    this.#isOpen = opening === undefined;
    this.remote = remote ?? opening?.to ?? addressOf(socket.remoteAddress, socket.remotePort);
    this.#bind(this.#socket);
    if (opening === undefined) {
      if (secured === undefined) this.#readIntoOwn();
    } else {
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
      this.#readIntoOwn();
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
    const bound: BoundSocket = Object.assign(socket, { [OWNER]: this });
    bound
      .on('data', NodeConnection.#onData)
      .on('drain', NodeConnection.#onDrain)
      .on('end', NodeConnection.#onEnd)
      .on('error', NodeConnection.#onError)
      .on('close', NodeConnection.#onClose);
  }

  /* One function each for all sockets: as many closures would be a sixth of what an idle connection costs. */

  static #onData(this: BoundSocket, bytes: Uint8Array): void {
    this[OWNER].handler.data(bytes);
  }

  static #onDrain(this: BoundSocket): void {
    const owner = this[OWNER];
    if (owner.#socket === this) owner.handler.drained();
  }

  static #onEnd(this: BoundSocket): void {
    const owner = this[OWNER];
    if (owner.#socket === this) owner.handler.ended();
  }

  static #onError(this: BoundSocket, error: NodeJS.ErrnoException): void {
    const owner = this[OWNER];
    owner.#reason ??= owner.#isOpen
      ? 'reset'
      : (OPENING_REASONS[error.code ?? ''] ?? 'unreachable');
  }

  static #onClose(this: BoundSocket): void {
    const owner = this[OWNER];
    owner.#leaveBlock();
    if (owner.#socket === this) owner.handler.closed(owner.#reason ?? 'ended');
  }

  /** What was read before comes by the event. */
  #readIntoOwn(): void {
    readIntoOwn(this.#socket, {
      into: this.#block.bytes,
      read: (length) => {
        this.#read(length);
      },
      next: () => this.#nextMemory(),
    });
  }

  #read(length: number): void {
    const { handler } = this;
    if (this.#into !== undefined) {
      handler.data(this.#into.subarray(0, length));
      return;
    }
    const bytes = this.#block.bytes.subarray(0, length);
    if (handler.borrows !== true) {
      handler.data(Buffer.from(bytes));
      return;
    }
    this.#memory.lent = this.#block;
    handler.data(bytes);
    this.#memory.lent = undefined;
    this.#lastRead = length;
  }

  #nextMemory(): Uint8Array | undefined {
    const { handler } = this;
    const last = this.#into;
    this.#into = handler.readsInto?.();
    if (this.#into !== undefined) return this.#into;
    // Whoever has memory of its own for what is long is lent no more for it.
    if (handler.readsInto === undefined) return this.#nextBlock();
    return last === undefined ? undefined : this.#block.bytes;
  }

  #nextBlock(): Uint8Array | undefined {
    const memory = this.#memory;
    const block = this.#block;
    const length = this.#lastRead;
    this.#lastRead = 0;
    if (block === memory.shared) {
      if (length < BULK_BYTES_MIN) return undefined;
      this.#block = memory.takeBlock();
    } else {
      const isQuiet = length <= QUIET_BYTES_MAX;
      if (!isQuiet && !block.isUsed) return undefined;
      this.#leaveBlock();
      if (!isQuiet) this.#block = memory.takeBlock();
    }
    return this.#block.bytes;
  }

  #leaveBlock(): void {
    this.#memory.leaveBlock(this.#block);
    this.#block = this.#memory.shared;
  }

  get local(): Address {
    return addressOf(this.#socket.localAddress, this.#socket.localPort);
  }

  get buffered(): number {
    return this.#socket.writableLength + joinedBytes(this.#joined);
  }

  get messages(): MessageMemory {
    return this.#memory.messages;
  }

  write(bytes: Uint8Array, block?: Block): boolean {
    const socket = this.#socket;
    if (!socket.writable) return false;
    const isCorked = this.#corks > 0;
    // What is lent of the memory of all is copied in any case.
    if (this.#memory.isShared(bytes) || (isCorked && bytes.length <= JOINED_BYTES_MAX)) {
      this.#join(bytes);
      if (!isCorked) this.#writeJoined();
      return !socket.writableNeedDrain;
    }
    if (this.#joined === undefined) return this.#writeWhole(bytes, block);
    socket.cork();
    this.#writeJoined();
    const hasRoom = this.#writeWhole(bytes, block);
    socket.uncork();
    return hasRoom;
  }

  cork(): void {
    this.#corks += 1;
  }

  uncork(): void {
    if (this.#corks > 0) this.#corks -= 1;
    if (this.#corks === 0) this.#writeJoined();
  }

  #join(bytes: Uint8Array): void {
    let joined = this.#memory.join(this.#joined, bytes);
    if (joined === undefined) {
      this.#writeJoined();
      joined = this.#memory.join(undefined, bytes);
    }
    this.#joined = joined;
  }

  #writeJoined(): void {
    const joined = this.#joined;
    if (joined === undefined) return;
    this.#joined = undefined;
    const socket = this.#socket;
    if (socket.writable) socket.write(joined.slab.subarray(joined.from, joined.to));
    // Node says so at once if the system took all of it.
    if (socket.writableLength === 0) this.#memory.taken(joined);
  }

  #writeWhole(bytes: Uint8Array, of: Block | undefined): boolean {
    const block = of ?? this.#memory.blockOf(bytes);
    if (block === undefined) return this.#socket.write(bytes);
    block.use();
    return this.#socket.write(bytes, block.release);
  }

  end(): void {
    this.#writeJoined();
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
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    // Asked for at the end of each request; Node's own would look at much to find nothing to do.
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#socket.resume();
  }

  /** Closes it from this side, for this reason unless there was one before. */
  giveUp(reason: CloseReason): void {
    this.#reason ??= reason;
    this.#socket.destroy();
  }
}

function joinedBytes(joined: Piece | undefined): number {
  return joined === undefined ? 0 : joined.to - joined.from;
}

/** An IPv4 client of a socket for both families has an address in disguise. */
function addressOf(host = '', port = 0): Address {
  return { host: host.replace(/^::ffff:(?=[0-9.]+$)/, ''), port };
}
