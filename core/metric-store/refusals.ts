import { ForeshiftError, fail } from '../errors.js';

/** What a store says of a write of which it took all but values of series that it has no room for. */
interface Refusal {
  readonly limit: number;
  /** That there are too many of. */
  readonly what: string;
  /** Values. */
  readonly refused: number;
}

/** @throws ERR_SERIES_REFUSED */
export function refuseSeries(refusal: Refusal): never {
  return fail('ERR_SERIES_REFUSED', { ...refusal });
}

/** How many values of a write were not taken while the rest was; undefined: it is another error. */
export function refusedBy(error: unknown): number | undefined {
  if (!(error instanceof ForeshiftError) || error.code !== 'ERR_SERIES_REFUSED') return undefined;
  return Number(error.facts.refused);
}

/** Of many writes that belong together: one that was refused in part is no reason to leave out those behind it. */
export class Refusals {
  #refused = 0;
  #last: ForeshiftError | undefined;

  /** @throws whatever else the write ends with */
  async note(write: Promise<void>): Promise<void> {
    try {
      await write;
    } catch (error) {
      const refused = refusedBy(error);
      if (refused === undefined || !(error instanceof ForeshiftError)) throw error;
      this.#refused += refused;
      this.#last = error;
    }
  }

  /** All of them as one. @throws ERR_SERIES_REFUSED */
  throwAny(): void {
    if (this.#last === undefined) return;
    fail('ERR_SERIES_REFUSED', { ...this.#last.facts, refused: this.#refused });
  }
}
