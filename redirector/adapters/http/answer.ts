import { BodyWriter } from '../../../core/net/http/body-writer.js';
import { relayedFraming } from '../../../core/net/http/framing.js';
import type { HeaderList } from '../../../core/net/http/header-list.js';
import { answerHeadBytes, interimHeadBytes } from '../../../core/net/http/relayed-heads.js';
import type { RequestHead } from '../../../core/net/http/request-head.js';
import type { ResponseHead } from '../../../core/net/http/response-head.js';
import type { HttpCounters } from './counters.js';
import type { AnswerTaker } from './own-answer.js';
import { connectionAfter } from './own-answer.js';
import type { Upstream } from './upstream.js';

/** The answer of a server to one request, on its way to the client: from its head on there is no other. */
export class Answer {
  readonly #head: RequestHead;
  readonly #client: AnswerTaker;
  readonly #counters: HttpCounters;
  #body: BodyWriter | undefined;
  #status = 0;
  #bytes = 0;
  #mayStay = false;
  #isFramed = false;

  constructor(head: RequestHead, client: AnswerTaker, counters: HttpCounters) {
    this.#head = head;
    this.#client = client;
    this.#counters = counters;
  }

  /** 0: there is none. */
  get status(): number {
    return this.#status;
  }

  /** Of its body, or of the tunnel that it became. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The client's connection takes another request behind it, once this one is read. */
  get mayStay(): boolean {
    return this.#mayStay;
  }

  /** The client sees by its framing whether it is whole: if it is not, what has gone out may arrive all the same. */
  get showsItsEnd(): boolean {
    return this.#isFramed;
  }

  /** A word of the server's before it. */
  interim(head: ResponseHead): void {
    // A 100 was the redirector's to say, and was said.
    if (head.status === 100 || this.#head.minorVersion === 0) return;
    this.#client.write(interimHeadBytes(head));
  }

  begin(head: ResponseHead, upstream: Upstream, isRequestRead: boolean): void {
    const { minorVersion, keepAlive } = this.#head;
    const framing = relayedFraming(head.framing, minorVersion);
    this.#mayStay = keepAlive && framing.kind !== 'until-close' && !this.#client.isLast;
    this.#isFramed = framing.kind !== 'until-close';
    this.#body = new BodyWriter(framing);
    this.#begun(head.status);
    const connection = connectionAfter(this.#head, this.#mayStay && isRequestRead);
    this.#client.write(upstream.relayedHead(head, framing, connection));
  }

  /** What follows is not HTTP. */
  beginTunnel(head: ResponseHead): void {
    this.#begun(head.status);
    this.#client.write(answerHeadBytes(head, head.framing, 'websocket'));
  }

  /** More of its body. False: the client is full. */
  write(bytes: Uint8Array): boolean {
    this.#bytes += bytes.length;
    return this.#body?.write(bytes, this.#client) ?? true;
  }

  /** False: the client is full. */
  writeToTunnel(bytes: Uint8Array): boolean {
    this.#bytes += bytes.length;
    return this.#client.write(bytes);
  }

  end(trailers: HeaderList): void {
    this.#body?.writeEnd(trailers, this.#client);
  }

  #begun(status: number): void {
    this.#status = status;
    this.#counters.answered(status);
  }
}
