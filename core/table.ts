import { strict as assert } from 'node:assert';
import type { ResourceId, ServerId } from './domain.js';
import type { Generation } from './generation.js';
import { NO_GENERATION, compareGenerations } from './generation.js';

/** Who serves a resource, since when, and who would if that server were lost. */
export interface Placement {
  readonly server: ServerId;
  /** The generation that gave the resource to its server: what the fence compares. */
  readonly since: Generation;
  readonly standby: ServerId | null;
}

/**
 * Which server serves which resource: immutable, swapped whole. A resource has exactly one server at
 * each generation; one that is not in the table is not assigned yet.
 */
export class AssignmentTable {
  static readonly empty = new AssignmentTable(NO_GENERATION, new Map());

  readonly generation: Generation;
  readonly #placements: ReadonlyMap<ResourceId, Placement>;

  private constructor(generation: Generation, placements: ReadonlyMap<ResourceId, Placement>) {
    this.generation = generation;
    this.#placements = placements;
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
    return [...this.#placements].flatMap(([id, placement]) =>
      placement.server === server ? [id] : [],
    );
  }

  /** The next table; null takes a resource out. Generations never fall, and no placement is from the future. */
  with(
    changes: Iterable<readonly [ResourceId, Placement | null]>,
    generation: Generation,
  ): AssignmentTable {
    assert.ok(compareGenerations(generation, this.generation) >= 0, 'generations never go back');
    // Of many revisions of the store few are commits: the others share what the table holds.
    let placements: Map<ResourceId, Placement> | undefined;
    for (const [resource, placement] of changes) {
      placements ??= new Map(this.#placements);
      if (placement === null) {
        placements.delete(resource);
        continue;
      }
      assert.ok(compareGenerations(placement.since, generation) <= 0, 'since is not in the future');
      placements.set(resource, placement);
    }
    return new AssignmentTable(generation, placements ?? this.#placements);
  }

  /** Made from one another without a change of any placement: known without looking at them. */
  sharesPlacements(other: AssignmentTable): boolean {
    return this.#placements === other.#placements;
  }
}
