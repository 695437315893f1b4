import { z } from 'zod';
import { FRAME_BYTES } from '../../disk/frames.js';
import { DAY_MS } from '../day.js';

/*
 * A segment: what was written for one day, in the order it came. A file of frames (core/disk/frames.ts),
 * only ever appended to. The first byte of a record is its kind, all numbers are little-endian:
 *
 *   head     JSON { format, version, what, width, day }: the first record, and only that
 *   columns  JSON list of names; columns are numbered from 0 through the segment
 *   layout   u32 column numbers; layouts are numbered from 0 through the segment
 *   rows     any number of: u32 layout, u32 milliseconds since the day began, and for each column of the
 *            layout `width` f32 values, NaN where it has none
 *
 * What a server reports comes in the same columns every time, or nearly so, so a row costs 4 bytes a value and 8 more.
 */

export const HEAD = 1;
export const COLUMNS = 2;
export const LAYOUT = 3;
export const ROWS = 4;

export const ROW_HEAD_BYTES = 8;
/** A record of rows is ended once it is this long; names and layouts are split likewise. */
export const RECORD_BYTES = 256 << 10;
/** One row of the most columns fits. */
export const RECORD_BYTES_MAX = 16 << 20;

/** The values of a column that a row has not, though its layout has. No value that is kept is NaN. */
export const HOLE = NaN;
export const isHole = Number.isNaN;

type What = 'samples' | 'said' | 'scores';

export interface SegmentHead {
  readonly what: What;
  /** Values of one column in one row, 1 to 3. */
  readonly width: number;
  readonly day: number;
}

const headSchema = z.object({
  format: z.literal('foreshift-segment'),
  version: z.literal(1),
  what: z.enum(['samples', 'said', 'scores']),
  width: z.int().min(1).max(3),
  day: z.int(),
});
const columnsSchema = z.array(z.string().min(1).max(400));

export function headPayload(head: SegmentHead): Uint8Array {
  return jsonPayload({ format: 'foreshift-segment', version: 1, ...head });
}

export function columnsPayload(names: readonly string[]): Uint8Array {
  return jsonPayload(names);
}

export function layoutPayload(columns: Uint32Array): Uint8Array {
  const bytes = new Uint8Array(4 * columns.length);
  const view = new DataView(bytes.buffer);
  columns.forEach((column, at) => {
    view.setUint32(4 * at, column, true);
  });
  return bytes;
}

/** Undefined: not a head of this version. */
export function readHead(bytes: Uint8Array): SegmentHead | undefined {
  return headSchema.safeParse(jsonOf(bytes)).data;
}

export function readColumns(bytes: Uint8Array): string[] | undefined {
  return columnsSchema.safeParse(jsonOf(bytes)).data;
}

export function readLayout(bytes: Uint8Array): Uint32Array | undefined {
  if (bytes.byteLength === 0 || bytes.byteLength % 4 !== 0) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Uint32Array.from({ length: bytes.byteLength / 4 }, (_, at) =>
    view.getUint32(4 * at, true),
  );
}

/** One row: which columns, milliseconds since the day began, and where its values begin in the view. */
export type RowVisitor = (layout: number, ms: number, view: DataView, at: number) => void;

/** Bytes `from` up to, not including, `to`. */
export interface Place {
  readonly from: number;
  readonly to: number;
}

/**
 * Visits the rows that stand in `view` from `from` to `to`. False: they are not rows of such layouts; then
 * some may have been visited.
 */
export function visitRows(
  view: DataView,
  { from, to }: Place,
  { layouts, width }: { readonly layouts: readonly Uint32Array[]; readonly width: number },
  visit: RowVisitor,
): boolean {
  let at = from;
  while (at < to) {
    if (at + ROW_HEAD_BYTES > to) return false;
    const layout = view.getUint32(at, true);
    const ms = view.getUint32(at + 4, true);
    const columns = layouts[layout];
    if (columns === undefined || ms >= DAY_MS) return false;
    const values = at + ROW_HEAD_BYTES;
    const end = values + 4 * width * columns.length;
    if (end > to) return false;
    visit(layout, ms, view, values);
    at = end;
  }
  return true;
}

/** Where the payload of the frame at `at` begins: behind its header and the kind. */
export function payloadStart(at: number): number {
  return at + FRAME_BYTES + 1;
}

function jsonPayload(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
  } catch {
    return undefined;
  }
}
