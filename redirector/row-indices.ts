import type { ResourceId } from '../core/domain.js';
import type { Indices } from '../core/indices.js';

const NOT_KNOWN = -1;
const ROWS_AT_FIRST = 64;

/** By which index somebody knows the resource in each row of tables: a resource is looked up once, not with each table. */
export class RowIndices {
  readonly #indexOf: (resource: ResourceId) => number;
  #rows: Indices<ResourceId> | undefined;
  #indices = new Int32Array(0);

  /** `indexOf`: always says the same of a resource, and not less than 0. */
  constructor(indexOf: (resource: ResourceId) => number) {
    this.#indexOf = indexOf;
  }

  /** The tables to come have these rows. */
  follow(rows: Indices<ResourceId>): void {
    const count = rows.ids.length;
    const isOther = rows !== this.#rows;
    this.#rows = rows;
    if (!isOther && count <= this.#indices.length) return;
    const indices = new Int32Array(Math.max(ROWS_AT_FIRST, count + (count >> 2))).fill(NOT_KNOWN);
    if (!isOther) indices.set(this.#indices);
    this.#indices = indices;
  }

  of(row: number): number {
    const known = this.#indices[row]!;
    if (known !== NOT_KNOWN) return known;
    const index = this.#indexOf(this.#rows!.idOf(row));
    this.#indices[row] = index;
    return index;
  }
}
