import { strict as assert } from 'node:assert';
import type { ResourceId, ServerId } from './domain.js';
import type { Generation } from './generation.js';
import { NO_GENERATION, compareGenerations } from './generation.js';
import type { Indices } from './indices.js';
import type { Placement, PlacementChange } from './placements.js';
import { Placements } from './placements.js';

export type { Placement } from './placements.js';

/**
 * Which server serves which resource: immutable, swapped whole. A resource has exactly one server at
 * each generation; one that is not in the table is not assigned yet.
 */
export class AssignmentTable {
  static readonly empty = new AssignmentTable(NO_GENERATION, Placements.empty);

  readonly generation: Generation;
  readonly #placements: Placements;

  private constructor(generation: Generation, placements: Placements) {
    this.generation = generation;
    this.#placements = placements;
  }

  get size(): number {
    return this.#placements.size;
  }

  /** Where it has each resource: tables that were made from one another have them in common, with rows that are empty in some. */
  get rows(): Indices<ResourceId> {
    return this.#placements.rows;
  }

  placementOf(resource: ResourceId): Placement | undefined {
    return this.#placements.get(resource);
  }

  placementAt(row: number): Placement | undefined {
    return this.#placements.at(row);
  }

  entries(): IterableIterator<[ResourceId, Placement]> {
    return this.#placements.entries();
  }

  resourcesOn(server: ServerId): ResourceId[] {
    const resources: ResourceId[] = [];
    for (const [id, placement] of this.entries()) {
      if (placement.server === server) resources.push(id);
    }
    return resources;
  }

  /** The next table; null takes a resource out. Generations never fall, and no placement is from the future. */
  with(changes: Iterable<PlacementChange>, generation: Generation): AssignmentTable {
    assert.ok(compareGenerations(generation, this.generation) >= 0, 'generations never go back');
    const list = [...changes];
    // Of many revisions of the store few are commits: the others share what the table holds.
    if (list.length === 0) return new AssignmentTable(generation, this.#placements);
    let known: Generation = generation;
    for (const [, placement] of list) {
      // What one batch moved has one `since`.
      if (placement === null || placement.since === known) continue;
      known = placement.since;
      assert.ok(compareGenerations(known, generation) <= 0, 'since is not in the future');
    }
    return new AssignmentTable(generation, this.#placements.with(list));
  }

  /**
   * The rows whose placement may differ from the other table's, if this one was made from it: a switch of one resource
   * should not cost a look at all of them. Undefined: not known, it may be any.
   */
  changedSince(other: AssignmentTable): Int32Array | undefined {
    return this.#placements.changedSince(other.#placements);
  }
}
