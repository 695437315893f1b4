import { BodyWriter } from '../../../core/net/http/body-writer.js';
import type { Framing } from '../../../core/net/http/framing.js';
import type { HeaderList } from '../../../core/net/http/header-list.js';
import { NO_HEADERS } from '../../../core/net/http/header-list.js';
import type { Upstream } from './upstream.js';

/** The body of one request: kept as long as it is short enough to be sent again, and written to whatever server it goes to. */
export class RequestBody {
  readonly #framing: Framing;
  #isRead: boolean;
  #trailers: HeaderList = NO_HEADERS;
  /** It has become too long, or is needed no more. */
  #isForgotten = false;
  /** Undefined: nothing has come, or it is forgotten. */
  #kept: Uint8Array[] | undefined;
  #keptBytes = 0;
  /** Of the server that it goes to now. */
  #writer: BodyWriter | undefined;

  constructor(framing: Framing) {
    this.#framing = framing;
    this.#isRead = framing.kind === 'none';
  }

  /** All of it has come. */
  get isRead(): boolean {
    return this.#isRead;
  }

  /** All that has come is still here: it can be sent, or sent again. */
  get isKept(): boolean {
    return !this.#isForgotten;
  }

  get keptBytes(): number {
    return this.#keptBytes;
  }

  /** More of it has come, which is lent. */
  keep(bytes: Uint8Array): void {
    if (this.#isForgotten) return;
    this.#keptBytes += bytes.length;
    (this.#kept ??= []).push(Buffer.from(bytes));
  }

  /** As far as it has been sent, and need not be sent again if it is longer than that. */
  keepUpTo(bytesMax: number, bytes: Uint8Array): void {
    if (this.#keptBytes + bytes.length > bytesMax) this.forget();
    else this.keep(bytes);
  }

  /** It need not be sent again if it is longer than that. */
  keepAtMost(bytesMax: number): void {
    if (this.#keptBytes > bytesMax) this.forget();
  }

  forget(): void {
    this.#isForgotten = true;
    this.#kept = undefined;
  }

  /** From its beginning, as far as it has come. False: full. */
  begin(upstream: Upstream): boolean {
    if (this.#framing.kind === 'none') return true;
    this.#writer = new BodyWriter(this.#framing);
    let hasRoom = true;
    for (const bytes of this.#kept ?? []) hasRoom = this.write(bytes, upstream);
    if (this.#isRead) this.#writeEnd(upstream);
    return hasRoom;
  }

  /** False: full. */
  write(bytes: Uint8Array, upstream: Upstream): boolean {
    return this.#writer?.write(bytes, upstream) ?? true;
  }

  /** It has come to its end; undefined: it goes to no server yet. */
  end(trailers: HeaderList, upstream: Upstream | undefined): void {
    this.#isRead = true;
    this.#trailers = trailers;
    if (upstream !== undefined) this.#writeEnd(upstream);
  }

  #writeEnd(upstream: Upstream): void {
    this.#writer?.writeEnd(this.#trailers, upstream);
  }
}
