/** Layouts are looked at in which so many columns of a row, one here and one there, were written last. */
const PROBES = 5;
/** A wider layout may have so many times the columns of a row; where nothing else is left but a row for each cell, so many. */
const WIDER_MAX = 1.5;
const WIDEST_MAX = 3;
/** A layout is grown for a row of which it has this share. */
const COMMON_MIN = 0.5;

/**
 * Layouts for rows that lack a few of the columns which others have: what is idle has no latency, and which resources are idle is
 * never the same twice. A layout for each such row would double what it takes; so it is written in a wider one, with holes.
 */
export class WiderLayouts {
  /** By column: the layout in which it was written last. */
  readonly #lastOf: Uint32Array[] = [];
  /** By column: the turn in which it was marked. */
  #marks = new Float64Array(0);
  #turn = 0;

  /** That this one was used. */
  note(columns: Uint32Array): void {
    const first = columns[0]!;
    if (columns.length < 2 || this.#lastOf[first] === columns) return;
    for (const column of columns) this.#lastOf[column] = columns;
  }

  /**
   * Columns, all of these among them: those of a layout that there is, or of one grown by what it has not; undefined: none is near.
   * @param isGrowing there is room for another layout
   */
  around(columns: Uint32Array, isGrowing: boolean): Uint32Array | undefined {
    const count = columns.length;
    if (count < 2) return undefined;
    this.#mark(columns);
    let wider: Uint32Array | undefined;
    let nearest: Uint32Array | undefined;
    let grownTo = WIDER_MAX * count;
    for (const layout of this.#candidatesFor(columns)) {
      const common = this.#countMarked(layout);
      const size = layout.length + count - common;
      if (common === count) {
        if (layout.length < (wider?.length ?? Infinity)) wider = layout;
      } else if (size <= grownTo && common >= COMMON_MIN * count) {
        grownTo = size;
        nearest = layout;
      }
    }
    const widerMax = count * (isGrowing ? WIDER_MAX : WIDEST_MAX);
    if (wider !== undefined && wider.length <= widerMax) return wider;
    if (!isGrowing || nearest === undefined) return undefined;
    this.#mark(nearest);
    return Uint32Array.from([
      ...nearest,
      ...columns.filter((column) => this.#marks[column] !== this.#turn),
    ]);
  }

  #candidatesFor(columns: Uint32Array): Set<Uint32Array> {
    const candidates = new Set<Uint32Array>();
    for (let probe = 0; probe < PROBES; probe++) {
      const at = Math.floor((probe * (columns.length - 1)) / (PROBES - 1));
      const layout = this.#lastOf[columns[at]!];
      if (layout !== undefined) candidates.add(layout);
    }
    return candidates;
  }

  #mark(columns: Uint32Array): void {
    this.#turn += 1;
    let highest = 0;
    for (const column of columns) if (column > highest) highest = column;
    if (highest >= this.#marks.length) {
      const marks = new Float64Array(2 * (highest + 1));
      marks.set(this.#marks);
      this.#marks = marks;
    }
    for (const column of columns) this.#marks[column] = this.#turn;
  }

  #countMarked(layout: Uint32Array): number {
    const marks = this.#marks;
    const turn = this.#turn;
    let count = 0;
    for (const column of layout) if (marks[column] === turn) count++;
    return count;
  }
}
