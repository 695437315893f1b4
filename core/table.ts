import { strict as assert } from 'node:assert';
import type { ResourceId, ServerId } from './domain.js';
import type { Generation } from './generation.js';
import { NO_GENERATION, compareGenerations } from './generation.js';
import type { Placement, PlacementChange } from './placements.js';
import { Placements } from './placements.js';

export type { Placement } from './placements.js';

/** What placements were made from, as long as somebody has that still. */
interface Origin {
  readonly placements: WeakRef<Placements>;
  readonly changed: readonly ResourceId[];
}

/**
 * Which server serves which resource: immutable, swapped whole. A resource has exactly one server at
 * each generation; one that is not in the table is not assigned yet.
 */
export class AssignmentTable {
  static readonly empty = new AssignmentTable(NO_GENERATION, Placements.empty);

  readonly generation: Generation;
  readonly #placements: Placements;
  readonly #origin: Origin | undefined;

  private constructor(generation: Generation, placements: Placements, origin?: Origin) {
    this.generation = generation;
    this.#placements = placements;
    this.#origin = origin;
  }

  get size(): number {
    return this.#placements.size;
  }

  placementOf(resource: ResourceId): Placement | undefined {
    return this.#placements.get(resource);
  }

  entries(): IterableIterator<[ResourceId, Placement]> {
    return this.#placements.entries();
  }

  resourcesOn(server: ServerId): ResourceId[] {
    return [...this.entries()].flatMap(([id, placement]) =>
      placement.server === server ? [id] : [],
    );
  }

  /** The next table; null takes a resource out. Generations never fall, and no placement is from the future. */
  with(changes: Iterable<PlacementChange>, generation: Generation): AssignmentTable {
    assert.ok(compareGenerations(generation, this.generation) >= 0, 'generations never go back');
    const list = [...changes];
    // Of many revisions of the store few are commits: the others share what the table holds.
    if (list.length === 0) return new AssignmentTable(generation, this.#placements, this.#origin);
    for (const [, placement] of list) {
      const isPast = placement === null || compareGenerations(placement.since, generation) <= 0;
      assert.ok(isPast, 'since is not in the future');
    }
    const placements = this.#placements.with(list);
    return new AssignmentTable(generation, placements, {
      placements: new WeakRef(this.#placements),
      changed: list.map(([resource]) => resource),
    });
  }

  /**
   * The resources whose placement may differ from the other table's, if this one was made from it: a switch of one resource
   * should not cost a look at all of them. Undefined: not known, it may be any.
   */
  changedSince(other: AssignmentTable): readonly ResourceId[] | undefined {
    if (this.#placements === other.#placements) return [];
    const { placements, changed } = this.#origin ?? {};
    return placements?.deref() === other.#placements ? changed : undefined;
  }
}
