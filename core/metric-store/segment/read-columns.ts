import { KeyedLog } from '../keyed-log.js';
import type { Means } from '../means.js';
import { DAY_MS } from '../day.js';
import type { Contents } from './contents.js';
import { isHole } from './format.js';
import type { Segment } from './segment.js';

/* What readers want of a segment: some columns, each time once. */

/** Where a layout has what is wanted. */
interface Pick {
  /** Places in the row of columns that are in order, and the wanted rows they belong to. */
  readonly places: Int32Array;
  readonly rows: Int32Array;
  /** Those that are not in order: they are put into it after everything is read. */
  readonly late: readonly PickedLog[];
}

/**
 * Adds the samples of the wanted columns to means; `wanted` says which row each is. False: some could not be
 * read.
 */
export async function addMeans(
  segment: Segment,
  wanted: ReadonlyMap<string, number>,
  means: Means,
): Promise<boolean> {
  const { startMs, stepMs, steps } = means.grid;
  const { sums, weights } = means;
  const dayStartMs = segment.head.day * DAY_MS;
  const picker = new Picker(segment.contents, wanted);
  const fromMs = startMs - dayStartMs;
  const toMs = fromMs + steps * stepMs;
  const isWhole = await segment.read(fromMs, toMs, (layout, ms, view, at) => {
    const step = Math.floor((ms - fromMs) / stepMs);
    if (step < 0 || step >= steps) return;
    const { places, rows, late } = picker.pickOf(layout);
    const stepAt = step * means.rows;
    for (let index = 0; index < places.length; index++) {
      const value = view.getFloat32(at + 4 * places[index]!, true);
      if (isHole(value)) continue;
      const cell = stepAt + rows[index]!;
      sums[cell]! += value;
      weights[cell]! += 1;
    }
    if (late.length === 0) return;
    for (const { place, log } of late) {
      const value = view.getFloat32(at + 4 * place, true);
      if (!isHole(value)) log.put(ms, value);
    }
  });
  for (const [row, { times, values }] of picker.late) {
    times.forEach((ms, at) => {
      means.add(row, dayStartMs + ms, values[at]!);
    });
  }
  return isWhole;
}

/**
 * The values of the wanted columns in [fromMs, toMs), by name. Times are epoch milliseconds.
 */
export async function readLogs(
  segment: Segment,
  names: readonly string[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): Promise<ReadonlyMap<string, KeyedLog>> {
  const { day, width } = segment.head;
  const { contents } = segment;
  const dayStartMs = day * DAY_MS;
  const logs = names.map((name) => [name, new KeyedLog(width)] as const);
  const logOf = new Map(
    logs.flatMap(([name, log]) => {
      const column = contents.columnOf(name);
      return column === undefined ? [] : [[column, log] as const];
    }),
  );
  const picks: (readonly PickedLog[])[] = [];
  await segment.read(fromMs - dayStartMs, toMs - dayStartMs, (layout, ms, view, at) => {
    const timeMs = dayStartMs + ms;
    if (timeMs < fromMs || timeMs >= toMs) return;
    for (const { place, log } of (picks[layout] ??= pickLogs(contents.layouts[layout]!, logOf))) {
      const value = (index: number): number =>
        view.getFloat32(at + 4 * (place * width + index), true);
      if (isHole(value(0))) continue;
      log.put(timeMs, value(0), width > 1 ? value(1) : 0, width > 2 ? value(2) : 0);
    }
  });
  return new Map(logs);
}

/** So few are found sooner one by one than by looking at all that a layout has. */
const FEW_COLUMNS = 16;

/** Where a row has what belongs into a log. */
interface PickedLog {
  readonly place: number;
  readonly log: KeyedLog;
}

/** Once a layout: it has tens of thousands of columns, in each of hundreds of rows. */
function pickLogs(columns: Uint32Array, logOf: ReadonlyMap<number, KeyedLog>): PickedLog[] {
  const picked: PickedLog[] = [];
  if (logOf.size <= FEW_COLUMNS) {
    for (const [column, log] of logOf) {
      const place = columns.indexOf(column);
      if (place >= 0) picked.push({ place, log });
    }
    return picked;
  }
  columns.forEach((column, place) => {
    const log = logOf.get(column);
    if (log !== undefined) picked.push({ place, log });
  });
  return picked;
}

class Picker {
  readonly #contents: Contents;
  /** By column: the row that it is wanted for, or −1. */
  readonly #rowOf: Int32Array;
  readonly #picks: Pick[] = [];
  readonly #lateOf = new Map<number, KeyedLog>();

  constructor(contents: Contents, wanted: ReadonlyMap<string, number>) {
    this.#contents = contents;
    this.#rowOf = new Int32Array(contents.columns.length).fill(-1);
    for (const [name, row] of wanted) {
      const column = contents.columnOf(name);
      if (column !== undefined) this.#rowOf[column] = row;
    }
  }

  /** What came out of order, by row. */
  get late(): ReadonlyMap<number, KeyedLog> {
    return this.#lateOf;
  }

  pickOf(layout: number): Pick {
    return (this.#picks[layout] ??= this.#makePick(layout));
  }

  #makePick(layout: number): Pick {
    const places: number[] = [];
    const rows: number[] = [];
    const late: PickedLog[] = [];
    this.#contents.layouts[layout]!.forEach((column, place) => {
      const row = this.#rowOf[column]!;
      if (row === -1) return;
      if (this.#contents.isLate(column)) late.push({ place, log: this.#logOf(row) });
      else {
        places.push(place);
        rows.push(row);
      }
    });
    return { places: Int32Array.from(places), rows: Int32Array.from(rows), late };
  }

  #logOf(row: number): KeyedLog {
    let log = this.#lateOf.get(row);
    if (log === undefined) this.#lateOf.set(row, (log = new KeyedLog()));
    return log;
  }
}
