import type { Clock } from '../clock/port.js';
import { ForeshiftError } from '../errors.js';
import type { Log } from '../log.js';
import { Deadline } from './deadline.js';
import { latin1Bytes } from './http/bytes.js';
import { errorAnswerBytes } from './http/error-answer.js';
import type { HttpFault } from './http/fault.js';
import { FAULTS } from './http/fault.js';
import { NO_BODY, ofLength } from './http/framing.js';
import type { OutgoingConnection } from './http/head-text.js';
import { interimHeadText, responseHeadText } from './http/head-text.js';
import { NO_HEADERS, headerList } from './http/header-list.js';
import { BODY_LIMITS } from './http/limits.js';
import type { MessageSink } from './http/message-reader.js';
import { reasonOf } from './http/reason.js';
import type { RequestHead } from './http/request-head.js';
import { RequestReader } from './http/request-reader.js';
import { hasNoBody } from './http/response-head.js';
import type { HttpAnswer, HttpHandler, HttpRoute, HttpServerOptions } from './http-route.js';
import { IncomingBody } from './incoming-body.js';
import type { Connection, ConnectionHandler } from './port.js';

export interface ServedParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly options: HttpServerOptions;
  /** Undefined: nobody will read the body. */
  readonly routeOf: (head: RequestHead) => HttpRoute | undefined;
  readonly handle: HttpHandler;
  readonly closed: () => void;
}

const NOTHING = new Uint8Array(0);

/**
 * One client of the small server: its requests are answered one after the other.
 *
 *   idle → reading → answering → (draining) → idle …
 *   any of them → lingering: the last answer is written, the rest of what comes is thrown away
 *   any of them → closed
 */
export class HttpServerConnection implements ConnectionHandler, MessageSink<RequestHead> {
  readonly #connection: Connection;
  readonly #parts: ServedParts;
  readonly #reader: RequestReader;
  readonly #deadline: Deadline;
  #place: 'idle' | 'reading' | 'answering' | 'draining' | 'lingering' | 'closed' = 'idle';
  #head: RequestHead | undefined;
  #body: IncomingBody | undefined;
  /** Came while a request was being answered. */
  #unread: Uint8Array = NOTHING;
  /** The request under way is the last one. */
  #isLast = false;
  #whenClosed: (() => void) | undefined;

  constructor(connection: Connection, parts: ServedParts) {
    this.#connection = connection;
    this.#parts = parts;
    const { options } = parts;
    const body = { ...BODY_LIMITS, bodyBytesMax: options.bodyBytesMax };
    this.#reader = new RequestReader(this, { head: options.head, body });
    this.#deadline = new Deadline(parts.clock, () => {
      this.#expired();
    });
    this.#deadline.set(options.requestTimeoutMs);
    connection.handler = this;
  }

  /** One too many: says so, and closes. */
  refuseBusy(): void {
    this.#refuse(503, 'ERR_LIMIT_REACHED', 'too many connections');
  }

  /** Closes after the answer that is under way; resolves when that has happened. */
  finish(): Promise<void> {
    if (this.#place === 'closed') return Promise.resolve();
    this.#isLast = true;
    if (this.#place === 'idle') this.#connection.destroy();
    return new Promise((resolve) => {
      this.#whenClosed = resolve;
    });
  }

  opened(): void {
    // what was accepted is open
  }

  data(bytes: Uint8Array): void {
    if (this.#place === 'idle' || this.#place === 'reading') {
      this.#read(bytes);
    } else if (this.#place === 'answering' || this.#place === 'draining') {
      this.#unread = Buffer.concat([this.#unread, bytes]);
      this.#connection.pause();
    }
  }

  drained(): void {
    if (this.#place === 'draining') this.#next();
    else if (this.#place === 'lingering') this.#deadline.set(this.#parts.options.lingerMs);
  }

  ended(): void {
    this.#isLast = true;
    if (this.#place === 'reading') this.#reader.peerEnded();
    else if (this.#place === 'idle' || this.#place === 'lingering') this.#connection.end();
  }

  closed(): void {
    this.#place = 'closed';
    this.#deadline.stop();
    this.#parts.closed();
    this.#whenClosed?.();
  }

  head(head: RequestHead): void {
    this.#head = head;
    const route = this.#parts.routeOf(head);
    const { strangerBytesMax } = this.#parts.options;
    try {
      this.#body = new IncomingBody(route, head.headers, strangerBytesMax);
    } catch (error) {
      this.#refuseWith(error);
      return;
    }
    if (!head.expectsContinue) return;
    this.#connection.write(latin1Bytes(interimHeadText(100, reasonOf(100), NO_HEADERS)));
  }

  body(bytes: Uint8Array): void {
    try {
      if (this.#body?.add(bytes) === false) this.fault(FAULTS.bodyTooLarge);
    } catch (error) {
      this.#refuseWith(error);
    }
  }

  end(): void {
    // Its head or a piece of its body was refused, and the reader goes through what came with it.
    if (this.#place !== 'reading') return;
    this.#place = 'answering';
    this.#deadline.set(this.#parts.options.answerTimeoutMs);
    const [head, body] = [this.#head, this.#body];
    this.#body = undefined;
    if (head !== undefined && body !== undefined) void this.#answer(head, body.bytes);
  }

  fault(fault: HttpFault): void {
    if (this.#place === 'reading') this.#refuse(fault.status, fault.name, fault.text);
  }

  #read(bytes: Uint8Array): void {
    if (this.#place === 'idle') {
      this.#place = 'reading';
      this.#deadline.set(this.#parts.options.requestTimeoutMs);
    }
    let at = 0;
    while (at < bytes.length && this.#place === 'reading') at = this.#reader.read(bytes, at);
    if (this.#place === 'answering') this.#unread = bytes.subarray(at);
  }

  async #answer(head: RequestHead, body: Uint8Array): Promise<void> {
    const bytes = await this.#answerBytes(head, body);
    if (this.#place !== 'answering') return;
    const isTaken = this.#connection.write(bytes);
    if (this.#isLast || !head.keepAlive) this.#linger(isTaken);
    else if (isTaken) this.#next();
    else this.#place = 'draining';
  }

  async #answerBytes(head: RequestHead, body: Uint8Array): Promise<Uint8Array> {
    const { method, path, query, headers } = head;
    const isBodyless = method === 'HEAD';
    try {
      const { remote } = this.#connection;
      const answer = await this.#parts.handle({ method, path, query, headers, body, remote });
      return writtenAnswer(answer, {
        isBodyless,
        connection: this.#outgoing(head),
        date: this.#date(),
      });
    } catch (error) {
      const failure = this.#failure(error);
      const common = { isBodyless, connection: this.#outgoing(head), format: 'problem' } as const;
      return errorAnswerBytes({ ...failure, ...common, headers: { date: this.#date() } });
    }
  }

  #failure(error: unknown): { status: number; code: string; detail: string } {
    if (error instanceof ForeshiftError) {
      return { status: error.status, code: error.code, detail: error.message };
    }
    this.#parts.log.error({ err: error }, 'request failed');
    return { status: 500, code: 'ERR_INTERNAL', detail: 'the request could not be answered' };
  }

  #outgoing({ keepAlive, minorVersion }: RequestHead): OutgoingConnection {
    if (this.#isLast || !keepAlive) return 'close';
    return minorVersion === 0 ? 'keep-alive' : 'persistent';
  }

  #date(): string {
    return new Date(this.#parts.clock.realtimeMs()).toUTCString();
  }

  #next(): void {
    this.#place = 'idle';
    this.#deadline.set(this.#parts.options.idleTimeoutMs);
    const unread = this.#unread;
    this.#unread = NOTHING;
    if (unread.length > 0) this.#read(unread);
    this.#connection.resume();
  }

  #refuseWith(error: unknown): void {
    const { status, code, detail } = this.#failure(error);
    this.#refuse(status, code, detail);
  }

  #refuse(status: number, code: string, detail: string): void {
    const answer = { status, code, detail, connection: 'close', format: 'problem' } as const;
    this.#linger(this.#connection.write(errorAnswerBytes(answer)));
  }

  #linger(isTaken: boolean): void {
    const { lingerMs, answerTimeoutMs } = this.#parts.options;
    this.#place = 'lingering';
    this.#unread = NOTHING;
    this.#body = undefined;
    this.#deadline.set(isTaken ? lingerMs : answerTimeoutMs);
    this.#connection.end();
    this.#connection.resume();
  }

  #expired(): void {
    if (this.#place === 'reading') this.#refuse(408, 'ERR_TIMEOUT', 'the request took too long');
    else if (this.#place === 'answering') this.#refuse(503, 'ERR_TIMEOUT', 'no answer in time');
    else this.#connection.destroy();
  }
}

interface Written {
  readonly isBodyless: boolean;
  readonly connection: OutgoingConnection;
  readonly date: string;
}

/** In one piece: it then leaves as one write. */
function writtenAnswer(answer: HttpAnswer, { isBodyless, connection, date }: Written): Uint8Array {
  const { status, body = '' } = answer;
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const type = { 'content-type': 'text/plain; charset=utf-8' };
  const head = responseHeadText({
    status,
    reason: reasonOf(status),
    headers: headerList({ ...(typeof body === 'string' && type), date, ...answer.headers }),
    framing: hasNoBody('', status) ? NO_BODY : ofLength(bytes.length),
    connection,
  });
  const hasBody = !isBodyless && !hasNoBody('', status);
  return hasBody ? Buffer.concat([latin1Bytes(head), bytes]) : latin1Bytes(head);
}
