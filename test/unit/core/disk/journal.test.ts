import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Frames, framed, recordsOf } from '../../../../core/disk/frames.js';
import { Journal } from '../../../../core/disk/journal.js';
import { MemoryDisk } from '../../../../core/disk/memory.js';
import { damaged } from '../../../support/damage.js';
import { fuzzRuns } from '../../../support/fuzz.js';

const PATH = 'log';

function texts(records: readonly Uint8Array[]): string[] {
  return records.map((record) => Buffer.from(record).toString());
}

async function journalOf(disk: MemoryDisk, ...records: string[]): Promise<Journal> {
  const { journal } = await Journal.open(disk, PATH);
  await Promise.all(records.map((record) => journal.append(Buffer.from(record))));
  return journal;
}

async function reopened(disk: MemoryDisk): Promise<string[]> {
  const { journal, records } = await Journal.open(disk, PATH);
  await journal.close();
  return texts(records);
}

describe('Journal', () => {
  it('has its records in order, those of one turn under one sync', async () => {
    const disk = new MemoryDisk();
    const journal = await journalOf(disk, 'a', 'b', 'c');
    await journal.append(Buffer.from('d'));
    await journal.close();
    expect(await reopened(disk)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('answers an append only once it is synced, and in order', async () => {
    const disk = new MemoryDisk();
    const { journal } = await Journal.open(disk, PATH);
    const answered: string[] = [];
    for (const record of ['a', 'b']) {
      journal.push(Buffer.from(record), (error) => answered.push(`${record} ${String(error)}`));
    }
    expect(answered).toEqual([]);
    await journal.settled();
    expect(answered).toEqual(['a undefined', 'b undefined']);
  });

  it('takes back what a full disk took a part of, and goes on', async () => {
    const disk = new MemoryDisk();
    const journal = await journalOf(disk, 'a');
    disk.full = true;
    const refused = ['b', 'c'].map((record) => journal.append(Buffer.from(record)));
    for (const append of refused) {
      await expect(append).rejects.toMatchObject({ code: 'ERR_DISK_FAILED' });
    }
    disk.full = false;
    await journal.append(Buffer.from('d'));
    await journal.close();
    expect(await reopened(disk)).toEqual(['a', 'd']);
  });

  it('takes nothing more once a sync failed, until it is opened again', async () => {
    const disk = new MemoryDisk();
    const journal = await journalOf(disk, 'a');
    disk.failsToSync = true;
    await expect(journal.append(Buffer.from('b'))).rejects.toMatchObject({
      code: 'ERR_DISK_UNSYNCED',
    });
    disk.failsToSync = false;
    await expect(journal.append(Buffer.from('c'))).rejects.toMatchObject({
      code: 'ERR_DISK_FAILED',
    });
    await journal.close();
    expect(await reopened(disk)).toEqual(['a', 'b']);
  });

  it('cuts a torn tail off, zeros too, and keeps it beside', async () => {
    for (const torn of [new Uint8Array(100), framed([Buffer.from('elsewhere')], 7)]) {
      const disk = new MemoryDisk();
      await (await journalOf(disk, 'a')).close();
      const file = await disk.open(PATH);
      await file.append(torn);
      const { journal, records, tornBytes } = await Journal.open(disk, PATH);
      expect(texts(records)).toEqual(['a']);
      expect(tornBytes).toBe(torn.byteLength);
      expect(Buffer.compare((await disk.read(`${PATH}.torn`))!, torn)).toBe(0);
      await journal.append(Buffer.from('b'));
      await journal.close();
      expect(await reopened(disk)).toEqual(['a', 'b']);
    }
  });

  it('reads the first of its records, whatever becomes of its bytes, and says what it cut', async () => {
    const written = ['first', 'second', 'third', 'x'.repeat(40)];
    const bytes = framed(written.map((text) => Buffer.from(text)));
    await fc.assert(
      fc.asyncProperty(damaged(bytes), async (damage) => {
        const disk = new MemoryDisk();
        await disk.replace(PATH, damage);
        const { journal, records, tornBytes } = await Journal.open(disk, PATH);
        const read = texts(records);
        expect(read).toEqual(written.slice(0, read.length));
        expect(journal.sizeBytes + tornBytes).toBe(damage.byteLength);
        await journal.append(Buffer.from('next'));
        expect(await reopened(disk)).toEqual([...read, 'next']);
      }),
      fuzzRuns(10_000),
    );
  });
});

describe('frames', () => {
  it('count only where they were written', () => {
    const bytes = framed([Buffer.from('a'), Buffer.from('b')], 100);
    const moved = Buffer.concat([bytes.subarray(9), bytes.subarray(0, 9)]);
    expect(new Frames(bytes, 100).endOf(0)).toBe(9);
    expect(new Frames(bytes, 100).endOf(9)).toBe(18);
    expect(new Frames(bytes, 101).endOf(0)).toBeUndefined();
    expect(new Frames(moved, 100).endOf(0)).toBeUndefined();
  });

  it('of any bytes end, and hold what they say', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const { records, end } = recordsOf(bytes);
        expect(Buffer.compare(framed(records), bytes.subarray(0, end))).toBe(0);
      }),
      fuzzRuns(10_000),
    );
  });
});
