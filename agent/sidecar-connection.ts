import { EXECUTED_HEADER, RESOURCE_HEADER, SINCE_HEADER } from '../core/agent-protocol.js';
import type { Clock } from '../core/clock/port.js';
import type { Address } from '../core/domain.js';
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
import { ResponseReader } from '../core/net/http/response-reader.js';
import type { CloseReason, Connection, Net } from '../core/net/port.js';
import type { RequestGate } from './request-gate.js';

export interface SidecarConnectionOptions {
  /** The server itself, on this machine. */
  readonly forward: Address;
  readonly connectTimeoutMs: number;
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

const PENDING_BYTES_MAX = 64 << 10;

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
export class SidecarConnection {
  readonly #parts: Parts;
  readonly #options: SidecarConnectionOptions;
  readonly #events: SidecarEvents;
  readonly #requests: RequestReader;
  readonly #deadline: Deadline;
  #front: Connection | undefined;
  #back: Connection | undefined;
  #isBackOpen = false;
  /** Open, and about to be used again. */
  #isListening = false;
  #responses: ResponseReader;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #underWay: UnderWay | undefined;
  #isTunnel = false;
  /** Came before it could be read. */
  #unread: Uint8Array[] = [];
  #isReading = false;
  #isLast = false;
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
    this.#responses = this.#newResponses();
    this.#deadline = new Deadline(parts.clock, () => {
      this.destroy();
    });
    this.#deadline.set(options.idleTimeoutMs);
    parts.connection.handler = {
      opened: ignore,
      data: (bytes) => {
        this.#fromFront(bytes);
      },
      drained: () => this.#back?.resume(),
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
    this.#back?.destroy();
  }

  /* ---- from the redirector ---- */

  #fromFront(bytes: Uint8Array): void {
    this.#deadline.set(this.#options.stallTimeoutMs);
    if (this.#isTunnel) {
      if (this.#back?.write(bytes) === false) this.#front?.pause();
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
    while (at < bytes.length && !this.#isBusy()) at = this.#requests.read(bytes, at);
    this.#isReading = false;
    if (at < bytes.length) this.#unread.unshift(bytes.subarray(at));
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
      if (head.framing.kind !== 'none') this.#front?.end();
      return;
    }
    const isRead = head.framing.kind === 'none';
    const body = new BodyWriter(head.framing);
    this.#underWay = { head, resource, body, isRead, answer: undefined };
    if (this.#back === undefined) {
      this.#connect();
      this.#responses.expect(head.method);
    } else {
      this.#listenTo(this.#back, head.method);
    }
    this.#send(latin1Bytes(localHead(head)));
  }

  /**
   * What the server said since its last answer, which nobody asked for, is to be heard before this question is put: it would be
   * taken for the answer. Until then the request waits as for a connection that opens.
   */
  #listenTo(back: Connection, method: string): void {
    if (!this.#isBackOpen) {
      this.#responses.expect(method);
      return;
    }
    this.#isBackOpen = false;
    this.#isListening = true;
    this.#parts.net.afterArrivals(() => {
      if (!this.#isListening || this.#back !== back) return;
      this.#isListening = false;
      this.#responses.expect(method);
      this.#sendPending(back);
    });
  }

  /** Nothing of the request was sent. */
  #connectAgain({ head }: UnderWay): void {
    const before = this.#back;
    this.#isListening = false;
    this.#back = undefined;
    before?.destroy();
    this.#connect();
    this.#responses.expect(head.method);
  }

  #forward(bytes: Uint8Array): void {
    const underWay = this.#underWay;
    if (underWay === undefined || !this.#mayGoOn(underWay)) return;
    for (const part of underWay.body.part(bytes)) this.#send(part);
  }

  #requestEnded(trailers: HeaderList): void {
    const underWay = this.#underWay;
    if (underWay === undefined || !this.#mayGoOn(underWay)) return;
    underWay.isRead = true;
    for (const part of underWay.body.end(trailers)) this.#send(part);
  }

  /** The lease may have run out since the head was let in: what the server has of the request is cut off. */
  #mayGoOn({ resource }: UnderWay): boolean {
    if (this.#parts.gate.mayGoOn(resource)) return true;
    const executed = this.#isBackOpen ? 'unknown' : 'no';
    this.#back?.reset();
    this.#refuse(503, 'lease-over', 'the serving lease of this server is over', executed);
    return false;
  }

  #send(bytes: Uint8Array): void {
    if (this.#isBackOpen) {
      if (this.#back?.write(bytes) === false) this.#front?.pause();
      return;
    }
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    if (this.#pendingBytes > PENDING_BYTES_MAX) this.#front?.pause();
  }

  #frontEnded(): void {
    this.#isLast = true;
    if (this.#isTunnel) {
      this.#back?.end();
      return;
    }
    // A request that ends in its middle will never be whole.
    this.#requests.peerEnded();
    if (this.#underWay === undefined) this.#front?.end();
  }

  #frontClosed(): void {
    this.#front = undefined;
    this.#isLast = true;
    this.#unread = [];
    const isAnswerAwaited = this.#underWay?.isRead === true && !this.#isTunnel;
    if (!isAnswerAwaited) this.#back?.destroy();
    else this.#back?.resume();
    this.#closeIfDone();
  }

  /* ---- to and from the server ---- */

  #connect(): void {
    if (this.#back !== undefined) return;
    const { net } = this.#parts;
    const { forward, connectTimeoutMs } = this.#options;
    const back = net.connect(forward, { timeoutMs: connectTimeoutMs });
    this.#back = back;
    this.#isBackOpen = false;
    this.#responses = this.#newResponses();
    const isCurrent = (): boolean => this.#back === back;
    back.handler = {
      opened: () => {
        if (!isCurrent()) return;
        this.#events.reached(true);
        this.#sendPending(back);
      },
      data: (bytes) => {
        if (isCurrent()) this.#fromBack(bytes);
      },
      drained: () => {
        if (isCurrent() && (!this.#isBusy() || this.#isTunnel)) this.#front?.resume();
      },
      ended: () => {
        if (!isCurrent()) return;
        if (this.#isTunnel) this.#front?.end();
        else if (this.#isListening && this.#underWay !== undefined) {
          this.#connectAgain(this.#underWay);
        } else {
          this.#responses.peerEnded();
          back.destroy();
        }
      },
      closed: (reason) => {
        if (isCurrent()) this.#backClosed(reason);
      },
    };
  }

  #sendPending(back: Connection): void {
    if (this.#underWay !== undefined && !this.#mayGoOn(this.#underWay)) return;
    this.#isBackOpen = true;
    const pending = this.#pending;
    this.#pending = [];
    this.#pendingBytes = 0;
    let hasRoom = true;
    for (const bytes of pending) hasRoom = back.write(bytes);
    if (hasRoom && !this.#isBusy()) this.#front?.resume();
  }

  #fromBack(bytes: Uint8Array): void {
    this.#deadline.set(this.#options.stallTimeoutMs);
    let at = 0;
    while (at < bytes.length && !this.#isTunnel) at = this.#responses.read(bytes, at);
    if (at < bytes.length) this.#write(at === 0 ? bytes : bytes.subarray(at));
  }

  #newResponses(): ResponseReader {
    return new ResponseReader({
      head: (head) => {
        this.#answerHead(head);
      },
      body: (bytes) => {
        for (const part of this.#underWay?.answer?.part(bytes) ?? []) this.#write(part);
      },
      end: (trailers, hasMore) => {
        if (this.#isTunnel) return;
        if (hasMore) this.#isLast = true;
        this.#answerEnded(trailers);
      },
      fault: (fault) => {
        this.#answerFault(fault);
      },
    });
  }

  #answerHead(head: ResponseHead): void {
    const underWay = this.#underWay;
    if (underWay === undefined) return;
    if (head.status < 200 && head.status !== 101) {
      this.#write(interimHeadBytes(head));
      return;
    }
    const isTunnel = head.status === 101 && head.isWebSocket && underWay.head.isWebSocket;
    if (head.status === 101 && !isTunnel) {
      this.#back?.destroy();
      return;
    }
    const framing = relayedFraming(head.framing, underWay.head.minorVersion);
    if (!head.keepAlive || framing.kind === 'until-close') this.#isLast = true;
    underWay.answer = new BodyWriter(framing);
    const connection = isTunnel ? 'websocket' : this.#isLast ? 'close' : 'persistent';
    this.#write(answerHeadBytes(head, framing, connection));
    if (!isTunnel) return;
    this.#isTunnel = true;
    this.#flushTunnel();
    this.#front?.resume();
  }

  #flushTunnel(): void {
    const unread = this.#unread;
    this.#unread = [];
    for (const bytes of unread) this.#back?.write(bytes);
  }

  #answerEnded(trailers: HeaderList): void {
    const underWay = this.#underWay;
    if (underWay === undefined) return;
    for (const part of underWay.answer?.end(trailers) ?? []) this.#write(part);
    this.#done();
    if (!underWay.isRead) this.#isLast = true;
    if (this.#isLast) {
      this.#front?.end();
      this.#back?.destroy();
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

  #answerFault({ text }: HttpFault): void {
    if (this.#isListening && this.#underWay !== undefined) {
      this.#connectAgain(this.#underWay);
      return;
    }
    this.#back?.destroy();
    this.#loseAnswer(`the answer of the server is not valid: ${text}`);
  }

  #backClosed(reason: CloseReason): void {
    // It was just about to be used: as good as one that closed before.
    if (this.#isListening && this.#underWay !== undefined && reason !== 'destroyed') {
      this.#connectAgain(this.#underWay);
      return;
    }
    this.#isListening = false;
    const wasOpen = this.#isBackOpen;
    this.#back = undefined;
    this.#isBackOpen = false;
    this.#pending = [];
    this.#pendingBytes = 0;
    // One that was given up here, since nobody waited for it any more, says nothing of the server.
    if (!wasOpen && reason !== 'destroyed') this.#events.reached(false);
    if (this.#isTunnel) this.#front?.end();
    if (this.#underWay !== undefined) {
      if (wasOpen) this.#loseAnswer('the server broke the connection off');
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
    this.#isLast = true;
    const headers = { [EXECUTED_HEADER]: executed };
    this.#write(errorAnswerBytes({ status, code, detail, connection: 'close', headers }));
    this.#front?.end();
  }

  #write(bytes: Uint8Array): void {
    if (this.#front?.write(bytes) === false) this.#back?.pause();
  }

  /** The server's work for the request is over. */
  #done(): void {
    const underWay = this.#underWay;
    this.#underWay = undefined;
    if (underWay !== undefined) this.#parts.gate.done(underWay.resource);
  }

  #closeIfDone(): void {
    if (this.#front !== undefined || this.#back !== undefined || this.#isClosed) return;
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
