import type { Block } from './block.js';
import type { Connection } from './port.js';

/** Messages in pieces to one connection: those of one turn leave together. */
export class Outbox {
  readonly #connection: Connection;
  #isCorked = false;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** `block`: in which what is long of it lies. False: the connection is full; the message is taken all the same. */
  write(pieces: readonly Uint8Array[], block?: Block): boolean {
    if (!this.#isCorked) {
      this.#isCorked = true;
      this.#connection.cork();
      queueMicrotask(() => {
        this.#isCorked = false;
        this.#connection.uncork();
      });
    }
    let hasRoom = true;
    for (const piece of pieces) hasRoom = this.#connection.write(piece, block);
    return hasRoom;
  }
}
