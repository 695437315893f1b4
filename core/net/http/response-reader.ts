import { strict as assert } from 'node:assert';
import { HttpFault, FAULTS } from './fault.js';
import type { HeaderList } from './header-list.js';
import type { MessageLimits, MessageSink } from './message-reader.js';
import { MESSAGE_LIMITS, MessageReader } from './message-reader.js';
import type { ResponseHead } from './response-head.js';
import { ResponseHeadParser } from './response-head.js';

/** A server may send so many 1xx heads before the response proper. */
const INTERIM_MAX = 16;

/**
 * The responses that a server sends on one connection, each to a request that was announced: a byte that answers no request
 * is a fault. Interim heads (1xx) come before the response's own; 101 ends the message, what follows is not HTTP.
 * All faults have the status 502: they are the server's.
 */
export class ResponseReader extends MessageReader<ResponseHead> {
  readonly #parser: ResponseHeadParser;
  #isAwaited = false;
  #interims = 0;

  constructor(sink: MessageSink<ResponseHead>, limits: MessageLimits = MESSAGE_LIMITS) {
    const parser = new ResponseHeadParser(limits.head);
    super(parser, limits, sink);
    this.#parser = parser;
  }

  /** A request of that method has been sent. One at a time. */
  expect(method: string): void {
    assert(!this.#isAwaited, 'the response before must have ended');
    if (method !== this.#parser.method) this.forgetHeads();
    this.#parser.method = method;
    this.#isAwaited = true;
    this.#interims = 0;
  }

  override read(bytes: Uint8Array, at = 0): number {
    if (this.#isAwaited || at >= bytes.length) return super.read(bytes, at);
    this.fail(FAULTS.unsolicited);
    return bytes.length;
  }

  override peerEnded(): void {
    if (this.#isAwaited && this.isBetween) this.fail(FAULTS.truncated);
    else super.peerEnded();
  }

  protected override isInterim({ status }: ResponseHead): boolean {
    return status < 200 && status !== 101;
  }

  protected override interim(head: ResponseHead): void {
    this.#interims += 1;
    if (this.#interims > INTERIM_MAX) this.fail(FAULTS.interimTooMany);
    else super.interim(head);
  }

  protected override ended(trailers: HeaderList, hasMore: boolean): void {
    this.#isAwaited = false;
    super.ended(trailers, hasMore);
  }

  protected override fail({ name, text }: HttpFault): void {
    super.fail(new HttpFault(name, 502, text));
  }
}
