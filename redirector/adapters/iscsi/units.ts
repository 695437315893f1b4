import type { ResourceId } from '../../../core/domain.js';

/** What tells one logical unit from another. */
export interface UnitMark {
  readonly identity: string;
  /** Undefined: it was not told. */
  readonly capacity: string | undefined;
}

/** By LUN. */
export type UnitMarks = ReadonlyMap<string, UnitMark>;

/**
 * The logical units behind each target as clients have seen them: the identifiers that initiators tell them by, and their size.
 * A server that shows others must not get a command that was meant for these.
 */
export class Units {
  readonly #seen = new Map<ResourceId, Map<string, UnitMark>>();

  /** Why a server that shows these cannot go on for the ones before; undefined: it can. */
  compare(resource: ResourceId, marks: UnitMarks): string | undefined {
    const seen = this.#seen.get(resource);
    if (seen === undefined) {
      this.#seen.set(resource, new Map(marks));
      return undefined;
    }
    for (const [lun, mark] of seen) {
      const now = marks.get(lun);
      if (now === undefined) return `has no LUN ${lun}`;
      if (!isSame(mark, now)) {
        return `shows another LUN ${lun} (${textOf(now)}) than clients have seen (${textOf(mark)})`;
      }
    }
    // A size that was not told before is known by now.
    for (const lun of seen.keys()) {
      const now = marks.get(lun);
      if (now?.capacity !== undefined) seen.set(lun, now);
    }
    return undefined;
  }

  /** They have changed, as clients know: what a server shows next counts. */
  forget(resource: ResourceId): void {
    this.#seen.delete(resource);
  }
}

function isSame(one: UnitMark, other: UnitMark): boolean {
  const isSizeKnown = one.capacity !== undefined && other.capacity !== undefined;
  return one.identity === other.identity && (!isSizeKnown || one.capacity === other.capacity);
}

function textOf({ identity, capacity = 'not told' }: UnitMark): string {
  return `${identity}, capacity ${capacity}`;
}
