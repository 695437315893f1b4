import type { Generation } from '../../core/generation.js';
import {
  NO_GENERATION,
  compareGenerations,
  formatGeneration,
  isSameGeneration,
} from '../../core/generation.js';
import type { Records } from './records.js';
import { Violation } from './violation.js';

/** S3: for nobody who looks do generations ever fall, and none is given out that somebody knows already. */
export class KnownGenerations {
  /** The highest of each observer. */
  readonly #highest = new Map<string, Generation>();

  observed(observer: string, generation: Generation): void {
    const highest = this.#highest.get(observer) ?? NO_GENERATION;
    if (compareGenerations(generation, highest) < 0) {
      const fell = `${formatGeneration(highest)} to ${formatGeneration(generation)}`;
      throw new Violation('S3', `${observer} fell from ${fell}`);
    }
    this.#highest.set(observer, generation);
  }

  /** What begins anew may begin with less: another process, a lost disk. */
  forget(observers: readonly string[]): void {
    for (const key of this.#highest.keys()) {
      if (observers.some((observer) => key.startsWith(observer))) this.#highest.delete(key);
    }
  }

  /** The store's head changed. */
  checkHead(before: Records, after: Records): void {
    const [former, head] = [before.head, after.head];
    if (former === undefined || head === undefined) return;
    if (
      compareGenerations(head.generation, former.generation) < 0 ||
      compareGenerations(head.reserved, former.reserved) < 0 ||
      compareGenerations(head.generation, head.reserved) > 0
    ) {
      throw new Violation('S3', 'the generation in the store fell');
    }
    if (isSameGeneration(head.reserved, former.reserved)) return;
    for (const [observer, highest] of this.#highest) {
      if (compareGenerations(head.reserved, highest) > 0) continue;
      const reserved = formatGeneration(head.reserved);
      const known = formatGeneration(highest);
      throw new Violation('S3', `${reserved} was reserved, but the ${observer} knows ${known}`);
    }
  }
}
