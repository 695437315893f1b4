/**
 * Files as the embedded engines need them. Paths are relative to the disk's own directory, with `/`.
 * Operational failures (full, gone, read-only) throw ERR_DISK_FAILED.
 */
export interface Disk {
  /** The whole file, or what it has of a part; undefined if there is none. */
  read(path: string, part?: Part): Promise<Uint8Array | undefined>;
  /** Opens for appending, made if absent, with the folders above it. */
  open(path: string): Promise<DiskFile>;
  /** Whole new content, or the old one: never a mixture, not even after a power cut. */
  replace(path: string, bytes: Uint8Array): Promise<void>;
  /**
   * The same at once for whoever reads it from now on, with what outlives a power cut to follow: until then one may leave anything of
   * it. One at a time of a file.
   */
  show(path: string, bytes: Uint8Array): Promise<Shown>;
  /** Names of the files directly in a folder, sorted; empty if there is no such folder. */
  list(folder: string): Promise<string[]>;
  /** No error if there is none. */
  remove(path: string): Promise<void>;
  /** @throws ERR_DATA_LOCKED if another living process holds it; a dead one's lock is taken over. */
  lock(path: string): Promise<() => Promise<void>>;
}

/** New content that others see. */
export interface Shown {
  /** Resolves once a power cut leaves it as well. It may fail without anybody who listens. */
  readonly lasting: Promise<void>;
}

/** Bytes of a file: `from` up to, not including, `to`. */
export interface Part {
  readonly from: number;
  readonly to: number;
}

/** One appender at a time; calls are carried out in their order. */
export interface DiskFile {
  readonly size: number;
  /** On failure the file may hold a part of the bytes: truncate to the size before. */
  append(bytes: Uint8Array): Promise<void>;
  /** All that was appended survives a power cut once this resolves. */
  sync(): Promise<void>;
  truncate(size: number): Promise<void>;
  close(): Promise<void>;
}
