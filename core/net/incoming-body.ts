import type { HeaderList } from './http/header-list.js';
import type { HttpRoute } from './http-route.js';

const NOTHING = new Uint8Array(0);

/**
 * The body of one request as it comes. What nobody will read is not kept; of a sender that its route has not admitted no more
 * than a beginning is. It is put together at once: a body may come a byte at a time, and a piece costs more than its bytes.
 */
export class IncomingBody {
  readonly #route: HttpRoute | undefined;
  readonly #headers: HeaderList;
  readonly #strangerBytesMax: number;
  #isAdmitted: boolean;
  #kept: Uint8Array = NOTHING;
  #length = 0;

  /** @throws whatever the route's `admits` does: the sender is refused */
  constructor(route: HttpRoute | undefined, headers: HeaderList, strangerBytesMax: number) {
    this.#route = route;
    this.#headers = headers;
    this.#strangerBytesMax = strangerBytesMax;
    this.#isAdmitted = this.#admits();
  }

  get bytes(): Uint8Array {
    return this.#kept.subarray(0, this.#length);
  }

  /** False: it is longer than it may be, from whom nobody knows. @throws whatever the route's `admits` does */
  add(bytes: Uint8Array): boolean {
    if (this.#route === undefined) return true;
    this.#append(bytes);
    if (!this.#isAdmitted && this.#length > this.#strangerBytesMax) {
      this.#isAdmitted = this.#admits();
      return this.#isAdmitted;
    }
    return true;
  }

  #admits(): boolean {
    return this.#route?.admits?.(this.#headers, this.bytes) ?? true;
  }

  #append(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (this.#length === 0) {
      this.#kept = bytes;
    } else if (length > this.#kept.length) {
      const grown = new Uint8Array(Math.max(length, 2 * this.#kept.length));
      grown.set(this.bytes);
      this.#kept = grown;
    }
    if (this.#length > 0) this.#kept.set(bytes, this.#length);
    this.#length = length;
  }
}
