import { copyOf, isBetter } from './standing.js';
import type { Standing } from './standing.js';
import type { Tableau } from './tableau.js';

/** The best assignment that a search has seen, kept by what changed since: a better one costs no copy of all. */
export class BestSeen {
  readonly #tableau: Tableau;
  readonly #best: Int32Array;
  #standing: Standing;
  /** Resources that moved since the best was written down, some of them twice. */
  readonly #changed: Int32Array;
  #count = 0;
  #isAllChanged = false;

  constructor(tableau: Tableau) {
    this.#tableau = tableau;
    this.#best = Int32Array.from(tableau.assignment);
    this.#standing = copyOf(tableau);
    this.#changed = new Int32Array(Math.max(16, tableau.assignment.length));
  }

  get standing(): Standing {
    return this.#standing;
  }

  /** These were moved, as one. */
  moved(resource: number, other = resource): void {
    this.note(resource);
    if (other !== resource) this.note(other);
    this.look();
  }

  /** It may have been moved. */
  note(resource: number): void {
    if (this.#count < this.#changed.length) this.#changed[this.#count++] = resource;
    else this.#isAllChanged = true;
  }

  /** At the tableau, of which all changes were noted. True: it is the best now. */
  look(): boolean {
    const tableau = this.#tableau;
    if (!isBetter(tableau, this.#standing) || !tableau.groups.isNoWorse()) return false;
    this.#standing = copyOf(tableau);
    this.#write();
    return true;
  }

  /** Makes the tableau the best again. */
  restore(): void {
    this.#tableau.become(this.#best);
  }

  #write(): void {
    const { assignment } = this.#tableau;
    if (this.#isAllChanged) this.#best.set(assignment);
    for (let at = 0; at < this.#count; at++) {
      const resource = this.#changed[at]!;
      this.#best[resource] = assignment[resource]!;
    }
    this.#count = 0;
    this.#isAllChanged = false;
  }
}
