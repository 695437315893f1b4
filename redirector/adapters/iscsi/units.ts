import type { ResourceId } from '../../../core/domain.js';

/** By LUN: what tells one logical unit from another. */
export type UnitMarks = ReadonlyMap<string, string>;

/**
 * The logical units behind each target as clients have seen them: the identifiers that initiators tell them by, and their size.
 * A server that shows others must not get a command that was meant for these.
 */
export class Units {
  readonly #seen = new Map<ResourceId, UnitMarks>();

  /** Why a server that shows these cannot go on for the ones before; undefined: it can. */
  compare(resource: ResourceId, marks: UnitMarks): string | undefined {
    const seen = this.#seen.get(resource);
    if (seen === undefined) {
      this.#seen.set(resource, marks);
      return undefined;
    }
    for (const [lun, mark] of seen) {
      const now = marks.get(lun);
      if (now === undefined) return `has no LUN ${lun}`;
      if (now !== mark) return `shows another LUN ${lun} (${now}) than clients have seen (${mark})`;
    }
    return undefined;
  }

  /** They have changed, as clients know: what a server shows next counts. */
  forget(resource: ResourceId): void {
    this.#seen.delete(resource);
  }
}
