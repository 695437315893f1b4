import type { Block } from '../../../core/net/block.js';

/** Who made the call. */
export interface Caller {
  readonly host: string;
  /** `block`: in which what is long of it lies. */
  reply(pieces: readonly Uint8Array[], block?: Block): void;
  /** Nothing can be said that is true: it may ask again on another connection. */
  unanswered(): void;
}
