import type { Clock } from '../clock/port.js';
import type { Address } from '../domain.js';
import { ForeshiftError, fail } from '../errors.js';
import { clip } from '../text.js';
import type { CallProgress } from './call-failure.js';
import { callFailure, oversizedAnswer } from './call-failure.js';
import type { CallUrl } from './call-url.js';
import { parseCallUrl } from './call-url.js';
import { Deadline } from './deadline.js';
import { latin1Bytes } from './http/bytes.js';
import type { HttpFault } from './http/fault.js';
import { NO_BODY, ofLength } from './http/framing.js';
import { requestHeadText } from './http/head-text.js';
import { headerList, headerMap } from './http/header-list.js';
import type { MessageSink } from './http/message-reader.js';
import type { ResponseHead } from './http/response-head.js';
import { ResponseReader } from './http/response-reader.js';
import type {
  CallAnswer,
  CloseReason,
  ConnectOptions,
  Connection,
  ConnectionHandler,
  OutboundCall,
} from './port.js';

export interface ExchangeParts {
  readonly clock: Clock;
  readonly connect: (to: Address, options: ConnectOptions) => Connection;
}

/** A call made of a connection and our own codec, for networks that are made of connections only. */
export async function callOver(parts: ExchangeParts, request: OutboundCall): Promise<CallAnswer> {
  const url = parseCallUrl(request.method, request.url);
  if (url.isSecure) {
    fail('ERR_CALL_FORBIDDEN', { url: clip(request.url), why: 'this network has no TLS' });
  }
  if (request.signal?.aborted === true) throw callFailure(request.url, 'unsent', 'called off');
  return new Promise((resolve, reject) => {
    new Exchange(parts, request, { resolve, reject }).start(url);
  });
}

interface Settle {
  readonly resolve: (answer: CallAnswer) => void;
  readonly reject: (error: ForeshiftError) => void;
}

/** One request and its answer, on a connection of their own. */
class Exchange implements ConnectionHandler, MessageSink<ResponseHead> {
  readonly #parts: ExchangeParts;
  readonly #request: OutboundCall;
  readonly #settle: Settle;
  readonly #deadline: Deadline;
  readonly #reader = new ResponseReader(this);
  readonly #onAbort = (): void => {
    this.#fail('called off');
  };
  #message = latin1Bytes('');
  #connection: Connection | undefined;
  #progress: CallProgress = 'unsent';
  #isSettled = false;
  #head: ResponseHead | undefined;
  readonly #body: Uint8Array[] = [];
  #length = 0;

  constructor(parts: ExchangeParts, request: OutboundCall, settle: Settle) {
    this.#parts = parts;
    this.#request = request;
    this.#settle = settle;
    this.#deadline = new Deadline(parts.clock, () => {
      this.#fail(`nothing after ${request.timeoutMs} ms`);
    });
  }

  start(url: CallUrl): void {
    const { timeoutMs, signal } = this.#request;
    this.#message = requestBytes(this.#request, url);
    this.#deadline.set(timeoutMs);
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    this.#connection = this.#parts.connect(url.to, { timeoutMs });
    this.#connection.handler = this;
  }

  opened(): void {
    this.#progress = 'sent';
    this.#reader.expect(this.#request.method);
    this.#connection?.write(this.#message);
  }

  data(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length && !this.#isSettled;) at = this.#reader.read(bytes, at);
  }

  drained(): void {
    // nothing more to send
  }

  ended(): void {
    if (!this.#isSettled) this.#reader.peerEnded();
  }

  closed(reason: CloseReason): void {
    if (this.#isSettled) return;
    if (reason === 'forbidden') {
      const facts = { url: clip(this.#request.url), why: 'the guard refused its address' };
      this.#reject(new ForeshiftError('ERR_CALL_FORBIDDEN', facts));
      return;
    }
    if (reason === 'refused') this.#progress = 'refused';
    this.#fail(`the connection was closed: ${reason}`);
  }

  head(head: ResponseHead): void {
    this.#head = head;
  }

  body(bytes: Uint8Array): void {
    this.#length += bytes.length;
    if (this.#length <= this.#request.answerBytesMax) this.#body.push(bytes);
    else this.#reject(oversizedAnswer(this.#request.url, this.#request.answerBytesMax));
  }

  end(): void {
    const head = this.#head;
    if (head === undefined || !this.#finish()) return;
    this.#settle.resolve({
      status: head.status,
      headers: headerMap(head.headers),
      body: Buffer.concat(this.#body),
    });
  }

  fault(fault: HttpFault): void {
    this.#fail(fault.text);
  }

  #fail(why: string): void {
    this.#reject(callFailure(this.#request.url, this.#progress, why));
  }

  #reject(error: ForeshiftError): void {
    if (this.#finish()) this.#settle.reject(error);
  }

  /** False if the call was settled before. */
  #finish(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    this.#deadline.stop();
    this.#request.signal?.removeEventListener('abort', this.#onAbort);
    this.#connection?.destroy();
    return true;
  }
}

function requestBytes({ method, headers = {}, body }: OutboundCall, url: CallUrl): Buffer {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  const head = requestHeadText({
    method,
    path: url.path,
    query: url.query,
    host: url.authority,
    headers: headerList(headers),
    framing: bytes === undefined ? NO_BODY : ofLength(bytes.length),
    connection: 'close',
  });
  return Buffer.concat([latin1Bytes(head), bytes ?? new Uint8Array(0)]);
}
