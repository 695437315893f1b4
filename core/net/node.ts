import { lookup } from 'node:dns/promises';
import type { Server } from 'node:net';
import { Socket, createServer } from 'node:net';
import { setImmediate } from 'node:timers';
import type { Clock } from '../clock/port.js';
import type { Address } from '../domain.js';
import { formatAddress } from '../domain.js';
import { ForeshiftError, codeOf } from '../errors.js';
import { messageOf } from '../text.js';
import { Door } from './door.js';
import type { OutboundGuard, Resolve } from './guard.js';
import { NodeConnection } from './node-connection.js';
import { SocketMemory } from './socket-memory.js';
import type {
  CallAnswer,
  ConnectOptions,
  Connection,
  ListenOptions,
  Listener,
  Net,
  OutboundCall,
} from './port.js';
import type { SharedListeners } from './shared-listeners.js';

const BACKLOG_MAX = 511;
/**
 * Probes of a silent peer begin after 5 s; Linux then sends ten, one a second (libuv's figures), so that a peer that is gone
 * is known in 15 s.
 */
const SOCKET_OPTIONS = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 5000 } as const;
/**
 * A connection is full with so many bytes that the system has not taken. One read of Node's brings 64 KB at most: with less than that,
 * each would stop the other side and start it again.
 */
const FULL_BYTES = 96 << 10;
/** Half-open: a client that has sent its request and its FIN still waits for the answer. */
const STREAM_OPTIONS = { allowHalfOpen: true, highWaterMark: FULL_BYTES } as const;

/** The machine's own network: node:net sockets, undici for calls, the guard before each connection outwards. */
export class NodeNet implements Net {
  readonly #clock: Clock;
  readonly #guard: OutboundGuard;
  readonly #resolve: Resolve;
  readonly #memory = new SocketMemory();
  readonly #shared: (() => Pick<SharedListeners, 'open'>) | undefined;

  /** `shared`: where another thread listens, as it is now; undefined: this one listens by itself. */
  constructor(
    clock: Clock,
    guard: OutboundGuard,
    resolve: Resolve = resolveBySystem,
    shared?: () => Pick<SharedListeners, 'open'>,
  ) {
    this.#clock = clock;
    this.#guard = guard;
    this.#resolve = resolve;
    this.#shared = shared;
  }

  listen(
    at: Address,
    accept: (connection: Connection) => void,
    options: ListenOptions = {},
  ): Promise<Listener> {
    const memory = this.#memory;
    const door = new Door({
      clock: this.#clock,
      options,
      enter: ({ socket, secured, remote }) => {
        accept(new NodeConnection(socket, { memory, secured, remote }));
      },
    });
    const server = createServer({ ...STREAM_OPTIONS, ...SOCKET_OPTIONS }, (socket) => {
      door.take(socket);
    });
    return new Promise((resolve, reject) => {
      server.once('error', (error) => {
        const facts = { address: formatAddress(at), why: messageOf(error) };
        reject(new ForeshiftError('ERR_LISTEN_FAILED', facts, { cause: error }));
      });
      const backlog = options.backlogMax ?? BACKLOG_MAX;
      const listening = (): void => {
        server.removeAllListeners('error');
        // No descriptors left, or a client that is gone already: the next one may fare better.
        server.on('error', (error) => options.acceptFailed?.(messageOf(error)));
        resolve(new NodeListener(server, at.host));
      };
      if (this.#shared === undefined) {
        server.listen({ ...at, backlog }, listening);
      } else {
        const listen = (source: Server): void => {
          server.listen(source, backlog, listening);
        };
        this.#shared().open(at, listen).catch(reject);
      }
    });
  }

  connect(to: Address, { timeoutMs, preface, tls }: ConnectOptions): Connection {
    // What is said of a socket when it is connected is not heard: only what it is made with.
    const socket = new Socket({ ...STREAM_OPTIONS, ...SOCKET_OPTIONS });
    const connection = new NodeConnection(socket, {
      memory: this.#memory,
      opening: { to, preface, tls },
    });
    const cancel = this.#clock.after(timeoutMs, () => {
      if (!connection.isOpen) connection.giveUp('timeout');
    });
    if (tls === undefined) socket.once('connect', cancel);
    socket.once('close', cancel);
    void this.#open(socket, connection);
    return connection;
  }

  /** Node reads all sockets that have something before it runs these. */
  afterArrivals(run: () => void): void {
    setImmediate(run);
  }

  /** What carries it is loaded with the first one: threads that only carry traffic make none. */
  async call(request: OutboundCall): Promise<CallAnswer> {
    const { nodeCall } = await import('./node-call.js');
    return nodeCall(
      { clock: this.#clock, pin: (to) => this.#guard.pin(to, this.#resolve) },
      request,
    );
  }

  async #open(socket: Socket, connection: NodeConnection): Promise<void> {
    try {
      const pinned = await this.#guard.pin(connection.remote, this.#resolve);
      if (!socket.destroyed) socket.connect(pinned);
    } catch (error) {
      connection.giveUp(codeOf(error) === 'ERR_CALL_FORBIDDEN' ? 'forbidden' : 'unreachable');
    }
  }
}

class NodeListener implements Listener {
  readonly address: Address;
  readonly #server: Server;

  constructor(server: Server, host: string) {
    const taken = server.address();
    this.address = { host, port: typeof taken === 'object' && taken !== null ? taken.port : 0 };
    this.#server = server;
  }

  get descriptor(): number | undefined {
    return descriptorOf(this.#server);
  }

  /** The socket is closed at once; Node's own callback would wait for the last connection. */
  close(): Promise<void> {
    this.#server.close();
    return Promise.resolve();
  }
}

/** Node's documentation names `_handle` where a server is handed on, and a handle's `fd`; its types do not. */
function descriptorOf(server: Server): number | undefined {
  const { _handle: handle } = server as unknown as { readonly _handle?: { readonly fd?: number } };
  return handle?.fd !== undefined && handle.fd >= 0 ? handle.fd : undefined;
}

async function resolveBySystem(name: string): Promise<string[]> {
  const found = await lookup(name, { all: true });
  return found.map(({ address }) => address);
}
