import { mkdir, open, readFile, readdir, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fail } from '../errors.js';
import { hasCode, isNotFound } from './codes.js';
import { lockFile } from './lock.js';
import type { Disk, DiskFile, Part, Shown } from './port.js';

/** A directory of the machine's file system. */
export class NodeDisk implements Disk {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  read(path: string, part?: Part): Promise<Uint8Array | undefined> {
    return this.#attempt('read', path, async (full) => {
      try {
        return part === undefined ? await readFile(full) : await readPart(full, part);
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    });
  }

  open(path: string): Promise<DiskFile> {
    return this.#attempt('open', path, async (full) => {
      await makeFolder(dirname(full));
      const handle = await open(full, 'a');
      try {
        const { size } = await handle.stat();
        // A new file is not there after a power cut unless its folder was synced too.
        if (size === 0) await syncFolder(dirname(full));
        return new NodeDiskFile(handle, path, size);
      } catch (error) {
        await handle.close();
        throw error;
      }
    });
  }

  replace(path: string, bytes: Uint8Array): Promise<void> {
    return this.#attempt('replace', path, async (full) => {
      const handle = await openTemporary(full);
      try {
        await handle.writeFile(bytes);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporaryOf(full), full);
      await syncFolder(dirname(full));
    });
  }

  async show(path: string, bytes: Uint8Array): Promise<Shown> {
    const handle = await this.#attempt('replace', path, async (full) => {
      const opened = await openTemporary(full);
      try {
        await opened.writeFile(bytes);
        await rename(temporaryOf(full), full);
        return opened;
      } catch (error) {
        await opened.close();
        throw error;
      }
    });
    const lasting = this.#attempt('sync', path, async (full) => {
      const synced = handle.sync().finally(() => handle.close());
      // At the same time: a disk may do both in one.
      await Promise.all([synced, syncFolder(dirname(full))]);
    });
    lasting.catch(() => undefined);
    return { lasting };
  }

  list(folder: string): Promise<string[]> {
    return this.#attempt('list', folder, async (full) => {
      try {
        const entries = await readdir(full, { withFileTypes: true });
        return entries.flatMap((entry) => (entry.isFile() ? [entry.name] : [])).sort();
      } catch (error) {
        if (isNotFound(error)) return [];
        throw error;
      }
    });
  }

  remove(path: string): Promise<void> {
    return this.#attempt('remove', path, (full) => rm(full, { force: true }));
  }

  lock(path: string): Promise<() => Promise<void>> {
    return this.#attempt('lock', path, async (full) => {
      const release = await lockFile(full);
      return () => this.#attempt('unlock', path, release);
    });
  }

  async #attempt<T>(verb: string, path: string, work: (full: string) => Promise<T>): Promise<T> {
    try {
      return await work(join(this.#root, path));
    } catch (error) {
      return failedDisk(verb, path, error);
    }
  }
}

class NodeDiskFile implements DiskFile {
  readonly #handle: FileHandle;
  readonly #path: string;
  #size: number;

  constructor(handle: FileHandle, path: string, size: number) {
    this.#handle = handle;
    this.#path = path;
    this.#size = size;
  }

  get size(): number {
    return this.#size;
  }

  append(bytes: Uint8Array): Promise<void> {
    return this.#attempt('append to', async () => {
      await this.#handle.appendFile(bytes);
      this.#size += bytes.byteLength;
    });
  }

  sync(): Promise<void> {
    return this.#attempt('sync', () => this.#handle.datasync());
  }

  truncate(size: number): Promise<void> {
    return this.#attempt('truncate', async () => {
      await this.#handle.truncate(size);
      this.#size = size;
    });
  }

  close(): Promise<void> {
    return this.#attempt('close', () => this.#handle.close());
  }

  async #attempt<T>(verb: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      return failedDisk(verb, this.#path, error);
    }
  }
}

function failedDisk(verb: string, path: string, error: unknown): never {
  if (error instanceof Error && 'facts' in error) throw error;
  const why = hasCode(error) ? error.code : 'unknown';
  return fail('ERR_DISK_FAILED', { verb, path, why }, { cause: error });
}

/** What is not whole yet, in the same folder. */
function temporaryOf(full: string): string {
  return `${full}.new`;
}

/** With the folders above it. */
async function openTemporary(full: string): Promise<FileHandle> {
  try {
    return await open(temporaryOf(full), 'w');
  } catch (error) {
    if (!isNotFound(error)) throw error;
    await makeFolder(dirname(full));
    return open(temporaryOf(full), 'w');
  }
}

async function readPart(full: string, { from, to }: Part): Promise<Uint8Array> {
  const handle = await open(full, 'r');
  try {
    const { size } = await handle.stat();
    const bytes = new Uint8Array(Math.max(0, Math.min(to, size) - from));
    let filled = 0;
    while (filled < bytes.byteLength) {
      const { bytesRead } = await handle.read(bytes, { offset: filled, position: from + filled });
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  } finally {
    await handle.close();
  }
}

async function makeFolder(folder: string): Promise<void> {
  const topmost = await mkdir(folder, { recursive: true });
  if (topmost === undefined) return;
  for (let made = folder; made.length >= topmost.length; made = dirname(made)) {
    await syncFolder(dirname(made));
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
