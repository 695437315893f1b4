/**
 * The verdict on one server, from the results of checks. Pure state: so many failures in a row make it
 * unreachable, so many successes reachable again.
 */
export interface HealthLimits {
  readonly fall: number;
  readonly rise: number;
}

/** `refused`: its host answers that nothing listens; `silent`: no answer at all. */
export type Evidence = 'refused' | 'silent';

export class ServerHealth {
  readonly #limits: HealthLimits;
  #failures = 0;
  #successes = 0;
  #evidence: Evidence | undefined;

  constructor(limits: HealthLimits) {
    this.#limits = limits;
  }

  /** Undefined: it can be reached, as far as is known. */
  get unreachable(): Evidence | undefined {
    return this.#evidence;
  }

  /** The last check failed, but the verdict stands: check again soon. */
  get isDoubtful(): boolean {
    return this.#failures > 0 && this.#evidence === undefined;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#successes += 1;
    if (this.#successes >= this.#limits.rise) this.#evidence = undefined;
  }

  failed(evidence: Evidence): void {
    this.#successes = 0;
    this.#failures += 1;
    if (this.#evidence !== undefined || this.#failures >= this.#limits.fall) {
      this.#evidence = evidence;
    }
  }
}
