import { FRAME_BYTES, Frames } from '../../disk/frames.js';
import type { Disk } from '../../disk/port.js';
import type { Log } from '../../log.js';
import { dayName, dayOfName } from '../day.js';
import type { RollupHead, RollupRow } from './format.js';
import {
  HEAD_BYTES_MAX,
  encodeRollup,
  readRollupHead,
  readRollupRow,
  rowFrameBytes,
} from './format.js';

/** The first read of a file: the head of some thousand series fits. */
const HEAD_GUESS_BYTES = 64 << 10;
const PIECE_BYTES = 1 << 20;
/** Rows that are not asked for are read all the same if they lie between two that are, and are no more than this. */
const HOLE_BYTES = 16 << 10;

export interface OpenedRollup {
  readonly head: RollupHead;
  readonly rowsAt: number;
}

/**
 * The rollups, one a day: files `rollup-<day>`. What cannot be read is left out, and the log says so once:
 * means of last spring are no reason to forecast nothing today.
 */
export class Rollups {
  readonly #disk: Disk;
  readonly #log: Log;
  readonly #folder: string;
  readonly #days = new Set<number>();
  readonly #told = new Set<number>();

  private constructor({ disk, log }: { readonly disk: Disk; readonly log: Log }, folder: string) {
    this.#disk = disk;
    this.#log = log;
    this.#folder = folder;
  }

  static async open(
    parts: { readonly disk: Disk; readonly log: Log },
    folder: string,
  ): Promise<Rollups> {
    const rollups = new Rollups(parts, folder);
    for (const name of await parts.disk.list(folder)) {
      const day = name.startsWith('rollup-') ? dayOfName(name.slice('rollup-'.length)) : undefined;
      if (day !== undefined) rollups.#days.add(day);
    }
    return rollups;
  }

  get days(): ReadonlySet<number> {
    return this.#days;
  }

  /** @throws ERR_DISK_FAILED */
  async head(day: number): Promise<OpenedRollup | undefined> {
    if (!this.#days.has(day)) return undefined;
    const path = this.#path(day);
    let bytes = await this.#disk.read(path, { from: 0, to: HEAD_GUESS_BYTES });
    if (bytes === undefined) return undefined;
    if (bytes.byteLength === HEAD_GUESS_BYTES) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const to = FRAME_BYTES + Math.min(view.getUint32(0, true), HEAD_BYTES_MAX);
      if (to > HEAD_GUESS_BYTES) bytes = await this.#disk.read(path, { from: 0, to });
    }
    const opened = bytes === undefined ? undefined : readRollupHead(bytes);
    if (opened?.head.day === day) return opened;
    this.#tell(day);
    return undefined;
  }

  /** Visits the rows of some series, ascending. @throws ERR_DISK_FAILED */
  async read(
    { head, rowsAt }: OpenedRollup,
    series: readonly number[],
    visit: (series: number, row: RollupRow) => void,
  ): Promise<void> {
    const rowBytes = rowFrameBytes(head);
    for (const { first, last } of stretchesOf(series, rowBytes)) {
      const from = rowsAt + first * rowBytes;
      const part = { from, to: from + (last - first + 1) * rowBytes };
      const bytes = (await this.#disk.read(this.#path(head.day), part)) ?? new Uint8Array(0);
      const frames = new Frames(bytes, from);
      for (const one of series) {
        if (one < first || one > last) continue;
        const row = readRollupRow(frames, (one - first) * rowBytes, head);
        if (row === undefined) this.#tell(head.day);
        else visit(one, row);
      }
    }
  }

  /** @throws ERR_DISK_FAILED – the former one is still there */
  async write(head: RollupHead, rowOf: (series: number) => RollupRow): Promise<void> {
    const path = this.#path(head.day);
    if (this.#told.has(head.day)) {
      // What could not be read may yet be of use to somebody.
      const bytes = await this.#disk.read(path);
      if (bytes !== undefined) await this.#disk.replace(`${path}.corrupt`, bytes);
    }
    await this.#disk.replace(path, encodeRollup(head, rowOf));
    this.#days.add(head.day);
  }

  /** @throws ERR_DISK_FAILED */
  async remove(day: number): Promise<void> {
    const path = this.#path(day);
    await this.#disk.remove(path);
    await this.#disk.remove(`${path}.corrupt`);
    this.#days.delete(day);
  }

  #path(day: number): string {
    return `${this.#folder}/rollup-${dayName(day)}`;
  }

  #tell(day: number): void {
    if (this.#told.has(day)) return;
    this.#told.add(day);
    this.#log.error({ path: this.#path(day) }, 'rollup not readable');
  }
}

/** Ascending numbers of rows as stretches that are read at once. */
function stretchesOf(rows: readonly number[], rowBytes: number) {
  const stretches: { first: number; last: number }[] = [];
  for (const row of rows) {
    const open = stretches.at(-1);
    const isNear =
      open !== undefined &&
      (row - open.last - 1) * rowBytes <= HOLE_BYTES &&
      (row - open.first + 1) * rowBytes <= PIECE_BYTES;
    if (isNear) open.last = row;
    else stretches.push({ first: row, last: row });
  }
  return stretches;
}
