import type { ResourceId, ServerId } from './domain.js';
import type { Generation } from './generation.js';

/** Who serves a resource, since when, and who would if that server were lost. */
export interface Placement {
  readonly server: ServerId;
  /** The generation that gave the resource to its server: what the fence compares. */
  readonly since: Generation;
  readonly standby: ServerId | null;
}

export type PlacementChange = readonly [resource: ResourceId, placement: Placement | null];

/** Changes beyond this share of the whole, or number, are merged into it. */
const CHANGES_SHARE_MAX = 1 / 32;
const CHANGES_LEAST = 64;

/**
 * Placements by resource, immutable: what changed lately over a whole that many of them share, so that the change of a few costs a
 * copy of few. In the order in which resources came.
 */
export class Placements {
  static readonly empty = new Placements(new Map(), new Map(), 0);

  readonly size: number;
  readonly #whole: ReadonlyMap<ResourceId, Placement>;
  /** Null: taken out. */
  readonly #changed: ReadonlyMap<ResourceId, Placement | null>;

  private constructor(
    whole: ReadonlyMap<ResourceId, Placement>,
    changed: ReadonlyMap<ResourceId, Placement | null>,
    size: number,
  ) {
    this.#whole = whole;
    this.#changed = changed;
    this.size = size;
  }

  get(resource: ResourceId): Placement | undefined {
    const changed = this.#changed.get(resource);
    return changed === undefined ? this.#whole.get(resource) : (changed ?? undefined);
  }

  *entries(): IterableIterator<[ResourceId, Placement]> {
    for (const [resource, placement] of this.#whole) {
      const changed = this.#changed.get(resource);
      if (changed !== null) yield [resource, changed ?? placement];
    }
    for (const [resource, placement] of this.#changed) {
      if (placement !== null && !this.#whole.has(resource)) yield [resource, placement];
    }
  }

  with(changes: readonly PlacementChange[]): Placements {
    const changed = new Map(this.#changed);
    let { size } = this;
    for (const [resource, placement] of changes) {
      const before = changed.get(resource);
      const wasThere = before === undefined ? this.#whole.has(resource) : before !== null;
      size += Number(placement !== null) - Number(wasThere);
      changed.set(resource, placement);
    }
    const next = new Placements(this.#whole, changed, size);
    const isMuch = changed.size > Math.max(CHANGES_LEAST, CHANGES_SHARE_MAX * size);
    return isMuch ? new Placements(new Map(next.entries()), new Map(), size) : next;
  }
}
