import type { Clock } from '../../core/clock/port.js';
import type { MemberId } from '../../core/domain.js';
import type { Claims, SharedAddress, Stand } from './claims.js';

export interface OwnClaimsOptions {
  readonly self: MemberId;
  /** An address outlives its process by so long at most. */
  readonly leaseMs: number;
}

/**
 * Redirectors that know nothing of one another: an address belongs to the first that it prefers, for ever, and nobody
 * else takes it. One that prefers nobody is this redirector's.
 */
export class OwnClaims implements Claims {
  readonly marginMs = 0;
  readonly #clock: Clock;
  readonly #options: OwnClaimsOptions;
  readonly #taken = new Set<string>();

  constructor(clock: Clock, options: OwnClaimsOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  get holdUntilMs(): number {
    return this.#clock.monotonicMs() + this.#options.leaseMs;
  }

  standOf({ ip, prefer: [first = this.#options.self] }: SharedAddress): Stand {
    const isMine = this.#taken.has(ip);
    return {
      isMine,
      isOffered: !isMine && first === this.#options.self,
      isAwaited: false,
      term: 0,
    };
  }

  claim({ ip }: SharedAddress): Promise<void> {
    this.#taken.add(ip);
    return Promise.resolve();
  }

  yield({ ip }: SharedAddress): Promise<void> {
    this.#taken.delete(ip);
    return Promise.resolve();
  }

  stand(): void {
    // nobody asks
  }
}
