import type { Block } from './block.js';
import { LONG_BYTES_MIN } from './message-memory.js';
import type { BlocksOfMessages } from './port.js';

/** With less to come, a read that brings more than that is cheaper than one for it alone. */
const READ_BYTES_MIN = 16 << 10;

/** Where a reader puts a long message together, if there is room for it: one after another. */
export class ArrivingMessage {
  readonly #blocks: BlocksOfMessages | undefined;
  #block: Block | undefined;
  #length = 0;
  /** So much of it is there. */
  #at = 0;

  constructor(blocks: BlocksOfMessages | undefined) {
    this.#blocks = blocks;
  }

  /** Of one that is short, or has no room, the reader keeps the pieces as they come. */
  begin(length: number): void {
    if (length < LONG_BYTES_MIN) return;
    this.#block = this.#blocks?.take(length);
    this.#length = length;
    this.#at = 0;
  }

  get isUnderWay(): boolean {
    return this.#block !== undefined;
  }

  /** For `readsInto`: where what comes next belongs, if that is much. */
  readsInto(): Uint8Array | undefined {
    if (this.#block === undefined || this.#length - this.#at < READ_BYTES_MIN) return undefined;
    return this.#block.bytes.subarray(this.#at, this.#length);
  }

  /** What came next, there or lent. */
  add(bytes: Uint8Array): void {
    const whole = this.#block?.bytes;
    const isThere =
      bytes.buffer === whole?.buffer && bytes.byteOffset === whole.byteOffset + this.#at;
    if (!isThere) whole?.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** It is whole. Undefined: it was kept otherwise. */
  end(): Block | undefined {
    const block = this.#block;
    this.#block = undefined;
    if (block !== undefined) this.#blocks?.arrived(block);
    return block;
  }

  /** Nothing more comes, and nothing is read into what `readsInto` said. */
  stop(): void {
    this.end()?.leave();
  }
}
