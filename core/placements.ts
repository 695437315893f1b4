import type { ResourceId, ServerId } from './domain.js';
import type { Generation } from './generation.js';
import { Indices } from './indices.js';

/** Who serves a resource, since when, and who would if that server were lost. */
export interface Placement {
  readonly server: ServerId;
  /** The generation that gave the resource to its server: what the fence compares. */
  readonly since: Generation;
  readonly standby: ServerId | null;
}

export type PlacementChange = readonly [resource: ResourceId, placement: Placement | null];

/** A change of one copies so many. */
const CHUNK_BITS = 9;
const CHUNK_ROWS = 1 << CHUNK_BITS;
const ROW_IN_CHUNK = CHUNK_ROWS - 1;

type Chunk = readonly (Placement | undefined)[];
const EMPTY_CHUNK: Chunk = new Array<undefined>(CHUNK_ROWS).fill(undefined);

/** Rows of resources that are no more are left out once they are most, and more than so many. */
const SPARE_ROWS_MAX = 64;

/** What placements were made from, as long as somebody has that still. */
interface Origin {
  readonly placements: WeakRef<Placements>;
  readonly changed: Int32Array;
}

/**
 * Placements by resource, immutable. Each resource has a row, the same in all that were made from one another; rows lie in chunks,
 * which those have in common as far as nothing in them changed. So a change costs what it is, in one as in 10,000 of 100,000.
 */
export class Placements {
  static readonly empty = new Placements(new Indices(), [], 0);

  readonly size: number;
  readonly rows: Indices<ResourceId>;
  readonly #chunks: readonly Chunk[];
  readonly #origin: Origin | undefined;

  private constructor(
    rows: Indices<ResourceId>,
    chunks: readonly Chunk[],
    size: number,
    origin?: Origin,
  ) {
    this.rows = rows;
    this.#chunks = chunks;
    this.size = size;
    this.#origin = origin;
  }

  get(resource: ResourceId): Placement | undefined {
    const row = this.rows.of(resource);
    return row < 0 ? undefined : this.at(row);
  }

  /** A row that came later is beyond the end, or nothing is in it. */
  at(row: number): Placement | undefined {
    return this.#chunks[row >> CHUNK_BITS]?.[row & ROW_IN_CHUNK];
  }

  *entries(): IterableIterator<[ResourceId, Placement]> {
    // Most rows of a small table's only chunk never had anything.
    const rows = Math.min(this.rows.ids.length, this.#chunks.length * CHUNK_ROWS);
    for (let row = 0; row < rows; row++) {
      const placement = this.at(row);
      if (placement !== undefined) yield [this.rows.idOf(row), placement];
    }
  }

  with(changes: readonly PlacementChange[]): Placements {
    // Those that begin with nothing have nothing in common.
    const rows = this.#chunks.length === 0 ? new Indices<ResourceId>() : this.rows;
    const chunks: (Placement | undefined)[][] = [...(this.#chunks as (Placement | undefined)[][])];
    const changed = new Int32Array(changes.length);
    let { size } = this;
    for (let at = 0; at < changes.length; at++) {
      const [resource, placement] = changes[at]!;
      const row = rows.give(resource);
      changed[at] = row;
      const chunk = ownChunk(chunks, this.#chunks, row >> CHUNK_BITS);
      const before = chunk[row & ROW_IN_CHUNK];
      size += Number(placement !== null) - Number(before !== undefined);
      chunk[row & ROW_IN_CHUNK] = placement ?? undefined;
    }
    const placements = new WeakRef<Placements>(this);
    const next = new Placements(rows, chunks, size, { placements, changed });
    const isSparse = rows.ids.length > Math.max(SPARE_ROWS_MAX, 2 * size);
    return isSparse ? Placements.empty.with([...next.entries()]) : next;
  }

  /** The rows in which these may differ from the others, if they were made from them; undefined: not known, it may be any. */
  changedSince(other: Placements): Int32Array | undefined {
    if (this === other) return NO_ROWS;
    const { placements, changed } = this.#origin ?? {};
    return placements?.deref() === other ? changed : undefined;
  }
}

const NO_ROWS = new Int32Array();

/** The chunk at that place, no longer one that others have in common. */
function ownChunk(
  chunks: (Placement | undefined)[][],
  common: readonly Chunk[],
  at: number,
): (Placement | undefined)[] {
  while (chunks.length <= at) chunks.push(EMPTY_CHUNK.slice());
  const chunk = chunks[at]!;
  return chunk === common[at] ? (chunks[at] = chunk.slice()) : chunk;
}
