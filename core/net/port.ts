import type { Address } from '../domain.js';
import type { Block } from './block.js';
import type { Trusts } from './ip.js';
import type { ClientTls } from './tls/client-tls.js';
import type { ServerTls } from './tls/server-tls.js';

/**
 * The network as an argument: sockets for the data plane, small HTTP calls for the control plane.
 * Nothing else in the product opens one, so the simulation runs the real redirector.
 */
export interface Net {
  /** Resolves once connections are taken. @throws ERR_LISTEN_FAILED */
  listen(
    at: Address,
    accept: (connection: Connection) => void,
    options?: ListenOptions,
  ): Promise<Listener>;
  /** Returns at once; the handler hears `opened`, or `closed` with the reason. */
  connect(to: Address, options: ConnectOptions): Connection;
  /** Calls back once the handlers have heard all that had arrived when it was asked to. */
  afterArrivals(run: () => void): void;
  /**
   * One HTTP/1.1 call, answered whole. Redirects are not followed.
   * @throws ERR_CALL_REFUSED – nothing listens there: certainly not executed; ERR_CALL_FAILED – no
   * connection: not executed; ERR_CALL_AMBIGUOUS – sent, no whole answer in time; ERR_CALL_FORBIDDEN – the
   * guard of outbound addresses refused it; ERR_CALL_OVERSIZED – the answer is longer than allowed.
   */
  call(request: OutboundCall): Promise<CallAnswer>;
}

export interface ListenOptions {
  /** Connections that the system keeps waiting; the system has a limit of its own, too. */
  readonly backlogMax?: number;
  /** Told of a connection that could not be taken, as when there are no descriptors left; listening goes on. */
  readonly acceptFailed?: (why: string) => void;
  /** Asked at each connection: it is handed over after its handshake. Undefined: bytes go as they are. */
  readonly tls?: () => ServerTls | undefined;
  /** Asked at each connection: peers that are proxies say in a header (PROXY protocol) whose it is, and are believed. */
  readonly proxies?: () => Trusts | undefined;
}

export interface Listener {
  /** With the port that was really taken. */
  readonly address: Address;
  /** Its number in this process, by which other threads can listen there too; undefined: they cannot. */
  readonly descriptor?: number | undefined;
  /** Takes no more connections; those taken live on. */
  close(): Promise<void>;
}

export interface ConnectOptions {
  /** To look up the name and to open. */
  readonly timeoutMs: number;
  /** Goes out as soon as it is connected, before all else and in the clear. */
  readonly preface?: Uint8Array | undefined;
  /** It opens after the handshake. */
  readonly tls?: ClientTls | undefined;
}

/**
 * One byte stream. Set `handler` in the turn the connection is handed over. Nothing is called after
 * `closed`, nothing is thrown by any method, and no method calls the handler back before it returns.
 */
export interface Connection {
  handler: ConnectionHandler;
  /** Of the peer; where a proxy was believed, of whom it comes from. */
  readonly remote: Address;
  readonly local: Address;
  /** It goes through TLS. */
  readonly isSecure?: boolean;
  /** Bytes written and not yet taken by the system. */
  readonly buffered: number;
  /** Where its handler may put long messages together. */
  readonly messages?: BlocksOfMessages;
  /**
   * Do not change `bytes` afterwards. `block`: of which they are a part, where that is none that is lent; it is in use until the system
   * has taken them. False: full, wait for `drained`; the bytes are taken all the same.
   */
  write(bytes: Uint8Array, block?: Block): boolean;
  /** Several writes until `uncork` leave as one, where the system can. */
  cork(): void;
  uncork(): void;
  /** No more bytes from this side, after those written. */
  end(): void;
  /** Gone at once; bytes still buffered may be lost. The peer may take it for an orderly end. */
  destroy(): void;
  /** Gone at once, and the peer cannot take it for an end: what it received so far is not whole. */
  reset(): void;
  /** No `data` until `resume`, but for what is on its way to the handler already. */
  pause(): void;
  resume(): void;
}

/** See `MessageMemory`. */
export interface BlocksOfMessages {
  take(length: number): Block | undefined;
  arrived(block: Block): void;
}

export interface ConnectionHandler {
  /**
   * It copies what it keeps of its data, so that the next read may go where the last one went. What it writes to a connection of
   * the same net within the call is not kept in this sense.
   */
  readonly borrows?: boolean;
  /** Asked before each read: where its bytes go, if they are the handler's then; `data` gets them in there, or lent as ever. */
  readsInto?(): Uint8Array | undefined;
  /** Outbound connections only, once. */
  opened(): void;
  /** The bytes are the handler's to keep, not to change; of a handler that borrows, only until it returns. */
  data(bytes: Uint8Array): void;
  /** A full connection takes bytes again. */
  drained(): void;
  /** The peer sends no more; writing is still possible. */
  ended(): void;
  /** Once, last. */
  closed(reason: CloseReason): void;
}

/**
 * `ended` – both sides finished; `destroyed` – by this side; `reset` – by the peer or on the way;
 * and for connections that never opened: `refused` – nothing listens; `unreachable`; `timeout`; `forbidden` – the guard of
 * outbound addresses refused it; `untrusted` – its certificate is not for it, or of nobody who is trusted.
 */
export type CloseReason =
  | 'ended'
  | 'destroyed'
  | 'reset'
  | 'refused'
  | 'unreachable'
  | 'timeout'
  | 'forbidden'
  | 'untrusted';

export interface OutboundCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** `http://host:port/path?query`; `https://…`, where the network has TLS: by a certificate that the system trusts, or none. */
  readonly url: string;
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** For the whole call. */
  readonly timeoutMs: number;
  readonly answerBytesMax: number;
  readonly signal?: AbortSignal;
}

export interface CallAnswer {
  readonly status: number;
  /** Lower-case names; repeated ones joined by ", ". */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
}
