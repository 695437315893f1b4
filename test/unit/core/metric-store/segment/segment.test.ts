import { beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryDisk } from '../../../../../core/disk/memory.js';
import type { Disk, Part } from '../../../../../core/disk/port.js';
import { METRIC_STORE_LIMITS } from '../../../../../core/metric-store/limits.js';
import { readLogs } from '../../../../../core/metric-store/segment/read-columns.js';
import { Segment } from '../../../../../core/metric-store/segment/segment.js';
import { SeededRng, chance } from '../../../../../core/rng.js';
import { RecordingLog } from '../../../../support/recording-log.js';

const PATH = 'metrics/samples-2024-10-04';
const DAY_START = 20_000 * 86_400_000;
const HEAD = { what: 'samples', width: 1, day: 20_000 } as const;

/** What a reader sees: `ms name=value` in the order of the rows. */
async function rowsOf(segment: Segment, fromMs = 0, toMs = 86_400_000): Promise<string[]> {
  const rows: string[] = [];
  await segment.read(fromMs, toMs, (layout, ms, view, at) => {
    segment.contents.layouts[layout]!.forEach((column, place) => {
      const name = segment.contents.columns[column]!;
      const value = view.getFloat32(at + 4 * place, true);
      if (!Number.isNaN(value)) rows.push(`${ms} ${name}=${value}`);
    });
  });
  return rows;
}

/** Counts the bytes that are read. */
class CountingDisk extends MemoryDisk {
  bytesRead = 0;

  override async read(path: string, part?: Part): Promise<Uint8Array | undefined> {
    const bytes = await super.read(path, part);
    this.bytesRead += bytes?.byteLength ?? 0;
    return bytes;
  }
}

describe('Segment', () => {
  let disk: CountingDisk;
  let log: RecordingLog;

  beforeEach(() => {
    disk = new CountingDisk();
    log = new RecordingLog();
  });

  async function open(on: Disk = disk, limits = METRIC_STORE_LIMITS): Promise<Segment> {
    const segment = new Segment({ disk: on, log }, PATH, { head: HEAD, limits });
    await segment.load();
    return segment;
  }

  function poll(segment: Segment, ms: number, values: Readonly<Record<string, number>>): void {
    const names = Object.keys(values);
    segment.write({ names, ms: names.map(() => ms), values: Object.values(values) });
  }

  it('has its rows in the order of the writes: unwritten, written, and read by the next process', async () => {
    const segment = await open();
    poll(segment, 1000, { a: 1, b: 2 });
    poll(segment, 500, { b: 3 });
    const expected = ['1000 a=1', '1000 b=2', '500 b=3'];
    expect(await rowsOf(segment)).toEqual(expected);
    await segment.flush();
    expect(await rowsOf(segment)).toEqual(expected);
    poll(segment, 2000, { a: 4, b: 5 });
    await segment.unload();
    expect(await rowsOf(await open())).toEqual([...expected, '2000 a=4', '2000 b=5']);
  });

  it('knows which columns came out of order, also after it was read', async () => {
    const segment = await open();
    poll(segment, 1000, { a: 1, b: 1, c: 1 });
    poll(segment, 1000, { b: 2 });
    poll(segment, 999, { c: 2 });
    poll(segment, 1001, { a: 2 });
    await segment.unload();
    const { contents } = await open();
    const late = contents.columns.filter((_name, column) => contents.isLate(column));
    expect(late).toEqual(['b', 'c']);
    expect(contents.columns.map((_name, column) => contents.latestMsOf(column))).toEqual([
      1001, 1000, 1000,
    ]);
  });

  it('makes two rows of a write that has a column twice at one time', async () => {
    const segment = await open();
    segment.write({ names: ['a', 'b', 'a'], ms: [1, 1, 1], values: [1, 2, 3] });
    await segment.unload();
    const again = await open();
    expect(await rowsOf(again)).toEqual(['1 a=1', '1 b=2', '1 a=3']);
    expect(again.contents.isLate(0)).toBe(true);
  });

  it('takes 4 bytes a value and some for the row, once its columns are known', async () => {
    const segment = await open();
    const values = Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`series-${at}`, at]));
    poll(segment, 0, values);
    await segment.flush();
    const { size } = await disk.open(PATH);
    for (let ms = 1; ms <= 50; ms++) poll(segment, ms, values);
    await segment.flush();
    const grown = (await disk.open(PATH)).size - size;
    expect(grown).toBeLessThan(50 * (400 + 8) + 20);
  });

  it('is no file before something is written', async () => {
    const segment = await open();
    expect(segment.isEmpty).toBe(true);
    await segment.flush();
    await segment.unload();
    expect(await disk.list('metrics')).toEqual([]);
  });

  it('reads little for a short stretch of a long day', async () => {
    const segment = await open();
    const values = Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`s${at}`, at]));
    for (let ms = 0; ms < 5_000_000; ms += 1000) {
      poll(segment, ms, values);
      if (ms % 100_000 === 0) await segment.flush();
    }
    await segment.flush();
    await segment.unload();
    const again = await open();
    disk.bytesRead = 0;
    expect((await rowsOf(again, 2_000_000, 2_000_001)).length).toBeGreaterThanOrEqual(200);
    expect(disk.bytesRead).toBeLessThan(400_000);
    expect((await disk.open(PATH)).size).toBeGreaterThan(4_000_000);
  });

  it('holds many columns with long names, and rows longer than a piece', async () => {
    const names = Array.from({ length: 5000 }, (_, at) => `${'x'.repeat(120)}-${at}`);
    const head = { what: 'said', width: 3, day: 20_000 } as const;
    const make = () => new Segment({ disk, log }, PATH, { head, limits: METRIC_STORE_LIMITS });
    const wide = Array.from({ length: 200_000 }, (_, at) => `c${at}`);
    const limits = { ...METRIC_STORE_LIMITS, seriesMax: 250_000 };
    const segment = new Segment({ disk, log }, PATH, { head, limits });
    await segment.load();
    segment.write({ names, ms: names.map(() => 1), values: names.flatMap((_n, at) => [at, 1, 2]) });
    segment.write({
      names: wide,
      ms: wide.map(() => 2),
      values: wide.flatMap((_n, at) => [at, 3, 4]),
    });
    await segment.unload();
    const again = make();
    await again.load();
    const seen: number[] = [];
    await again.read(0, 10, (layout, ms, view, at) => {
      const places = again.contents.layouts[layout]!.length;
      seen.push(ms, places, view.getFloat32(at + 12 * (places - 1), true));
    });
    expect(seen).toEqual([1, 5000, 4999, 2, 200_000, 199_999]);
    expect(log.messages).toEqual([]);
  });

  const NAMES = Array.from({ length: 60 }, (_, at) => `s${at}`);
  const valuesOf = (names: readonly string[], ms: number): Record<string, number> =>
    Object.fromEntries(names.map((name, at) => [name, ms + at]));
  const shownAs = (values: Readonly<Record<string, number>>, ms: number): string[] =>
    Object.entries(values).map(([name, value]) => `${ms} ${name}=${value}`);

  it('takes little more where a row lacks what others have, and reads the same', async () => {
    const segment = await open();
    const rng = new SeededRng(1);
    const expected: string[] = [];
    let count = 0;
    for (let ms = 0; ms < 500; ms++) {
      const values = valuesOf(
        NAMES.filter(() => chance(rng, 0.8)),
        ms,
      );
      expected.push(...shownAs(values, ms));
      count += Object.keys(values).length;
      poll(segment, ms, values);
    }
    await segment.unload();
    expect((await disk.open(PATH)).size).toBeLessThan(5.6 * count);
    const again = await open();
    expect(again.contents.layouts.length).toBeLessThan(20);
    expect((await rowsOf(again)).sort()).toEqual(expected.sort());
    expect(again.contents.columns.filter((_name, column) => again.contents.isLate(column))).toEqual(
      [],
    );
  });

  it('has no row of a column where its layout has a hole, also after it was read', async () => {
    const segment = await open();
    poll(segment, 1000, valuesOf(NAMES, 0));
    poll(segment, 2000, valuesOf(NAMES.slice(1), 0));
    const last = (of: Segment): number[] =>
      ['s0', 's1'].map((name) => of.contents.latestMsOf(of.contents.columnOf(name)!));
    expect(last(segment)).toEqual([1000, 2000]);
    poll(segment, 1500, valuesOf(NAMES.slice(0, 1), 0));
    await segment.unload();
    const again = await open();
    expect(last(again)).toEqual([1500, 2000]);
    expect(again.contents.isLate(again.contents.columnOf('s0')!)).toBe(false);
    expect(again.contents.layouts.map(({ length }) => length)).toEqual([60, 1]);
  });

  it('gives a row that has little of what others have a layout of its own', async () => {
    const segment = await open();
    poll(segment, 1, valuesOf(NAMES, 0));
    poll(segment, 2, valuesOf(NAMES.slice(0, 30), 0));
    poll(segment, 3, valuesOf(NAMES.slice(0, 45), 0));
    expect(segment.contents.layouts.map(({ length }) => length)).toEqual([60, 30]);
  });

  it('knows nothing of layouts of before once it was removed', async () => {
    const segment = await open();
    poll(segment, 1, valuesOf(['a', 'b', 'c', 'd'], 0));
    await segment.remove();
    await segment.load();
    poll(segment, 2, valuesOf(['x', 'y', 'z'], 0));
    await segment.unload();
    const again = await open();
    expect(await rowsOf(again)).toEqual(['2 x=0', '2 y=1', '2 z=2']);
    expect(again.contents.layouts.map(({ length }) => length)).toEqual([3]);
    expect(log.messages).toEqual([]);
  });

  it('leaves holes in what was said, too', async () => {
    const head = { what: 'said', width: 3, day: 20_000 } as const;
    const segment = new Segment({ disk, log }, PATH, { head, limits: METRIC_STORE_LIMITS });
    await segment.load();
    const say = (names: readonly string[], ms: number): void => {
      const values = names.flatMap((_name, at) => [at, at + 1, at + 2]);
      segment.write({ names, ms: names.map(() => ms), values });
    };
    say(['a', 'b', 'c', 'd'], 1);
    say(['b', 'c', 'd'], 2);
    const logs = await readLogs(segment, ['a', 'd'], { fromMs: DAY_START, toMs: DAY_START + 10 });
    expect([...logs].map(([name, { times, values }]) => [name, [...times], [...values]])).toEqual([
      ['a', [DAY_START + 1], [0, 1, 2]],
      ['d', [DAY_START + 1, DAY_START + 2], [3, 4, 5, 2, 3, 4]],
    ]);
  });

  it('splits rows once it knows too many layouts, and reads the same', async () => {
    const limits = { ...METRIC_STORE_LIMITS, layoutCellsMax: 200 };
    const segment = await open(disk, limits);
    const rng = new SeededRng(2);
    const expected: string[] = [];
    for (let ms = 0; ms < 50; ms++) {
      const values = valuesOf(
        NAMES.filter(() => chance(rng, 0.3)),
        ms,
      );
      expected.push(...shownAs(values, ms));
      poll(segment, ms, values);
    }
    await segment.unload();
    const again = await open(disk, limits);
    const { layouts } = again.contents;
    const cells = layouts.reduce((sum, { length }) => sum + (length > 1 ? length : 0), 0);
    expect(cells).toBeGreaterThan(150);
    expect(cells).toBeLessThanOrEqual(200);
    expect(layouts.filter(({ length }) => length === 1)).toHaveLength(60);
    expect((await rowsOf(again)).sort()).toEqual(expected.sort());
  });

  it('refuses more series than its limit, takes the rest of that write, and says how much is missing', async () => {
    const limits = { ...METRIC_STORE_LIMITS, seriesMax: 2 };
    const segment = await open(disk, limits);
    poll(segment, 1, { a: 1 });
    const refused = segment.write({
      names: ['c', 'a', 'd', 'c'],
      ms: [2, 2, 2, 3],
      values: [5, 6, 7, 8],
    });
    expect(refused).toBe(1);
    expect(segment.write({ names: ['d', 'a', 'c'], ms: [4, 4, 4], values: [9, 10, 11] })).toBe(1);
    const expected = ['1 a=1', '2 a=6', '2 c=5', '3 c=8', '4 a=10', '4 c=11'];
    expect((await rowsOf(segment)).sort()).toEqual(expected);
    await segment.unload();
    expect((await rowsOf(await open(disk, limits))).sort()).toEqual(expected);
  });

  it('leaves whole what was said of the series that it takes', async () => {
    const head = { what: 'said', width: 3, day: 20_000 } as const;
    const limits = { ...METRIC_STORE_LIMITS, seriesMax: 1 };
    const segment = new Segment({ disk, log }, PATH, { head, limits });
    await segment.load();
    segment.write({ names: ['a'], ms: [1], values: [1, 2, 3] });
    segment.write({ names: ['b', 'a'], ms: [2, 2], values: [4, 5, 6, 7, 8, 9] });
    const seen: number[] = [];
    await segment.read(2, 3, (_layout, ms, view, at) => {
      if (ms === 2) seen.push(...[0, 4, 8].map((byte) => view.getFloat32(at + byte, true)));
    });
    expect(seen).toEqual([7, 8, 9]);
  });

  it('refuses more bytes than its limit', async () => {
    const segment = await open(disk, { ...METRIC_STORE_LIMITS, dayBytesMax: 1000 });
    const fill = (): void => {
      for (let ms = 0; ms < 1000; ms++) poll(segment, ms, { a: ms });
    };
    expect(fill).toThrow(expect.objectContaining({ code: 'ERR_LIMIT_REACHED' }));
    await segment.flush();
    expect((await disk.open(PATH)).size).toBeLessThan(1100);
  });

  it('keeps in memory what a full disk refuses, and writes it once, later', async () => {
    const segment = await open();
    poll(segment, 1, { a: 1 });
    await segment.flush();
    poll(segment, 2, { a: 2 });
    disk.full = true;
    await expect(segment.flush()).rejects.toMatchObject({ code: 'ERR_DISK_FAILED' });
    poll(segment, 3, { b: 3 });
    expect(await rowsOf(segment)).toEqual(['1 a=1', '2 a=2', '3 b=3']);
    disk.full = false;
    await segment.unload();
    expect(await rowsOf(await open())).toEqual(['1 a=1', '2 a=2', '3 b=3']);
    expect(log.messages).toEqual([]);
  });

  it('writes anew what a disk did not confirm', async () => {
    const segment = await open();
    poll(segment, 1, { a: 1 });
    disk.failsToSync = true;
    await expect(segment.flush()).rejects.toMatchObject({ code: 'ERR_DISK_FAILED' });
    await expect(segment.flush()).rejects.toMatchObject({ code: 'ERR_DISK_FAILED' });
    disk.failsToSync = false;
    poll(segment, 2, { a: 2 });
    await segment.unload();
    expect(await rowsOf(await open())).toEqual(['1 a=1', '2 a=2']);
  });

  it('cuts a torn tail off, keeps it beside, says so, and goes on', async () => {
    const segment = await open();
    poll(segment, 1, { a: 1 });
    await segment.flush();
    poll(segment, 2, { a: 2 });
    await segment.unload();
    const file = await disk.open(PATH);
    await file.truncate(file.size - 3);
    const { size } = file;
    const again = await open();
    expect(await rowsOf(again)).toEqual(['1 a=1']);
    expect(log.messages).toEqual(['torn tail cut from segment']);
    const torn = await disk.read(`${PATH}.torn`);
    expect((await disk.open(PATH)).size + (torn?.byteLength ?? 0)).toBe(size);
    poll(again, 3, { a: 3 });
    await again.unload();
    expect(await rowsOf(await open())).toEqual(['1 a=1', '3 a=3']);
  });

  it('leaves out what can no longer be read, and says so', async () => {
    const segment = await open();
    poll(segment, 1, { a: 1 });
    await segment.flush();
    const bytes = (await disk.read(PATH))!;
    bytes[bytes.byteLength - 1]! ^= 1;
    await disk.replace(PATH, bytes);
    poll(segment, 2, { a: 2 });
    expect(await rowsOf(segment)).toEqual(['2 a=2']);
    expect(log.messages).toEqual(['segment not readable']);
  });

  it('does not take the segment of another day, kind or version for its own', async () => {
    for (const head of [
      { ...HEAD, day: 20_001 },
      { ...HEAD, what: 'scores', width: 3 },
    ] as const) {
      const other = new Segment({ disk, log }, PATH, { head, limits: METRIC_STORE_LIMITS });
      await other.load();
      other.write({ names: ['a'], ms: [1], values: [1, 1, 1].slice(0, head.width) });
      await other.unload();
      await expect(open()).rejects.toMatchObject({ code: 'ERR_DATA_CORRUPT' });
      await disk.remove(PATH);
    }
  });

  it('is gone once removed', async () => {
    const segment = await open();
    poll(segment, 1, { a: 1 });
    await segment.flush();
    poll(segment, 2, { a: 2 });
    await segment.remove();
    expect(segment.isEmpty).toBe(true);
    expect(await disk.list('metrics')).toEqual([]);
  });
});
