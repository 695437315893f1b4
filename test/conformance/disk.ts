import { afterEach, beforeEach, describe, expect } from '@jest/globals';
import type { Disk } from '../../core/disk/port.js';
import type { LeftOut } from '../support/conformance.js';
import { suiteTest } from '../support/conformance.js';

export interface DiskWorld {
  /** Empty. */
  readonly disk: Disk;
  readonly dispose?: () => Promise<void>;
}

/** What every disk must do; each engine's test calls this. */
export function describeDisk(
  name: string,
  make: () => Promise<DiskWorld>,
  leftOut: readonly LeftOut[] = [],
): void {
  describe(name, () => {
    const it = suiteTest(leftOut);
    let world: DiskWorld;
    let disk: Disk;

    beforeEach(async () => {
      world = await make();
      ({ disk } = world);
    });

    afterEach(async () => {
      await world.dispose?.();
    });

    async function text(
      path: string,
      part?: { from: number; to: number },
    ): Promise<string | undefined> {
      const bytes = await disk.read(path, part);
      return bytes === undefined ? undefined : Buffer.from(bytes).toString();
    }

    async function append(path: string, ...texts: string[]): Promise<void> {
      const file = await disk.open(path);
      for (const one of texts) await file.append(Buffer.from(one));
      await file.sync();
      await file.close();
    }

    it('has nothing at first', async () => {
      expect(await disk.read('a/b')).toBeUndefined();
      expect(await disk.read('a/b', { from: 0, to: 1 })).toBeUndefined();
      expect(await disk.list('a')).toEqual([]);
      expect(await disk.list('')).toEqual([]);
      await disk.remove('a/b');
    });

    it('makes a file when it is opened, with the folders above it', async () => {
      const file = await disk.open('a/b/c');
      expect(file.size).toBe(0);
      await file.close();
      expect(await text('a/b/c')).toBe('');
      expect(await disk.list('a/b')).toEqual(['c']);
    });

    it('appends, in order, and goes on where the file ended', async () => {
      await append('log', 'one ', 'two ');
      const file = await disk.open('log');
      expect(file.size).toBe(8);
      await file.append(Buffer.from('three'));
      expect(file.size).toBe(13);
      await file.close();
      expect(await text('log')).toBe('one two three');
    });

    it('shows what is appended before it is synced', async () => {
      const file = await disk.open('log');
      await file.append(Buffer.from('seen'));
      expect(await text('log')).toBe('seen');
      await file.close();
    });

    it('truncates, and appends behind the cut', async () => {
      const file = await disk.open('log');
      await file.append(Buffer.from('one two'));
      await file.truncate(3);
      expect(file.size).toBe(3);
      await file.append(Buffer.from('!'));
      await file.sync();
      expect(await text('log')).toBe('one!');
      await file.close();
    });

    it('reads a part of a file, or what it has of it', async () => {
      await append('log', '0123456789');
      expect(await text('log', { from: 2, to: 5 })).toBe('234');
      expect(await text('log', { from: 0, to: 100 })).toBe('0123456789');
      expect(await text('log', { from: 8, to: 100 })).toBe('89');
      expect(await text('log', { from: 10, to: 20 })).toBe('');
      expect(await text('log', { from: 50, to: 60 })).toBe('');
    });

    it('replaces a file as a whole, also one that is longer or absent', async () => {
      await disk.replace('a/b', Buffer.from('first, and long'));
      await disk.replace('a/b', Buffer.from('second'));
      expect(await text('a/b')).toBe('second');
      expect(await disk.list('a')).toEqual(['b']);
    });

    it('shows a new file as a whole at once, and keeps it', async () => {
      await disk.replace('a/b', Buffer.from('first, and long'));
      const { lasting } = await disk.show('a/b', Buffer.from('second'));
      expect(await text('a/b')).toBe('second');
      await lasting;
      expect(await text('a/b')).toBe('second');
      expect(await disk.list('a')).toEqual(['b']);
      await disk.show('new/folder', Buffer.from('third'));
      expect(await text('new/folder')).toBe('third');
    });

    it('hands out bytes of the reader, and takes bytes of the writer', async () => {
      const bytes = Buffer.from('mine');
      await disk.replace('a', bytes);
      const file = await disk.open('b');
      await file.append(bytes);
      await file.close();
      bytes.fill(0);
      (await disk.read('a'))?.fill(0);
      expect([await text('a'), await text('b')]).toEqual(['mine', 'mine']);
    });

    it('lists the files of one folder, sorted, without the folders in it', async () => {
      for (const path of ['z/b', 'z/a', 'z/inner/c', 'other']) await append(path, 'x');
      expect(await disk.list('z')).toEqual(['a', 'b']);
      expect(await disk.list('')).toEqual(['other']);
      expect(await disk.list('z/inner')).toEqual(['c']);
    });

    it('removes a file for good', async () => {
      await append('a/b', 'x');
      await append('a/c', 'y');
      await disk.remove('a/b');
      expect(await disk.list('a')).toEqual(['c']);
      expect(await disk.read('a/b')).toBeUndefined();
      await append('a/b', 'new');
      expect(await text('a/b')).toBe('new');
    });

    it('gives a lock to one at a time, and to the next after its release', async () => {
      const release = await disk.lock('a/lock');
      await expect(disk.lock('a/lock')).rejects.toMatchObject({ code: 'ERR_DATA_LOCKED' });
      const other = await disk.lock('b/lock');
      await release();
      const again = await disk.lock('a/lock');
      await again();
      await other();
    });

    it('keeps many bytes as they are', async () => {
      const bytes = Uint8Array.from({ length: 3 << 20 }, (_, at) => (at * 7919) >> 3);
      const file = await disk.open('large');
      await file.append(bytes);
      await file.sync();
      await file.close();
      const read = (await disk.read('large')) ?? new Uint8Array(0);
      expect(Buffer.compare(read, bytes)).toBe(0);
      const part = await disk.read('large', { from: 1 << 20, to: 2 << 20 });
      expect(Buffer.compare(part ?? new Uint8Array(0), bytes.subarray(1 << 20, 2 << 20))).toBe(0);
    });
  });
}
