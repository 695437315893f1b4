import { fail } from '../errors.js';
import type { Rng } from '../rng.js';
import { integerBelow } from '../rng.js';
import type { Disk, DiskFile } from './port.js';

interface Content {
  bytes: Uint8Array;
  /** How much of it has been synced: what a power cut leaves at least. */
  synced: number;
}

/** A disk in memory that can lose its power, fill up and fail: the twin for tests and the simulation. */
export class MemoryDisk implements Disk {
  readonly #files = new Map<string, Content>();
  readonly #locks = new Set<string>();
  /** Set to make every write fail, as a full disk would. */
  full = false;

  read(path: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#files.get(path)?.bytes.slice());
  }

  open(path: string): Promise<DiskFile> {
    let content = this.#files.get(path);
    if (content === undefined) {
      content = { bytes: new Uint8Array(0), synced: 0 };
      this.#files.set(path, content);
    }
    return Promise.resolve(new MemoryDiskFile(this, path, content));
  }

  replace(path: string, bytes: Uint8Array): Promise<void> {
    return this.write('replace', path, () => {
      this.#files.set(path, { bytes: bytes.slice(), synced: bytes.byteLength });
    });
  }

  list(folder: string): Promise<string[]> {
    const prefix = folder === '' ? '' : `${folder}/`;
    const names = [...this.#files.keys()].flatMap((path) => {
      const name = path.startsWith(prefix) ? path.slice(prefix.length) : '';
      return name !== '' && !name.includes('/') ? [name] : [];
    });
    return Promise.resolve(names.sort());
  }

  remove(path: string): Promise<void> {
    this.#files.delete(path);
    return Promise.resolve();
  }

  lock(path: string): Promise<() => Promise<void>> {
    if (this.#locks.has(path)) {
      return Promise.reject(rejection(() => fail('ERR_DATA_LOCKED', { path, process: 'twin' })));
    }
    this.#locks.add(path);
    return Promise.resolve(() => {
      this.#locks.delete(path);
      return Promise.resolve();
    });
  }

  /** The power fails: each file keeps what was synced and a random part of the rest; locks are gone. */
  crash(rng: Rng): void {
    this.#locks.clear();
    for (const content of this.#files.values()) {
      const kept =
        content.synced + integerBelow(rng, content.bytes.byteLength - content.synced + 1);
      content.bytes = content.bytes.slice(0, kept);
    }
  }

  async write(verb: string, path: string, work: () => void): Promise<void> {
    await Promise.resolve();
    if (this.full) fail('ERR_DISK_FAILED', { verb, path, why: 'ENOSPC' });
    work();
  }
}

class MemoryDiskFile implements DiskFile {
  readonly #disk: MemoryDisk;
  readonly #path: string;
  readonly #content: Content;

  constructor(disk: MemoryDisk, path: string, content: Content) {
    this.#disk = disk;
    this.#path = path;
    this.#content = content;
  }

  get size(): number {
    return this.#content.bytes.byteLength;
  }

  append(bytes: Uint8Array): Promise<void> {
    return this.#disk.write('append to', this.#path, () => {
      const joined = new Uint8Array(this.size + bytes.byteLength);
      joined.set(this.#content.bytes);
      joined.set(bytes, this.size);
      this.#content.bytes = joined;
    });
  }

  sync(): Promise<void> {
    return this.#disk.write('sync', this.#path, () => {
      this.#content.synced = this.size;
    });
  }

  truncate(size: number): Promise<void> {
    this.#content.bytes = this.#content.bytes.slice(0, size);
    this.#content.synced = Math.min(this.#content.synced, size);
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function rejection(run: () => never): Error {
  try {
    return run();
  } catch (error) {
    return error as Error;
  }
}
