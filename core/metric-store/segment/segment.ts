import { strict as assert } from 'node:assert';
import { Frames } from '../../disk/frames.js';
import type { Disk, DiskFile } from '../../disk/port.js';
import { fail } from '../../errors.js';
import type { Log } from '../../log.js';
import type { MetricStoreLimits } from '../limits.js';
import type { Chunk } from './chunks.js';
import { addChunk, emptyChunk, meets, noteMs, piecesOf } from './chunks.js';
import { Contents } from './contents.js';
import type { RowVisitor, SegmentHead } from './format.js';
import {
  COLUMNS,
  HEAD,
  HOLE,
  LAYOUT,
  RECORD_BYTES,
  RECORD_BYTES_MAX,
  columnsPayload,
  headPayload,
  isHole,
  layoutPayload,
} from './format.js';
import { scanSegment } from './scan.js';
import type { Stretch } from './tail.js';
import { Tail } from './tail.js';
import { WiderLayouts } from './wider-layouts.js';

/** Of what cannot be read, at most so much is kept beside the file. */
const TORN_BYTES_MAX = 256 << 20;

export type SegmentLimits = Pick<MetricStoreLimits, 'seriesMax' | 'dayBytesMax' | 'layoutCellsMax'>;

/** Values to write: of cell i, `names[i]`, `ms[i]` of the day, and `width` values from `values[i · width]` on. */
export interface Cells {
  readonly names: readonly string[];
  readonly ms: readonly number[];
  readonly values: readonly number[];
}

interface NumberedCells {
  readonly columns: Uint32Array;
  readonly ms: readonly number[];
  readonly values: readonly number[];
}

/** The number of a column that has none yet. */
const NEW = 0xffffffff;

/**
 * The segment of one day: what is on the disk, and what will be with the next flush. Whoever has the day's
 * turn calls it, one call at a time. A write is in memory when it returns; a flush that fails leaves it
 * there for the next one, which first cuts off what the failed one may have left.
 */
export class Segment {
  readonly head: SegmentHead;
  readonly #disk: Disk;
  readonly #log: Log;
  readonly #path: string;
  readonly #limits: SegmentLimits;
  readonly #tail = new Tail(0);
  #tailRows = emptyChunk(0);
  /** Rows are counted; by column, the last row that has it. */
  #row = 0;
  #rowOf = new Float64Array(0);
  #wider = new WiderLayouts();
  #contents: Contents | undefined;
  #chunks: Chunk[] = [];
  #file: DiskFile | undefined;
  #writtenBytes = 0;
  /** The file may hold more than `writtenBytes`. */
  #isDoubtful = false;

  constructor(
    parts: { readonly disk: Disk; readonly log: Log },
    path: string,
    { head, limits }: { readonly head: SegmentHead; readonly limits: SegmentLimits },
  ) {
    this.#disk = parts.disk;
    this.#log = parts.log;
    this.#path = path;
    this.head = head;
    this.#limits = limits;
  }

  /** What is in it. It must be loaded. */
  get contents(): Contents {
    assert.ok(this.#contents !== undefined, 'a segment is loaded before it is used');
    return this.#contents;
  }

  get isLoaded(): boolean {
    return this.#contents !== undefined;
  }

  get unwrittenBytes(): number {
    return this.#tail.sizeBytes;
  }

  /** Nothing is in it, on the disk or in memory. */
  get isEmpty(): boolean {
    return this.#writtenBytes + this.#tail.sizeBytes === 0;
  }

  /** Reads the file once, from end to end, and cuts off a torn tail. @throws ERR_DISK_FAILED, ERR_DATA_CORRUPT */
  async load(): Promise<void> {
    if (this.#contents !== undefined) return;
    const contents = new Contents(this.head, this.#limits);
    const scanned = await scanSegment(this.#disk, this.#path, contents);
    if (scanned !== undefined) await this.#openAt(scanned.end);
    this.#writtenBytes = scanned?.end ?? 0;
    this.#tail.clear(this.#writtenBytes);
    this.#chunks = scanned?.chunks ?? [];
    this.#contents = contents;
  }

  /**
   * Takes all, or nothing; but where there is no room for more columns, all but the cells of new ones. Returns how many
   * were not taken. @throws ERR_LIMIT_REACHED
   */
  write({ names, ms, values }: Cells): number {
    const { dayBytesMax } = this.#limits;
    if (this.#writtenBytes + this.#tail.sizeBytes > dayBytesMax) {
      fail('ERR_LIMIT_REACHED', { limit: dayBytesMax, what: `bytes a day of ${this.head.what}` });
    }
    const cells = { columns: this.#columnsOf(names), ms, values };
    const taken = cells.columns.includes(NEW) ? numberedOf(cells, this.head) : cells;
    this.#addRows(taken);
    return names.length - taken.columns.length;
  }

  /**
   * Visits what was written for [fromMs, toMs) of the day, and perhaps more, in the order in which it came.
   * False: a part of the file can no longer be read; it is left out, and the log says so.
   * @throws ERR_DISK_FAILED
   */
  async read(fromMs: number, toMs: number, visit: RowVisitor): Promise<boolean> {
    let isWhole = true;
    const met = this.#chunks.filter((chunk) => meets(chunk, fromMs, toMs));
    for (const { from, to } of piecesOf(met)) {
      const bytes = (await this.#disk.read(this.#path, { from, to })) ?? new Uint8Array(0);
      if (this.#visit(bytes, from, visit) && bytes.byteLength === to - from) continue;
      isWhole = false;
      this.#log.error({ path: this.#path, from, to }, 'segment not readable');
    }
    if (meets(this.#tailRows, fromMs, toMs)) {
      this.#visit(this.#tail.seal(), this.#writtenBytes, visit);
    }
    return isWhole;
  }

  /** All that was written is on the disk, and would survive a power cut, once this resolves. @throws ERR_DISK_FAILED */
  async flush(): Promise<void> {
    if (this.#tail.sizeBytes === 0) return;
    this.#file ??= await this.#disk.open(this.#path);
    if (this.#isDoubtful) await this.#file.truncate(this.#writtenBytes);
    this.#isDoubtful = true;
    const bytes = this.#tail.seal();
    await this.#file.append(bytes);
    await this.#file.sync();
    this.#isDoubtful = false;
    const from = this.#writtenBytes;
    this.#writtenBytes += bytes.byteLength;
    addChunk(this.#chunks, { ...this.#tailRows, from, to: this.#writtenBytes });
    this.#tail.clear(this.#writtenBytes);
    this.#tailRows = emptyChunk(0);
  }

  /** Gives back what it takes while it is loaded. @throws ERR_DISK_FAILED – then it stays loaded */
  async unload(): Promise<void> {
    await this.flush();
    const file = this.#file;
    this.#file = undefined;
    this.#contents = undefined;
    this.#chunks = [];
    this.#rowOf = new Float64Array(0);
    // Its layouts are those of these contents: whatever is loaded next may number columns otherwise.
    this.#wider = new WiderLayouts();
    await file?.close();
  }

  /** The day is over and done with. */
  async remove(): Promise<void> {
    this.#tail.clear(0);
    this.#tailRows = emptyChunk(0);
    await this.unload();
    await this.#disk.remove(this.#path);
    await this.#disk.remove(`${this.#path}.torn`);
    this.#writtenBytes = 0;
    this.#isDoubtful = false;
  }

  /** A row for each run of cells that have one time, and each column once. */
  #addRows(cells: NumberedCells): void {
    const { columns, ms } = cells;
    let start = 0;
    this.#row += 1;
    columns.forEach((column, at) => {
      if (ms[at] !== ms[start] || this.#rowOf[column] === this.#row) {
        this.#addRow(cells, start, at);
        start = at;
        this.#row += 1;
      }
      this.#rowOf[column] = this.#row;
    });
    if (columns.length > 0) this.#addRow(cells, start, columns.length);
  }

  /** Their numbers; names that are new get one, as long as there is room. */
  #columnsOf(names: readonly string[]): Uint32Array {
    const { contents } = this;
    const columns = Uint32Array.from(names, (name) => contents.columnOf(name) ?? NEW);
    if (columns.includes(NEW)) {
      const fresh = new Set(names.filter((_name, at) => columns[at] === NEW));
      this.#define(fresh);
      columns.forEach((column, at) => {
        if (column === NEW) columns[at] = contents.columnOf(names[at]!) ?? NEW;
      });
    }
    if (this.#rowOf.length < contents.columns.length) {
      // No row of before matters any more.
      this.#rowOf = new Float64Array(2 * contents.columns.length);
    }
    return columns;
  }

  /** As many as there is room for. */
  #define(fresh: ReadonlySet<string>): void {
    const { contents } = this;
    const room = Math.max(0, this.#limits.seriesMax - contents.columns.length);
    const defined = [...fresh].slice(0, room);
    if (defined.length === 0) return;
    if (!contents.hasHead) {
      this.#tail.add(HEAD, headPayload(this.head));
      contents.noteHead();
    }
    let together: string[] = [];
    let bytes = 0;
    for (const name of defined) {
      contents.addColumn(name);
      together.push(name);
      bytes += name.length;
      if (bytes < RECORD_BYTES) continue;
      this.#tail.add(COLUMNS, columnsPayload(together));
      together = [];
      bytes = 0;
    }
    if (together.length > 0) this.#tail.add(COLUMNS, columnsPayload(together));
  }

  /** Cells `from` up to, not including, `to` as one row; as one each, if there is no room for a layout of all. */
  #addRow(cells: NumberedCells, from: number, to: number): void {
    const { width } = this.head;
    const columns = cells.columns.subarray(from, to);
    const ms = cells.ms[from]!;
    const row = { values: cells.values, from: from * width, to: to * width };
    const known = this.contents.layoutOf(columns);
    if (known !== undefined) {
      this.#put(known, ms, row);
      return;
    }
    const layout = this.#layoutAround(columns);
    if (layout === undefined) {
      for (let at = from; at < to; at++) this.#addRow(cells, at, at + 1);
    } else {
      this.#put(layout, ms, laidOut(row, columns, { as: this.contents.layouts[layout]!, width }));
    }
  }

  #put(layout: number, ms: number, row: Stretch): void {
    const { contents } = this;
    const { width } = this.head;
    this.#tail.addRow(layout, ms, row);
    contents.noteRow(layout, ms, (place) => !isHole(row.values[row.from + place * width]!));
    noteMs(this.#tailRows, ms);
    this.#wider.note(contents.layouts[layout]!);
  }

  /** A layout that has these columns, and perhaps more; undefined: there is none, and no room for another. */
  #layoutAround(columns: Uint32Array): number | undefined {
    const { contents } = this;
    const hasRoom = columns.length === 1 || contents.hasRoomFor(columns);
    const wider = this.#wider.around(columns, hasRoom);
    if (wider === undefined && !hasRoom) return undefined;
    const known = wider && contents.layoutOf(wider);
    if (known !== undefined) return known;
    const layout = wider ?? columns.slice();
    this.#tail.add(LAYOUT, layoutPayload(layout));
    return contents.addLayout(layout);
  }

  /** Opens the file for more, without what follows `end`. */
  async #openAt(end: number): Promise<void> {
    const file = await this.#disk.open(this.#path);
    try {
      const tornBytes = file.size - end;
      if (tornBytes > 0) {
        const part = { from: end, to: Math.min(file.size, end + TORN_BYTES_MAX) };
        const torn = (await this.#disk.read(this.#path, part)) ?? new Uint8Array(0);
        await this.#disk.replace(`${this.#path}.torn`, torn);
        await file.truncate(end);
        this.#log.warn({ path: this.#path, tornBytes }, 'torn tail cut from segment');
      }
      // A killed process may have left what it wrote and did not sync: what is read now is kept.
      if (end > 0 || tornBytes > 0) await file.sync();
    } catch (error) {
      await file.close();
      throw error;
    }
    this.#file = file;
  }

  /** Visits the rows in the bytes of the file at `at`. False: from some frame on they are not what was taken in. */
  #visit(bytes: Uint8Array, at: number, visit: RowVisitor): boolean {
    const frames = new Frames(bytes, at);
    for (let from = 0; from < bytes.byteLength;) {
      const to = frames.endOf(from, RECORD_BYTES_MAX);
      if (to === undefined || !this.contents.visit(frames, { from, to }, visit)) return false;
      from = to;
    }
    return true;
  }
}

/** The cells whose columns have a number. */
function numberedOf({ columns, ms, values }: NumberedCells, { width }: SegmentHead): NumberedCells {
  const kept = [...columns.keys()].filter((at) => columns[at] !== NEW);
  return {
    columns: Uint32Array.from(kept, (at) => columns[at]!),
    ms: kept.map((at) => ms[at]!),
    values: kept.flatMap((at) => values.slice(at * width, (at + 1) * width)),
  };
}

/** The values in the places that a layout has for their columns. */
function laidOut(
  { values, from }: Stretch,
  columns: Uint32Array,
  { as, width }: { readonly as: Uint32Array; readonly width: number },
): Stretch {
  const cellOf = new Map<number, number>();
  columns.forEach((column, cell) => cellOf.set(column, cell));
  const row: number[] = [];
  for (const column of as) {
    const cell = cellOf.get(column);
    for (let index = 0; index < width; index++) {
      row.push(cell === undefined ? HOLE : values[from + cell * width + index]!);
    }
  }
  return { values: row, from: 0, to: row.length };
}
