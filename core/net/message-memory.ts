import { Block } from './block.js';

/** Blocks are of so many times that: what is more than a message needs is a third of it at most. */
const UNIT_BYTES = 16 << 10;
/** A message that is shorter is cheaper where it is. */
export const LONG_BYTES_MIN = 32 << 10;

export interface MessageMemoryLimits {
  /** Of blocks that nobody has, which are kept. */
  readonly freeBytesMax: number;
  /** Of messages that are not whole yet, of all connections: there is no block for more, and they are kept in the pieces that come. */
  readonly arrivingBytesMax: number;
}

const LIMITS: MessageMemoryLimits = { freeBytesMax: 8 << 20, arrivingBytesMax: 64 << 20 };

/**
 * Blocks in which long messages are put together, each in one of its own, so that what is kept for a message is what it is long.
 * What is whole counts with whoever has it.
 */
export class MessageMemory {
  readonly #limits: MessageMemoryLimits;
  /** By units. */
  readonly #free: Block[][] = [];
  #freeBytes = 0;
  #arrivingBytes = 0;

  constructor(limits: Partial<MessageMemoryLimits> = {}) {
    this.#limits = { ...LIMITS, ...limits };
  }

  get freeBytes(): number {
    return this.#freeBytes;
  }

  get arrivingBytes(): number {
    return this.#arrivingBytes;
  }

  /** For a message that arrives, until `arrived`. Undefined: there is no room for another. */
  take(length: number): Block | undefined {
    const units = unitsOf(length);
    const bytes = units * UNIT_BYTES;
    if (this.#arrivingBytes + bytes > this.#limits.arrivingBytesMax) return undefined;
    this.#arrivingBytes += bytes;
    const free = this.#free[units]?.pop();
    if (free === undefined) return new Block(bytes, this.#keep);
    this.#freeBytes -= bytes;
    free.isHeld = true;
    return free;
  }

  /** It is whole, or nothing more of it comes. */
  arrived({ bytes }: Block): void {
    this.#arrivingBytes -= bytes.length;
  }

  readonly #keep = (block: Block): void => {
    const { length } = block.bytes;
    if (this.#freeBytes + length > this.#limits.freeBytesMax) return;
    this.#freeBytes += length;
    (this.#free[unitsOf(length)] ??= []).push(block);
  };
}

function unitsOf(length: number): number {
  return Math.ceil(length / UNIT_BYTES);
}
