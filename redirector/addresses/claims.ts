import type { FloatingAddress } from '../../core/floating-address/port.js';
import type { MemberId } from '../../core/domain.js';

/** One of the addresses that redirectors share. */
export interface SharedAddress extends FloatingAddress {
  /** Who should rather have it, the first most of all; empty: whoever has the fewest. */
  readonly prefer: readonly MemberId[];
}

/** How an address stands, for this redirector. */
export interface Stand {
  /** By the last word of the store it is this redirector's. */
  readonly isMine: boolean;
  /** Nobody has it, this redirector may take it, and it is its turn. */
  readonly isOffered: boolean;
  /** One that should rather have it has stood ready for long enough. */
  readonly isAwaited: boolean;
  /** Grows with each change of hands. */
  readonly term: number;
}

/** Whose an address is. */
export interface Claims {
  /** Until then, by the own monotonic clock, what is this redirector's may be on its interface. */
  readonly holdUntilMs: number;
  /** And so much later others may take it. */
  readonly marginMs: number;
  standOf(address: SharedAddress): Stand;
  /** Tries to make it this redirector's; whether it is, the stand tells. @throws ERR_STORE_UNAVAILABLE, ERR_STORE_AMBIGUOUS */
  claim(address: SharedAddress): Promise<void>;
  /** It is not on the interface here any more: others may take it. @throws the same */
  yield(address: SharedAddress): Promise<void>;
  /** Tells the others for which addresses this redirector stands ready; why not for those that it does not. */
  stand(faults: Readonly<Record<string, string | null>>): void;
}
