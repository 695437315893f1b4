import type { Sample } from '../core/sample.js';
import type { DropReason } from './rates.js';

/** One look at a target. */
export interface Poll {
  /** Wall clock of its beginning: what its samples carry. */
  readonly timeMs: number;
  /** The same moment by the monotonic clock: what rates are made by. */
  readonly monotonicMs: number;
  /** The poll is over by then, one way or the other. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** What a poll brought. */
export interface Harvest {
  /** Finite, not negative, each series once. Read once, before the next poll. */
  readonly samples: Iterable<Sample>;
  /** What was there, or should have been, and made no sample. */
  readonly drops: readonly Drop[];
}

export interface Drop {
  /** The metric. */
  readonly what: string;
  readonly reason: DropReason;
  readonly count: number;
}

/** A kind of page that load is read from, bound to one target. It remembers earlier polls, since counters become rates. */
export interface Source {
  /** @throws ERR_CALL_*, ERR_PAGE_* – nothing could be read */
  poll(poll: Poll): Promise<Harvest>;
}
