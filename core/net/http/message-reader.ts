import type { BodySink } from './body-sink.js';
import { BodyReader } from './body-reader.js';
import { HttpFault, FAULTS } from './fault.js';
import type { Framing } from './framing.js';
import { HeadReader } from './head-reader.js';
import type { HeadParser } from './head-reader.js';
import type { HeaderList } from './header-list.js';
import { NO_HEADERS } from './header-list.js';
import type { BodyLimits, HeadLimits } from './limits.js';
import { BODY_LIMITS, HEAD_LIMITS } from './limits.js';

/** What the bytes of a connection turn out to be: head, body …, end, again and again; or a fault, once and last. */
export interface MessageSink<Head> extends BodySink {
  head(head: Head): void;
  /**
   * The whole message has been read. `hasMore`: bytes lie behind it already. Behind an answer these answer nothing: whoever sends
   * the next request on that connection, which can be within this call, would take them for its own answer.
   */
  end(trailers: HeaderList, hasMore: boolean): void;
  fault(fault: HttpFault): void;
}

export interface MessageLimits {
  readonly head: HeadLimits;
  readonly body: BodyLimits;
}

export const MESSAGE_LIMITS: MessageLimits = { head: HEAD_LIMITS, body: BODY_LIMITS };

/**
 * The messages that one side of a connection sends:
 *
 *   between → (part of a head) → body → between …     any of them → failed
 */
export abstract class MessageReader<Head extends { readonly framing: Framing }> {
  protected readonly sink: MessageSink<Head>;
  readonly #heads: HeadReader<Head>;
  readonly #bodyLimits: BodyLimits;
  #body: BodyReader | undefined;
  #isFailed = false;

  constructor(parser: HeadParser<Head>, limits: MessageLimits, sink: MessageSink<Head>) {
    this.#heads = new HeadReader(parser, limits.head);
    this.#bodyLimits = limits.body;
    this.sink = sink;
  }

  /** No part of a message has come that is not at its end. */
  get isBetween(): boolean {
    return this.#body === undefined && !this.#heads.isUnderWay && !this.#isFailed;
  }

  /**
   * Reads from `at` to the end of a head, of a message or of the bytes, whichever comes first, and returns where that is:
   * whoever must wait keeps the rest and goes on with it later.
   */
  read(bytes: Uint8Array, at = 0): number {
    if (this.#isFailed || at >= bytes.length) return bytes.length;
    if (this.#body === undefined) return this.#readHead(bytes, at);
    const end = this.#body.read(bytes, at, this.sink);
    this.#settle(this.#body, end < bytes.length);
    return end;
  }

  /** The peer sends no more. */
  peerEnded(): void {
    if (this.isBetween || this.#isFailed) return;
    if (this.#body === undefined) {
      this.fail(FAULTS.truncated);
      return;
    }
    this.#body.peerEnded();
    this.#settle(this.#body, false);
  }

  protected fail(fault: HttpFault): void {
    if (this.#isFailed) return;
    this.#isFailed = true;
    this.sink.fault(fault);
  }

  protected forgetHeads(): void {
    this.#heads.forget();
  }

  /** Another head of the same message follows this one. */
  protected isInterim(_head: Head): boolean {
    return false;
  }

  protected interim(head: Head): void {
    this.sink.head(head);
  }

  protected ended(trailers: HeaderList, hasMore: boolean): void {
    this.sink.end(trailers, hasMore);
  }

  #readHead(bytes: Uint8Array, at: number): number {
    const head = this.#heads.read(bytes, at);
    if (head === undefined) return bytes.length;
    if (head instanceof HttpFault) {
      this.fail(head);
      return bytes.length;
    }
    const { end } = this.#heads;
    if (this.isInterim(head)) this.interim(head);
    else this.#begin(head, end < bytes.length);
    return end;
  }

  #begin(head: Head, hasMore: boolean): void {
    if (head.framing.kind === 'none') {
      this.sink.head(head);
      this.ended(NO_HEADERS, hasMore);
      return;
    }
    const body = new BodyReader(head.framing, this.#bodyLimits);
    if (body.fault === undefined) {
      this.#body = body;
      this.sink.head(head);
    }
    this.#settle(body, hasMore);
  }

  #settle(body: BodyReader, hasMore: boolean): void {
    if (body.fault !== undefined) {
      this.fail(body.fault);
    } else if (body.isDone) {
      this.#body = undefined;
      this.ended(body.trailers, hasMore);
    }
  }
}
