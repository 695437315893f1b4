import type { Frames } from '../../disk/frames.js';
import type { MetricStoreLimits } from '../limits.js';
import type { Place, RowVisitor, SegmentHead } from './format.js';
import {
  COLUMNS,
  HEAD,
  LAYOUT,
  ROWS,
  isHole,
  payloadStart,
  readColumns,
  readHead,
  readLayout,
  visitRows,
} from './format.js';

/**
 * What is known of a segment without its rows: the names of its columns, its layouts, which columns came out
 * of order. Made by reading the whole segment once, then kept up with what is written.
 */
export class Contents {
  readonly head: SegmentHead;
  readonly columns: string[] = [];
  readonly layouts: Uint32Array[] = [];
  readonly #columnOf = new Map<string, number>();
  readonly #layoutsByHash = new Map<number, number[]>();
  readonly #layoutCellsMax: number;
  #layoutCells = 0;
  /** By column: milliseconds of the day of its latest row, plus one; 0: it has none. */
  #latest = new Uint32Array(16);
  /** By column: 1 if a row came that was not later than the latest before it. */
  #isLate = new Uint8Array(16);
  #hasHead = false;

  constructor(head: SegmentHead, { layoutCellsMax }: Pick<MetricStoreLimits, 'layoutCellsMax'>) {
    this.head = head;
    this.#layoutCellsMax = layoutCellsMax;
  }

  /** The segment has at least its first record. */
  get hasHead(): boolean {
    return this.#hasHead;
  }

  columnOf(name: string): number | undefined {
    return this.#columnOf.get(name);
  }

  /** Milliseconds of the day of the column's latest row; −1: it has none. */
  latestMsOf(column: number): number {
    return this.#latest[column]! - 1;
  }

  /** Its rows may hold a time twice, or be out of order. */
  isLate(column: number): boolean {
    return this.#isLate[column] === 1;
  }

  addColumn(name: string): number {
    const column = this.columns.length;
    this.columns.push(name);
    this.#columnOf.set(name, column);
    if (column === this.#latest.length) this.#grow();
    return column;
  }

  /** The number of the layout with these columns, in this order. */
  layoutOf(columns: Uint32Array): number | undefined {
    const candidates = this.#layoutsByHash.get(hashOf(columns));
    return candidates?.find((layout) => isSame(this.layouts[layout]!, columns));
  }

  /** There is room for one more layout of several columns. */
  hasRoomFor(columns: Uint32Array): boolean {
    return this.#layoutCells + columns.length <= this.#layoutCellsMax;
  }

  addLayout(columns: Uint32Array): number {
    const layout = this.layouts.length;
    this.layouts.push(columns);
    this.#layoutCells += columns.length;
    const hash = hashOf(columns);
    const same = this.#layoutsByHash.get(hash);
    if (same === undefined) this.#layoutsByHash.set(hash, [layout]);
    else same.push(layout);
    return layout;
  }

  noteHead(): void {
    this.#hasHead = true;
  }

  /** @param hasValue of a place in the row: it is no hole */
  noteRow(layout: number, ms: number, hasValue: (place: number) => boolean): void {
    const latest = this.#latest;
    const columns = this.layouts[layout]!;
    for (let place = 0; place < columns.length; place++) {
      if (!hasValue(place)) continue;
      const column = columns[place]!;
      if (ms < latest[column]!) this.#isLate[column] = 1;
      else latest[column] = ms + 1;
    }
  }

  /**
   * Takes in a frame as it is read. False: it cannot follow what was read so far, and the contents are of no
   * use any more.
   */
  take({ bytes, view }: Frames, { from, to }: Place, visit: RowVisitor): boolean {
    const start = payloadStart(from);
    const payload = bytes.subarray(start, to);
    const kind = view.getUint8(start - 1);
    if (kind === HEAD) return this.#takeHead(payload);
    if (!this.#hasHead) return false;
    if (kind === COLUMNS) return this.#takeColumns(payload);
    if (kind === LAYOUT) return this.#takeLayout(payload);
    if (kind !== ROWS) return false;
    return visitRows(view, { from: start, to }, this.#shape, (layout, ms, rowView, at) => {
      const hasValue = (place: number): boolean =>
        !isHole(rowView.getFloat32(at + 4 * this.head.width * place, true));
      this.noteRow(layout, ms, hasValue);
      visit(layout, ms, rowView, at);
    });
  }

  /** Visits the rows of a frame that was taken before. False: there is something else now. */
  visit({ view }: Frames, { from, to }: Place, visit: RowVisitor): boolean {
    const start = payloadStart(from);
    if (view.getUint8(start - 1) !== ROWS) return true;
    return visitRows(view, { from: start, to }, this.#shape, visit);
  }

  get #shape() {
    return { layouts: this.layouts, width: this.head.width };
  }

  #takeHead(payload: Uint8Array): boolean {
    const head = readHead(payload);
    const { what, width, day } = this.head;
    const isOurs = head?.what === what && head.width === width && head.day === day;
    if (!isOurs || this.#hasHead) return false;
    this.#hasHead = true;
    return true;
  }

  #takeColumns(payload: Uint8Array): boolean {
    const names = readColumns(payload);
    const isNew = names?.every((name) => !this.#columnOf.has(name));
    if (names === undefined || isNew !== true || new Set(names).size < names.length) return false;
    for (const name of names) this.addColumn(name);
    return true;
  }

  #takeLayout(payload: Uint8Array): boolean {
    const columns = readLayout(payload);
    if (columns?.every((column) => column < this.columns.length) !== true) return false;
    if (new Set(columns).size < columns.length) return false;
    this.addLayout(columns);
    return true;
  }

  #grow(): void {
    const latest = new Uint32Array(2 * this.#latest.length);
    latest.set(this.#latest);
    this.#latest = latest;
    const isLate = new Uint8Array(2 * this.#isLate.length);
    isLate.set(this.#isLate);
    this.#isLate = isLate;
  }
}

/** FNV-1a over the numbers. */
function hashOf(columns: Uint32Array): number {
  let hash = 0x811c9dc5;
  for (const column of columns) hash = Math.imul(hash ^ column, 0x01000193);
  return hash;
}

function isSame(a: Uint32Array, b: Uint32Array): boolean {
  return a.length === b.length && a.every((column, at) => column === b[at]);
}
