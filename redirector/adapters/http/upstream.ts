import { strict as assert } from 'node:assert';
import type { Clock } from '../../../core/clock/port.js';
import type { Address } from '../../../core/domain.js';
import { Deadline } from '../../../core/net/deadline.js';
import type { HttpFault } from '../../../core/net/http/fault.js';
import type { Framing } from '../../../core/net/http/framing.js';
import type { OutgoingConnection } from '../../../core/net/http/head-text.js';
import type { HeaderList } from '../../../core/net/http/header-list.js';
import type { MessageLimits } from '../../../core/net/http/message-reader.js';
import { answerHeadBytes } from '../../../core/net/http/relayed-heads.js';
import type { ResponseHead } from '../../../core/net/http/response-head.js';
import { ResponseReader } from '../../../core/net/http/response-reader.js';
import type { CloseReason, Connection, Net } from '../../../core/net/port.js';
import type { ServerLink } from '../servers.js';
import { ownConnection } from '../servers.js';

/** Whoever has sent a request over an upstream and waits for its answer. */
export interface UpstreamUser {
  answerHead(head: ResponseHead): void;
  answerData(bytes: Uint8Array): void;
  answerEnd(trailers: HeaderList): void;
  /** Bytes after a 101: no HTTP any more. */
  tunnelData(bytes: Uint8Array): void;
  tunnelEnded(): void;
  /** What it is told from here to there has come in one piece. */
  cork(): void;
  uncork(): void;
  /** The upstream takes bytes again. */
  upstreamDrained(): void;
  /** No answer, or no whole one: the connection is gone. */
  upstreamLost(why: HttpFault | CloseReason): void;
}

interface RelayedHead {
  readonly head: ResponseHead;
  readonly framing: Framing;
  readonly connection: OutgoingConnection;
  readonly bytes: Uint8Array;
}

export interface UpstreamParts {
  readonly net: Net;
  readonly clock: Clock;
  readonly address: Address;
  readonly link: ServerLink;
  readonly onOpen: () => void;
  /** Once, whatever the reason. */
  readonly onClosed: (reason: CloseReason) => void;
}

/**
 * One connection to a server, used for one request after the other.
 *
 *   opening → idle ⇄ busy → closed
 *                      └→ tunnel → closed
 *
 * A byte that answers nothing closes it: such a connection is never used again.
 */
export class Upstream {
  readonly #connection: Connection;
  readonly #reader: ResponseReader;
  readonly #deadline: Deadline;
  #user: UpstreamUser | undefined;
  #isTunnel = false;
  #isClosed = false;
  /** The server lets the connection stay after the answer under way. */
  #mayStay = true;
  /** What the last answer's head became for its client. */
  #relayed: RelayedHead | undefined;

  constructor(
    parts: UpstreamParts,
    options: { readonly connectTimeoutMs: number; readonly message: MessageLimits },
  ) {
    this.#reader = new ResponseReader(
      {
        head: (head) => {
          this.#mayStay = head.keepAlive;
          this.#user?.answerHead(head);
        },
        body: (bytes) => {
          this.#user?.answerData(bytes);
        },
        end: (trailers, hasMore) => {
          if (this.#isTunnel) return;
          if (hasMore) this.#mayStay = false;
          this.#finish((user) => {
            user.answerEnd(trailers);
          });
        },
        fault: (fault) => {
          this.destroy();
          this.#finish((user) => {
            user.upstreamLost(fault);
          });
        },
      },
      options.message,
    );
    this.#deadline = new Deadline(parts.clock, () => {
      this.destroy();
    });
    this.#connection = parts.net.connect(
      parts.address,
      // Of one connection for the requests of many there is no client to tell.
      ownConnection(parts.link, options.connectTimeoutMs),
    );
    this.#connection.handler = {
      borrows: true,
      opened: parts.onOpen,
      data: (bytes) => {
        this.#read(bytes);
      },
      drained: () => this.#user?.upstreamDrained(),
      ended: () => {
        this.#peerEnded();
      },
      closed: (reason) => {
        this.#isClosed = true;
        this.#deadline.stop();
        parts.onClosed(reason);
        this.#finish((user) => {
          user.upstreamLost(reason);
        });
      },
    };
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Idle, and the server did not say that it closes: it may serve another request. */
  get isReusable(): boolean {
    return !this.#isClosed && this.#user === undefined && this.#mayStay && !this.#isTunnel;
  }

  /** Begins a request: from here on it counts as sent. */
  send(user: UpstreamUser, method: string, head: Uint8Array): void {
    assert.ok(this.#user === undefined && !this.#isClosed, 'one request at a time');
    this.#user = user;
    this.#reader.expect(method);
    this.#connection.write(head);
  }

  /** False: full, wait for `upstreamDrained`. */
  write(bytes: Uint8Array): boolean {
    return this.#connection.write(bytes);
  }

  cork(): void {
    this.#connection.cork();
  }

  uncork(): void {
    this.#connection.uncork();
  }

  pause(): void {
    this.#connection.pause();
  }

  resume(): void {
    this.#connection.resume();
  }

  /** An answer's head for its client. A server that says the same again, to the byte, has the same head again. */
  relayedHead(head: ResponseHead, framing: Framing, connection: OutgoingConnection): Uint8Array {
    const last = this.#relayed;
    if (last?.head === head && last.framing === framing && last.connection === connection) {
      return last.bytes;
    }
    const bytes = answerHeadBytes(head, framing, connection);
    this.#relayed = { head, framing, connection, bytes };
    return bytes;
  }

  /** The server has answered 101: what follows is not HTTP. */
  becomeTunnel(): void {
    this.#isTunnel = true;
  }

  endTunnel(): void {
    this.#connection.end();
  }

  destroy(): void {
    this.#isClosed = true;
    this.#connection.destroy();
  }

  /** Closes it, and tells its user nothing. */
  abandon(): void {
    this.#user = undefined;
    this.destroy();
  }

  /** An idle one closes itself after that time; Infinity: not. */
  expireIn(ms: number): void {
    if (ms === Infinity) this.#deadline.clear();
    else this.#deadline.set(ms);
  }

  #read(bytes: Uint8Array): void {
    const user = this.#user;
    user?.cork();
    this.#readAll(bytes);
    user?.uncork();
  }

  #readAll(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length && !this.#isClosed) {
      if (this.#isTunnel) {
        this.#user?.tunnelData(at === 0 ? bytes : bytes.subarray(at));
        return;
      }
      at = this.#reader.read(bytes, at);
    }
  }

  #peerEnded(): void {
    if (this.#isTunnel) {
      this.#user?.tunnelEnded();
      return;
    }
    this.#reader.peerEnded();
    if (!this.#isClosed) this.destroy();
  }

  /** Whoever used it may have paused it for a slow client: the next one, or the end of it, must be heard. */
  #finish(tell: (user: UpstreamUser) => void): void {
    const user = this.#user;
    this.#user = undefined;
    this.#connection.resume();
    if (user !== undefined) tell(user);
  }
}
