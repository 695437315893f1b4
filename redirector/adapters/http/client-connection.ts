import { strict as assert } from 'node:assert';
import { Deadline } from '../../../core/net/deadline.js';
import type { HttpFault } from '../../../core/net/http/fault.js';
import type { HeaderList } from '../../../core/net/http/header-list.js';
import type { MessageSink } from '../../../core/net/http/message-reader.js';
import type { RequestHead } from '../../../core/net/http/request-head.js';
import { RequestReader } from '../../../core/net/http/request-reader.js';
import type { Connection, ConnectionHandler } from '../../../core/net/port.js';
import type { FrontClient } from '../fronts.js';
import type { HttpContext } from './context.js';
import type { ExchangeClient } from './exchange.js';
import { Exchange } from './exchange.js';
import { answerInPlace } from './own-answer.js';
import type { Refusal } from './refusals.js';
import { REFUSALS, answerTo } from './refusals.js';
import type { Route } from './route.js';
import { resourceOf } from './route.js';

const HEAD_LATE: Refusal = {
  status: 408,
  code: 'head-late',
  detail: 'the head of the request did not come in time',
  executed: 'no',
};

/** After the last answer the client may still be sending; it gets this long to notice. */
const LINGER_MS = 2000;

export interface ClientConnectionParts {
  readonly connection: Connection;
  readonly context: HttpContext;
  /** As it is when a request comes. */
  readonly route: () => Route;
  readonly onClosed: () => void;
}

/** What is known of a request that comes to no server. */
interface Known {
  readonly head?: RequestHead;
  readonly id?: string | undefined;
}

/**
 * One client's connection: its requests one after the other, pipelined ones answered in their order.
 *
 *   between ⇄ exchange → lingering → closed
 *                 └→ tunnel → closed
 */
export class ClientConnection
  implements ExchangeClient, FrontClient, ConnectionHandler, MessageSink<RequestHead>
{
  readonly borrows = true;
  readonly host: string;
  readonly scheme: 'http' | 'https';
  readonly #connection: Connection;
  readonly #context: HttpContext;
  readonly #route: () => Route;
  readonly #onClosed: () => void;
  readonly #reader: RequestReader;
  readonly #deadline: Deadline;
  #exchange: Exchange | undefined;
  /** The request under way has been read whole: what follows is the next one. */
  #isRequestRead = false;
  /** What came before it could be read. */
  #rest: Uint8Array | undefined;
  #isReading = false;
  #state: 'open' | 'tunnel' | 'lingering' | 'closed' = 'open';
  #isLeaving = false;
  #isStopping = false;
  #isPeerEnded = false;

  constructor(parts: ClientConnectionParts) {
    this.#connection = parts.connection;
    this.#context = parts.context;
    this.#route = parts.route;
    this.host = parts.connection.remote.host;
    this.scheme = parts.connection.isSecure === true ? 'https' : 'http';
    this.#onClosed = parts.onClosed;
    this.#reader = new RequestReader(this, parts.context.options.message);
    this.#deadline = new Deadline(parts.context.clock, () => {
      this.#overdue();
    });
    this.#deadline.set(parts.context.options.headTimeoutMs);
    parts.connection.handler = this;
  }

  get isLast(): boolean {
    return this.#isLeaving || this.#isStopping || this.#isPeerEnded;
  }

  /** Takes requests as before, and says with the next answer that it is the last. */
  leave(): void {
    this.#isLeaving = true;
  }

  /** The next answer is the last; until then the client may take its time. */
  finish(): void {
    this.#isStopping = true;
  }

  /** Takes no more requests; the one under way is answered. */
  stop(): void {
    this.#isStopping = true;
    if (this.#state === 'open' && this.#exchange === undefined) this.#linger();
  }

  destroy(): void {
    this.#connection.destroy();
  }

  #overdue(): void {
    if (this.#exchange !== undefined) {
      this.#exchange.overdue();
      return;
    }
    if (this.#state !== 'open' || this.#reader.isBetween) {
      this.#connection.destroy();
      return;
    }
    this.#answer(HEAD_LATE);
  }

  /* ---- for the exchange ---- */

  write(bytes: Uint8Array): boolean {
    return this.#connection.write(bytes);
  }

  cork(): void {
    this.#connection.cork();
  }

  uncork(): void {
    this.#connection.uncork();
  }

  pauseBody(): void {
    this.#connection.pause();
  }

  resumeBody(): void {
    if (!this.#isBlocked()) this.#connection.resume();
  }

  get isReading(): boolean {
    return this.#isReading;
  }

  expireIn(ms: number): void {
    if (ms === Infinity) this.#deadline.clear();
    else this.#deadline.set(ms);
  }

  finished(mayStay: boolean): void {
    this.#exchange = undefined;
    if (this.#state !== 'open') return;
    // One that leaves closes only once it has said so: an answer that did not may have the next request on its way.
    if (!mayStay || !this.#isRequestRead || this.#isStopping || this.#isPeerEnded) {
      this.#linger();
      return;
    }
    this.#deadline.set(this.#context.options.idleTimeoutMs);
    // In the middle of reading, the loop there goes on with the next request.
    if (!this.#isReading) this.#goOn();
  }

  /** A reset takes from the client what was on its way: even the word that its request was carried out. */
  abort(isShown: boolean): void {
    this.#exchange = undefined;
    if (isShown && this.#state === 'open') this.#linger();
    else this.#connection.reset();
  }

  becomeTunnel(): void {
    this.#state = 'tunnel';
    const rest = this.#takeRest();
    if (rest !== undefined) this.#exchange?.tunnelFromClient(rest);
    this.#connection.resume();
  }

  endTunnel(): void {
    this.#connection.end();
  }

  /* ---- from the connection ---- */

  opened(): void {
    // It was from the start.
  }

  drained(): void {
    this.#exchange?.clientDrained();
  }

  ended(): void {
    this.#isPeerEnded = true;
    if (this.#state === 'tunnel') {
      this.#exchange?.clientTunnelEnded();
      return;
    }
    if (this.#state !== 'open') return;
    this.#reader.peerEnded();
    if (this.#exchange === undefined) this.#linger();
  }

  closed(): void {
    this.#state = 'closed';
    this.#deadline.stop();
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.clientGone();
    this.#onClosed();
  }

  data(bytes: Uint8Array): void {
    switch (this.#state) {
      case 'tunnel':
        this.#exchange?.tunnelFromClient(bytes);
        return;
      case 'open':
        if (this.#isBlocked()) this.#keepRest(bytes);
        else this.#read(bytes);
        return;
      case 'lingering':
      case 'closed':
        return;
    }
  }

  #read(bytes: Uint8Array): void {
    if (this.#exchange === undefined && this.#reader.isBetween) {
      this.#deadline.set(this.#context.options.headTimeoutMs);
    }
    this.#isReading = true;
    let at = 0;
    while (at < bytes.length && this.#state === 'open' && !this.#isBlocked()) {
      at = this.#reader.read(bytes, at);
    }
    this.#isReading = false;
    this.#exchange?.readEnded();
    if (at >= bytes.length) return;
    const rest = bytes.subarray(at);
    if (this.#state === 'open') this.#keepRest(rest);
    else this.data(rest);
  }

  /** One request at a time: the next one waits, at the cost of at most what one read brought. */
  #isBlocked(): boolean {
    return this.#exchange !== undefined && this.#isRequestRead;
  }

  #keepRest(bytes: Uint8Array): void {
    this.#rest = Buffer.concat(this.#rest === undefined ? [bytes] : [this.#rest, bytes]);
    this.#connection.pause();
  }

  #takeRest(): Uint8Array | undefined {
    const rest = this.#rest;
    this.#rest = undefined;
    return rest;
  }

  #goOn(): void {
    const rest = this.#takeRest();
    this.#connection.resume();
    if (rest !== undefined) this.#read(rest);
    else if (this.#isPeerEnded) this.#linger();
  }

  /* ---- from the reader ---- */

  head(head: RequestHead): void {
    const { gate, counters } = this.#context;
    counters.requests += 1;
    this.#deadline.clear();
    this.#isRequestRead = head.framing.kind === 'none';
    const id = this.#idOf(head);
    const resource = resourceOf(this.#route(), head);
    const at = resource === undefined ? -1 : gate.indexOf(resource);
    if (at < 0) {
      counters.refusedFor('noResource');
      this.#answer(REFUSALS.noResource, { head, id });
      return;
    }
    this.#exchange = new Exchange(this.#context, this, { head, at, id });
    this.#exchange.begin();
  }

  #idOf(head: RequestHead): string | undefined {
    const { options, requestIds } = this.#context;
    const { requestIdHeader, forwarded } = options;
    if (requestIdHeader === undefined) return undefined;
    // Whose word on the client counts, its name for the request does.
    return forwarded === 'append' ? requestIds.takenOr(head, requestIdHeader) : requestIds.next();
  }

  body(bytes: Uint8Array): void {
    this.#exchange?.bodyData(bytes);
  }

  end(trailers: HeaderList): void {
    this.#isRequestRead = true;
    this.#exchange?.bodyEnd(trailers);
  }

  fault(fault: HttpFault): void {
    if (this.#exchange !== undefined) {
      this.#exchange.clientFault(fault);
      return;
    }
    // A client that went away between two requests is no fault of anybody.
    if (this.#isPeerEnded && this.#state !== 'open') return;
    this.#context.counters.faultNamed(fault.name);
    this.#answer(answerTo(fault));
  }

  /** An answer outside any exchange: nothing was sent to a server. The connection stays only after a whole request. */
  #answer(refusal: Refusal, { head, id }: Known = {}): void {
    const { options, accessLog } = this.#context;
    const { status, code } = refusal;
    const refused = { head, id, isRead: this.#isRequestRead };
    const mayStay = answerInPlace(refusal, refused, this, this.#context);
    if (accessLog?.wants(status < 500) === true) {
      accessLog.http({
        ...{ client: this.host, scheme: this.scheme, end: 'refused', reason: code, status, id },
        ...(head !== undefined && { request: head }),
        ...{ bytesIn: 0, bytesOut: 0, ms: 0 },
      });
    }
    if (mayStay) this.#deadline.set(options.idleTimeoutMs);
    else this.#linger();
  }

  /** Says that it is over, and reads on for a moment: a reset would take the last answer from the client. */
  #linger(): void {
    if (this.#state !== 'open') return;
    assert.ok(this.#exchange === undefined, 'an exchange ends before its connection');
    this.#state = 'lingering';
    this.#deadline.set(LINGER_MS);
    this.#connection.end();
    this.#connection.resume();
  }
}
