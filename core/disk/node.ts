import { mkdir, open, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fail } from '../errors.js';
import type { Disk, DiskFile } from './port.js';

/** A directory of the machine's file system. */
export class NodeDisk implements Disk {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  read(path: string): Promise<Uint8Array | undefined> {
    return this.#attempt('read', path, async (full) => {
      try {
        return await readFile(full);
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    });
  }

  open(path: string): Promise<DiskFile> {
    return this.#attempt('open', path, async (full) => {
      await mkdir(dirname(full), { recursive: true });
      const handle = await open(full, 'a');
      const { size } = await handle.stat();
      return new NodeDiskFile(handle, path, size);
    });
  }

  replace(path: string, bytes: Uint8Array): Promise<void> {
    return this.#attempt('replace', path, async (full) => {
      await mkdir(dirname(full), { recursive: true });
      const temporary = `${full}.new`;
      const handle = await open(temporary, 'w');
      try {
        await handle.writeFile(bytes);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, full);
      await syncFolder(dirname(full));
    });
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
      await mkdir(dirname(full), { recursive: true });
      const mine = `${process.pid} ${await startOf(process.pid)}\n`;
      for (let attempt = 0; attempt < 10; attempt++) {
        try {
          await writeFile(full, mine, { flag: 'wx' });
          return () => rm(full, { force: true });
        } catch (error) {
          if (!hasCode(error, 'EEXIST')) throw error;
        }
        const holder = await readFile(full, 'utf8').catch(() => '');
        if (await isAlive(holder)) {
          return fail('ERR_DATA_LOCKED', { path: full, process: holder.split(' ')[0] ?? '?' });
        }
        // Two processes may find the lock stale; only one of them moves it away, the other tries again.
        const stale = `${full}.stale-${process.pid}`;
        await rename(full, stale).catch((error: unknown) => {
          if (!isNotFound(error)) throw error;
        });
        await rm(stale, { force: true });
      }
      return fail('ERR_DATA_LOCKED', { path: full, process: '?' });
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

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The holder is alive if a process of its number started when it did: numbers are used again. */
async function isAlive(holder: string): Promise<boolean> {
  const [number, started] = holder.trim().split(' ');
  const processId = Number(number);
  if (!Number.isInteger(processId) || processId <= 0) return false;
  try {
    process.kill(processId, 0);
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
  return (await startOf(processId)) === started;
}

/** Start time in clock ticks since boot, field 22 of /proc/PID/stat; `?` where there is no /proc. */
async function startOf(processId: number): Promise<string> {
  const text = await readFile(`/proc/${processId}/stat`, 'latin1').catch(() => '');
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '?';
}

function hasCode(error: unknown, code?: string): error is Error & { code: string } {
  const own = (error as { code?: unknown } | null)?.code;
  return typeof own === 'string' && (code === undefined || own === code);
}

function isNotFound(error: unknown): boolean {
  return hasCode(error, 'ENOENT');
}
