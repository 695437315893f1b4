import { Block } from './block.js';
import { MessageMemory } from './message-memory.js';

/** What one read of a quiet connection can bring. */
const SHARED_BYTES = 64 << 10;
/** What one read can bring of a connection through which much flows. */
const BLOCK_BYTES = 256 << 10;
/** Blocks that nobody uses are kept up to so many. */
const BLOCKS_KEPT_MAX = 16;
/** Outgoing pieces are joined in slabs of that size: 256 KB of iSCSI in PDUs of 8 KB, with their heads, are one. */
const SLAB_BYTES = 272 << 10;

/**
 * Memory of all sockets of one net, so that neither a read nor a write allocates any: one block that quiet connections share,
 * blocks that go round among those through which much flows, and a slab in which pieces to write are joined.
 */
export class SocketMemory {
  /** Every quiet connection reads into it: it cannot be given away, not even for a moment. */
  readonly shared = new Block(SHARED_BYTES, () => undefined);
  readonly messages = new MessageMemory();
  /** What a handler is lent right now. */
  lent: Block | undefined;
  readonly #free: Block[] = [];
  readonly #keep = (block: Block): void => {
    if (this.#free.length < BLOCKS_KEPT_MAX) this.#free.push(block);
  };
  #slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
  /** Up to here the slab is taken. */
  #top = 0;
  /** Pieces in it that the system has not taken. */
  #pieces = 0;

  /** One of its own for a connection. */
  takeBlock(): Block {
    const block = this.#free.pop() ?? new Block(BLOCK_BYTES, this.#keep);
    block.isHeld = true;
    return block;
  }

  /** The connection reads into another one from now on. */
  leaveBlock(block: Block): void {
    if (block !== this.shared) block.leave();
  }

  /** These bytes are good for the handler's call only, and no use of them can be counted. */
  isShared(bytes: Uint8Array): boolean {
    return this.lent === this.shared && bytes.buffer === this.shared.bytes.buffer;
  }

  /** These bytes are good until the block is read into again. */
  blockOf(bytes: Uint8Array): Block | undefined {
    const { lent } = this;
    return bytes.buffer === lent?.bytes.buffer ? lent : undefined;
  }

  /** A copy behind `piece`, if that is what was joined last; else by itself. Undefined: the piece must be written first. */
  join(piece: Piece | undefined, bytes: Uint8Array): Piece | undefined {
    const { length } = bytes;
    if (piece !== undefined) {
      if (piece.slab !== this.#slab || piece.to !== this.#top) return undefined;
      if (this.#top + length > this.#slab.length) return undefined;
    } else if (this.#top + length > this.#slab.length) {
      this.#slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, length));
      this.#top = this.#pieces = 0;
    }
    if (piece === undefined) this.#pieces += 1;
    const joined = piece ?? { slab: this.#slab, from: this.#top, to: this.#top };
    joined.slab.set(bytes, this.#top);
    this.#top += length;
    joined.to = this.#top;
    return joined;
  }

  /** The system has taken all of the piece: its place is free again, at the latest with those behind it. */
  taken({ slab, from, to }: Piece): void {
    if (slab !== this.#slab) return;
    this.#pieces -= 1;
    if (this.#pieces === 0) this.#top = 0;
    else if (to === this.#top) this.#top = from;
  }
}

/** Bytes of one connection, side by side in a slab. */
export interface Piece {
  readonly slab: Buffer;
  readonly from: number;
  to: number;
}
