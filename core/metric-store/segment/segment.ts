import { strict as assert } from 'node:assert';
import { FRAME_BYTES, frameEnd } from '../../disk/journal.js';
import type { Disk, DiskFile } from '../../disk/port.js';
import { fail } from '../../errors.js';
import type { Log } from '../../log.js';
import type { MetricStoreLimits } from '../limits.js';
import { Contents } from './contents.js';
import type { RowVisitor, SegmentHead } from './format.js';
import {
  COLUMNS,
  HEAD,
  LAYOUT,
  RECORD_BYTES,
  RECORD_BYTES_MAX,
  columnsPayload,
  headPayload,
  layoutPayload,
} from './format.js';
import { Tail } from './tail.js';

/** So much is read at once; between two pieces other work goes on. */
const PIECE_BYTES = 1 << 20;
/** A reader of a few minutes reads pieces of this size, not the day. */
const CHUNK_BYTES = 128 << 10;
/** Of what cannot be read, at most so much is kept beside the file. */
const TORN_BYTES_MAX = 256 << 20;

export type SegmentLimits = Pick<MetricStoreLimits, 'seriesMax' | 'dayBytesMax'>;

/** Values to write: of cell i, `names[i]`, `ms[i]` of the day, and `width` values from `values[i · width]` on. */
export interface Cells {
  readonly names: readonly string[];
  readonly ms: readonly number[];
  readonly values: readonly number[];
}

interface Chunk {
  from: number;
  to: number;
  /** Of the rows in it. */
  minMs: number;
  maxMs: number;
}

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
  readonly #tail = new Tail();
  #tailRows = emptyChunk(0);
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
    const contents = new Contents(this.head);
    const chunks: Chunk[] = [];
    const end = await this.#scan(contents, chunks);
    if (end !== undefined) await this.#openAt(end);
    this.#writtenBytes = end ?? 0;
    this.#chunks = chunks;
    this.#contents = contents;
  }

  /** All or nothing. @throws ERR_LIMIT_REACHED */
  write({ names, ms, values }: Cells): void {
    const { contents } = this;
    const { width } = this.head;
    this.#define(names);
    const { dayBytesMax } = this.#limits;
    if (this.#writtenBytes + this.#tail.sizeBytes > dayBytesMax) {
      fail('ERR_LIMIT_REACHED', { limit: dayBytesMax, what: `bytes a day of ${this.head.what}` });
    }
    let start = 0;
    let inRow = new Set<string>();
    for (let at = 0; at <= names.length; at++) {
      const name = names[at];
      const isSameRow = name !== undefined && ms[at] === ms[start] && !inRow.has(name);
      if (!isSameRow && at > start) {
        const columns = Uint32Array.from(names.slice(start, at), (one) => contents.columnOf(one)!);
        this.#addRow(columns, ms[start]!, values.slice(start * width, at * width));
        start = at;
        inRow = new Set();
      }
      if (name !== undefined) inRow.add(name);
    }
  }

  /**
   * Visits what was written for [fromMs, toMs) of the day, and perhaps more, in the order in which it came.
   * False: a part of the file can no longer be read; it is left out, and the log says so.
   * @throws ERR_DISK_FAILED
   */
  async read(fromMs: number, toMs: number, visit: RowVisitor): Promise<boolean> {
    const meets = ({ minMs, maxMs }: Chunk): boolean => minMs < toMs && maxMs >= fromMs;
    let isWhole = true;
    for (const { from, to } of piecesOf(this.#chunks.filter(meets))) {
      const bytes = (await this.#disk.read(this.#path, { from, to })) ?? new Uint8Array(0);
      if (this.#visit(bytes, visit) && bytes.byteLength === to - from) continue;
      isWhole = false;
      this.#log.error({ path: this.#path, from, to }, 'segment not readable');
    }
    if (meets(this.#tailRows)) this.#visit(this.#tail.seal(), visit);
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
    this.#tail.clear();
    this.#tailRows = emptyChunk(0);
  }

  /** Gives back what it takes while it is loaded. @throws ERR_DISK_FAILED – then it stays loaded */
  async unload(): Promise<void> {
    await this.flush();
    const file = this.#file;
    this.#file = undefined;
    this.#contents = undefined;
    this.#chunks = [];
    await file?.close();
  }

  /** The day is over and done with. */
  async remove(): Promise<void> {
    this.#tail.clear();
    this.#tailRows = emptyChunk(0);
    await this.unload();
    await this.#disk.remove(this.#path);
    await this.#disk.remove(`${this.#path}.torn`);
    this.#writtenBytes = 0;
    this.#isDoubtful = false;
  }

  /** Adds the columns that are new. */
  #define(names: readonly string[]): void {
    const { contents } = this;
    const fresh = new Set<string>();
    for (const name of names) if (contents.columnOf(name) === undefined) fresh.add(name);
    const { seriesMax } = this.#limits;
    if (contents.columns.length + fresh.size > seriesMax) {
      fail('ERR_LIMIT_REACHED', { limit: seriesMax, what: `series a day of ${this.head.what}` });
    }
    if (!contents.hasHead) {
      this.#tail.add(HEAD, headPayload(this.head));
      contents.noteHead();
    }
    let together: string[] = [];
    let bytes = 0;
    for (const name of fresh) {
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

  #addRow(columns: Uint32Array, ms: number, values: readonly number[]): void {
    const { contents } = this;
    const { width } = this.head;
    let layout = contents.layoutOf(columns);
    if (layout === undefined && columns.length > 1 && !contents.hasRoomFor(columns)) {
      columns.forEach((column, at) => {
        this.#addRow(Uint32Array.of(column), ms, values.slice(at * width, (at + 1) * width));
      });
      return;
    }
    if (layout === undefined) {
      layout = contents.addLayout(columns);
      this.#tail.add(LAYOUT, layoutPayload(columns));
    }
    this.#tail.addRow(layout, ms, values);
    contents.noteRow(layout, ms);
    noteMs(this.#tailRows, ms);
  }

  /** Where what can be read ends; undefined: there is no file. */
  async #scan(contents: Contents, chunks: Chunk[]): Promise<number | undefined> {
    let end = 0;
    let pieceBytes = PIECE_BYTES;
    for (;;) {
      const bytes = await this.#disk.read(this.#path, { from: end, to: end + pieceBytes });
      if (bytes === undefined) return undefined;
      const taken = this.#take(bytes, { at: end, contents, chunks });
      end += taken;
      const isShort = bytes.byteLength < pieceBytes;
      if (taken === 0 && (isShort || pieceBytes > RECORD_BYTES_MAX)) return end;
      // A record may be longer than a piece.
      pieceBytes = taken === 0 ? RECORD_BYTES_MAX + FRAME_BYTES : PIECE_BYTES;
    }
  }

  /** Takes in the whole frames at the beginning of `bytes`, which are those of the file at `at`. */
  #take(
    bytes: Uint8Array,
    { at, contents, chunks }: { at: number; contents: Contents; chunks: Chunk[] },
  ): number {
    const view = viewOf(bytes);
    let from = 0;
    for (;;) {
      const to = frameEnd(bytes, view, from, RECORD_BYTES_MAX);
      if (to === undefined) return from;
      const chunk = emptyChunk(at + from);
      chunk.to = at + to;
      const isTaken = contents.take(bytes, view, { from, to }, (_layout, ms) => {
        noteMs(chunk, ms);
      });
      // It is whole, so no power cut left it like this, and nothing behind it can be understood.
      if (!isTaken) fail('ERR_DATA_CORRUPT', { path: this.#path });
      addChunk(chunks, chunk);
      from = to;
    }
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

  /** False: from some frame on it is not what was taken in. */
  #visit(bytes: Uint8Array, visit: RowVisitor): boolean {
    const view = viewOf(bytes);
    for (let from = 0; from < bytes.byteLength;) {
      const to = frameEnd(bytes, view, from, RECORD_BYTES_MAX);
      if (to === undefined || !this.contents.visit(view, { from, to }, visit)) return false;
      from = to;
    }
    return true;
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function emptyChunk(at: number): Chunk {
  return { from: at, to: at, minMs: Infinity, maxMs: -Infinity };
}

function noteMs(chunk: Chunk, ms: number): void {
  if (ms < chunk.minMs) chunk.minMs = ms;
  if (ms > chunk.maxMs) chunk.maxMs = ms;
}

/** Chunks follow one another without a hole; short ones are joined. */
function addChunk(chunks: Chunk[], next: Chunk): void {
  const last = chunks.at(-1);
  if (last === undefined || last.to - last.from >= CHUNK_BYTES) {
    chunks.push(next);
    return;
  }
  last.to = next.to;
  last.minMs = Math.min(last.minMs, next.minMs);
  last.maxMs = Math.max(last.maxMs, next.maxMs);
}

/** Neighbouring chunks as one piece, up to the size of a piece. */
function piecesOf(chunks: readonly Chunk[]): { readonly from: number; readonly to: number }[] {
  const pieces: { from: number; to: number }[] = [];
  for (const { from, to } of chunks) {
    const last = pieces.at(-1);
    if (last?.to === from && to - last.from <= PIECE_BYTES) last.to = to;
    else pieces.push({ from, to });
  }
  return pieces;
}
