import { EXECUTED_HEADER, RESOURCE_HEADER, SINCE_HEADER } from '../core/agent-protocol.js';
import type { Clock } from '../core/clock/port.js';
import { Deadline } from '../core/net/deadline.js';
import { BodyWriter } from '../core/net/http/body-writer.js';
import { latin1Bytes } from '../core/net/http/bytes.js';
import { errorAnswerBytes } from '../core/net/http/error-answer.js';
import type { HttpFault } from '../core/net/http/fault.js';
import { relayedFraming } from '../core/net/http/framing.js';
import { requestHeadText } from '../core/net/http/head-text.js';
import type { HeaderList } from '../core/net/http/header-list.js';
import { headerOf, keptHeaders } from '../core/net/http/header-list.js';
import { answerHeadBytes, interimHeadBytes } from '../core/net/http/relayed-heads.js';
import type { RequestHead } from '../core/net/http/request-head.js';
import { RequestReader } from '../core/net/http/request-reader.js';
import type { ResponseHead } from '../core/net/http/response-head.js';
import type { Connection, Net } from '../core/net/port.js';
import type { RequestGate } from './request-gate.js';
import type { ServerConnectionOptions, ServerUser } from './server-connection.js';
import { ServerConnection } from './server-connection.js';

export interface SidecarConnectionOptions extends ServerConnectionOptions {
  /** Without a byte moving, in either direction. */
  readonly stallTimeoutMs: number;
  readonly idleTimeoutMs: number;
}

export interface SidecarEvents {
  readonly closed: () => void;
  /** An attempt to connect to the server ended. */
  readonly reached: (isReached: boolean) => void;
}

interface Parts {
  readonly connection: Connection;
  readonly net: Net;
  readonly clock: Clock;
  readonly gate: RequestGate;
}

/** The request under way. */
interface UnderWay {
  readonly head: RequestHead;
  readonly resource: string;
  readonly body: BodyWriter;
  isRead: boolean;
  answer: BodyWriter | undefined;
}

/**
 * One connection of a redirector, and the connection to the server that belongs to it. Each request is
 * let through by the gate, or refused before the server sees a byte of it. When the redirector goes away,
 * the server's work goes on to its end: until then it counts as under way.
 */
export class SidecarConnection implements ServerUser {
  readonly #parts: Parts;
  readonly #options: SidecarConnectionOptions;
  readonly #events: SidecarEvents;
  readonly #requests: RequestReader;
  readonly #deadline: Deadline;
  readonly #server: ServerConnection;
  #front: Connection | undefined;
  #underWay: UnderWay | undefined;
  #isTunnel = false;
  /** Came before it could be read. */
  #unread: Uint8Array[] = [];
  #isReading = false;
  #isLast = false;
  /** Refused, and told that the connection ends: what comes behind is not read any more. */
  #isRefused = false;
  #isClosed = false;
  #onClosed: (() => void) | undefined;

  constructor(parts: Parts, options: SidecarConnectionOptions, events: SidecarEvents) {
    this.#parts = parts;
    this.#options = options;
    this.#events = events;
    this.#front = parts.connection;
    this.#requests = new RequestReader({
      head: (head) => {
        this.#begin(head);
      },
      body: (bytes) => {
        this.#forward(bytes);
      },
      end: (trailers) => {
        this.#requestEnded(trailers);
      },
      fault: (fault) => {
        this.#refuse(fault.status, fault.name, fault.text);
      },
    });
    this.#server = new ServerConnection(parts.net, options, this);
    this.#deadline = new Deadline(parts.clock, () => {
      this.destroy();
    });
    this.#deadline.set(options.idleTimeoutMs);
    parts.connection.handler = {
      opened: ignore,
      data: (bytes) => {
        this.#fromFront(bytes);
      },
      drained: () => {
        this.#server.resume();
      },
      ended: () => {
        this.#frontEnded();
      },
      closed: () => {
        this.#frontClosed();
      },
    };
  }

  /** Closes after the request that is under way; resolves when that has happened. */
  finish(): Promise<void> {
    this.#isLast = true;
    if (this.#isClosed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onClosed = resolve;
      if (this.#underWay === undefined) this.#front?.end();
    });
  }

  destroy(): void {
    this.#front?.reset();
    this.#server.destroy();
  }

  /* ---- from the redirector ---- */

  #fromFront(bytes: Uint8Array): void {
    if (this.#isRefused) return;
    this.#deadline.set(this.#options.stallTimeoutMs);
    if (this.#isTunnel) {
      this.#send(bytes);
    } else if (this.#isReading || this.#isBusy()) {
      this.#unread.push(bytes);
      this.#front?.pause();
    } else {
      this.#read(bytes);
    }
  }

  #read(bytes: Uint8Array): void {
    let at = 0;
    this.#isReading = true;
    while (at < bytes.length && !this.#isBusy() && !this.#isRefused) {
      at = this.#requests.read(bytes, at);
    }
    this.#isReading = false;
    if (at < bytes.length && !this.#isRefused) this.#unread.unshift(bytes.subarray(at));
    if (this.#isTunnel) this.#flushTunnel();
  }

  #isBusy(): boolean {
    return this.#underWay?.isRead === true || this.#isTunnel;
  }

  #begin(head: RequestHead): void {
    const { gate } = this.#parts;
    const resource = headerOf(head.headers, RESOURCE_HEADER);
    const refusal = gate.enter(resource, headerOf(head.headers, SINCE_HEADER));
    if (refusal !== undefined || resource === undefined) {
      const { status = 421, headers = {}, body = '' } = refusal ?? {};
      this.#write(refusalBytes(status, headers, body, head));
      if (head.framing.kind !== 'none') this.#endRefused();
      return;
    }
    const isRead = head.framing.kind === 'none';
    const body = new BodyWriter(head.framing);
    this.#underWay = { head, resource, body, isRead, answer: undefined };
    this.#server.ask(head.method);
    this.#send(latin1Bytes(localHead(head)));
  }

  #forward(bytes: Uint8Array): void {
    const underWay = this.#underWay;
    if (underWay === undefined || !this.mayGoOn()) return;
    for (const part of underWay.body.part(bytes)) this.#send(part);
  }

  #requestEnded(trailers: HeaderList): void {
    const underWay = this.#underWay;
    if (underWay === undefined || !this.mayGoOn()) return;
    underWay.isRead = true;
    for (const part of underWay.body.end(trailers)) this.#send(part);
  }

  #send(bytes: Uint8Array): void {
    if (!this.#server.send(bytes)) this.#front?.pause();
  }

  #frontEnded(): void {
    this.#isLast = true;
    if (this.#isTunnel) {
      this.#server.end();
      return;
    }
    // A request that ends in its middle will never be whole.
    if (!this.#isRefused) this.#requests.peerEnded();
    if (this.#underWay === undefined) this.#front?.end();
  }

  #frontClosed(): void {
    this.#front = undefined;
    this.#isLast = true;
    this.#unread = [];
    const isAnswerAwaited = this.#underWay?.isRead === true && !this.#isTunnel;
    if (!isAnswerAwaited) this.#server.destroy();
    else this.#server.resume();
    this.#closeIfDone();
  }

  /* ---- from the server ---- */

  heard(): void {
    this.#deadline.set(this.#options.stallTimeoutMs);
  }

  reached(isReached: boolean): void {
    this.#events.reached(isReached);
  }

  /** The lease may have run out since the head was let in: what the server has of the request is cut off. */
  mayGoOn(): boolean {
    const underWay = this.#underWay;
    if (underWay === undefined || this.#parts.gate.mayGoOn(underWay.resource)) return true;
    const executed = this.#server.isOpen ? 'unknown' : 'no';
    this.#server.reset();
    this.#refuse(503, 'lease-over', 'the serving lease of this server is over', executed);
    return false;
  }

  drained(): void {
    if (!this.#isBusy() || this.#isTunnel) this.#front?.resume();
  }

  answerHead(head: ResponseHead): void {
    const underWay = this.#underWay;
    if (underWay === undefined) return;
    if (head.status < 200 && head.status !== 101) {
      this.#write(interimHeadBytes(head));
      return;
    }
    const isTunnel = head.status === 101 && head.isWebSocket && underWay.head.isWebSocket;
    if (head.status === 101 && !isTunnel) {
      this.#server.destroy();
      return;
    }
    const framing = relayedFraming(head.framing, underWay.head.minorVersion);
    if (!head.keepAlive || framing.kind === 'until-close') this.#isLast = true;
    underWay.answer = new BodyWriter(framing);
    const connection = isTunnel ? 'websocket' : this.#isLast ? 'close' : 'persistent';
    this.#write(answerHeadBytes(head, framing, connection));
    if (!isTunnel) return;
    this.#isTunnel = true;
    this.#server.becomeTunnel();
    this.#flushTunnel();
    this.#front?.resume();
  }

  answerBody(bytes: Uint8Array): void {
    for (const part of this.#underWay?.answer?.part(bytes) ?? []) this.#write(part);
  }

  tunnelData(bytes: Uint8Array): void {
    this.#write(bytes);
  }

  tunnelEnded(): void {
    this.#front?.end();
  }

  #flushTunnel(): void {
    const unread = this.#unread;
    this.#unread = [];
    for (const bytes of unread) this.#send(bytes);
  }

  answerEnd(trailers: HeaderList, hasMore: boolean): void {
    if (hasMore) this.#isLast = true;
    const underWay = this.#underWay;
    if (underWay === undefined) return;
    for (const part of underWay.answer?.end(trailers) ?? []) this.#write(part);
    this.#done();
    if (!underWay.isRead) this.#isLast = true;
    if (this.#isLast) {
      this.#front?.end();
      this.#server.destroy();
      return;
    }
    this.#deadline.set(this.#options.idleTimeoutMs);
    this.#next();
  }

  #next(): void {
    this.#front?.resume();
    if (this.#isReading) return;
    while (this.#unread.length > 0 && !this.#isBusy()) {
      const bytes = this.#unread.shift();
      if (bytes !== undefined) this.#read(bytes);
    }
  }

  answerFault({ text }: HttpFault): void {
    this.#loseAnswer(`the answer of the server is not valid: ${text}`);
  }

  closed(wasSent: boolean): void {
    if (this.#isTunnel) this.#front?.end();
    if (this.#underWay !== undefined) {
      if (wasSent) this.#loseAnswer('the server broke the connection off');
      else this.#refuse(503, 'server-away', 'the server does not answer', 'no');
    }
    this.#closeIfDone();
  }

  /** Something of the request was sent, and no whole answer came. */
  #loseAnswer(why: string): void {
    const underWay = this.#underWay;
    if (underWay === undefined) return;
    if (underWay.answer === undefined) {
      this.#refuse(502, 'answer-lost', why, 'unknown');
    } else {
      this.#done();
      this.#front?.reset();
    }
  }

  #refuse(status: number, code: string, detail: string, executed = 'no'): void {
    this.#done();
    const headers = { [EXECUTED_HEADER]: executed };
    this.#write(errorAnswerBytes({ status, code, detail, connection: 'close', headers }));
    this.#endRefused();
  }

  #endRefused(): void {
    this.#isLast = true;
    this.#isRefused = true;
    this.#unread = [];
    this.#front?.end();
    this.#front?.resume();
  }

  #write(bytes: Uint8Array): void {
    if (this.#front?.write(bytes) === false) this.#server.pause();
  }

  /** The server's work for the request is over. */
  #done(): void {
    const underWay = this.#underWay;
    this.#underWay = undefined;
    this.#server.done();
    if (underWay !== undefined) this.#parts.gate.done(underWay.resource);
  }

  #closeIfDone(): void {
    if (this.#front !== undefined || !this.#server.isAway || this.#isClosed) return;
    this.#isClosed = true;
    this.#done();
    this.#deadline.stop();
    this.#events.closed();
    this.#onClosed?.();
  }
}

/** As it came, but for what belongs to the connection. The server may want to know its resource. */
function localHead(head: RequestHead): string {
  const { method, path, query, connectionNamed } = head;
  return requestHeadText({
    method,
    path,
    query,
    host: head.authority,
    headers: keptHeaders(head.headers, (name) => !connectionNamed.includes(name)),
    framing: head.framing,
    connection: head.isWebSocket ? 'websocket' : 'persistent',
  });
}

function refusalBytes(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
  { framing, method }: RequestHead,
): Uint8Array {
  return errorAnswerBytes({
    status,
    code: 'refused',
    detail: body.trim(),
    connection: framing.kind === 'none' ? 'persistent' : 'close',
    isBodyless: method === 'HEAD',
    headers: Object.fromEntries(
      Object.entries(headers).filter(([name]) => name !== 'content-type' && name !== 'retry-after'),
    ),
  });
}

function ignore(): void {
  // front connections are open when they are handed over
}
