import { fail } from '../errors.js';
import type { Rng } from '../rng.js';
import { integerBelow } from '../rng.js';
import type { Disk, DiskFile, Part, Shown } from './port.js';

/** A disk in memory that can lose its power, fill up and fail: the twin for tests and the simulation. */
export class MemoryDisk implements Disk {
  readonly #files: Map<string, Content>;
  readonly #locks = new Set<string>();
  #isOff = false;
  /** Set to make every write fail, as a full disk would. */
  full = false;
  /** Set to make every sync fail: the bytes are there, but may not outlive a power cut. */
  failsToSync = false;

  constructor(files = new Map<string, Content>()) {
    this.#files = files;
  }

  read(path: string, part?: Part): Promise<Uint8Array | undefined> {
    return this.attempt('read', path, () =>
      this.#files.get(path)?.bytes.slice(part?.from ?? 0, part?.to),
    );
  }

  open(path: string): Promise<DiskFile> {
    return this.attempt('open', path, () => {
      let content = this.#files.get(path);
      if (content === undefined) {
        content = new Content();
        this.#files.set(path, content);
      }
      return new MemoryDiskFile(this, path, content);
    });
  }

  replace(path: string, bytes: Uint8Array): Promise<void> {
    return this.attempt('replace', path, () => {
      if (this.full) failFull('replace', path);
      const content = new Content(bytes);
      content.syncedBytes = content.size;
      this.#files.set(path, content);
    });
  }

  async show(path: string, bytes: Uint8Array): Promise<Shown> {
    const content = new Content(bytes);
    await this.attempt('replace', path, () => {
      if (this.full) failFull('replace', path);
      this.#files.set(path, content);
    });
    const lasting = this.attempt('sync', path, () => {
      if (this.failsToSync) failUnsynced(path);
      content.syncedBytes = content.size;
    });
    lasting.catch(() => undefined);
    return { lasting };
  }

  list(folder: string): Promise<string[]> {
    const prefix = folder === '' ? '' : `${folder}/`;
    return this.attempt('list', folder, () =>
      [...this.#files.keys()]
        .flatMap((path) => {
          const name = path.startsWith(prefix) ? path.slice(prefix.length) : '';
          return name !== '' && !name.includes('/') ? [name] : [];
        })
        .sort(),
    );
  }

  remove(path: string): Promise<void> {
    return this.attempt('remove', path, () => {
      this.#files.delete(path);
    });
  }

  lock(path: string): Promise<() => Promise<void>> {
    return this.attempt('lock', path, () => {
      if (this.#locks.has(path)) fail('ERR_DATA_LOCKED', { path, process: 'twin' });
      this.#locks.add(path);
      return () => {
        this.#locks.delete(path);
        return Promise.resolve();
      };
    });
  }

  /**
   * The power fails: every call to this disk fails from now on, so that whoever used it does no more
   * harm. What is returned holds, of each file, what was synced and a random part of the rest.
   */
  crash(rng: Rng): MemoryDisk {
    this.#isOff = true;
    const survivors = new Map<string, Content>();
    for (const [path, { bytes, size, syncedBytes }] of this.#files) {
      const kept = syncedBytes + integerBelow(rng, size - syncedBytes + 1);
      const content = new Content(bytes.subarray(0, kept));
      content.syncedBytes = kept;
      survivors.set(path, content);
    }
    return new MemoryDisk(survivors);
  }

  async attempt<T>(verb: string, path: string, work: () => T): Promise<T> {
    await Promise.resolve();
    if (this.#isOff) fail('ERR_DISK_FAILED', { verb, path, why: 'off' });
    return work();
  }
}

/** A file's bytes in a buffer that grows by doubling. */
class Content {
  #buffer: Uint8Array;
  #size: number;
  /** How much of it has been synced: what a power cut leaves at least. */
  syncedBytes = 0;

  constructor(bytes: Uint8Array = new Uint8Array(0)) {
    // A copy: the slice of a Buffer would be a view.
    this.#buffer = new Uint8Array(bytes);
    this.#size = bytes.byteLength;
  }

  get size(): number {
    return this.#size;
  }

  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#size);
  }

  append(bytes: Uint8Array): void {
    const size = this.#size + bytes.byteLength;
    if (size > this.#buffer.byteLength) {
      const grown = new Uint8Array(Math.max(size, 2 * this.#buffer.byteLength));
      grown.set(this.bytes);
      this.#buffer = grown;
    }
    this.#buffer.set(bytes, this.#size);
    this.#size = size;
  }

  truncate(size: number): void {
    this.#size = Math.min(size, this.#size);
    this.syncedBytes = Math.min(this.syncedBytes, this.#size);
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
    return this.#content.size;
  }

  append(bytes: Uint8Array): Promise<void> {
    return this.#disk.attempt('append to', this.#path, () => {
      // A disk that fills up takes what still fits.
      const taken = this.#disk.full ? bytes.subarray(0, bytes.byteLength >> 1) : bytes;
      this.#content.append(taken);
      if (this.#disk.full) failFull('append to', this.#path);
    });
  }

  sync(): Promise<void> {
    return this.#disk.attempt('sync', this.#path, () => {
      if (this.#disk.failsToSync) failUnsynced(this.#path);
      this.#content.syncedBytes = this.#content.size;
    });
  }

  truncate(size: number): Promise<void> {
    return this.#disk.attempt('truncate', this.#path, () => {
      this.#content.truncate(size);
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

function failFull(verb: string, path: string): never {
  return fail('ERR_DISK_FAILED', { verb, path, why: 'ENOSPC' });
}

function failUnsynced(path: string): never {
  return fail('ERR_DISK_FAILED', { verb: 'sync', path, why: 'EIO' });
}
